//! The window's menus: the page owns the words, the shell draws them.

use serde::{Deserialize, Serialize};

/// A menu of the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Menu {
    /// Its name.
    pub label: String,
    /// What is in it.
    pub items: Vec<MenuItem>,
}

/// A line of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MenuItem {
    /// A line between others.
    Separator,
    /// Something to choose.
    Command {
        /// What comes back when it is chosen.
        command: String,
        /// Its name.
        label: String,
        /// Such as `Mod+Shift+O`; Mod is Command on macOS and Control elsewhere. `null` where the page alone hears it.
        accelerator: Option<String>,
        /// Whether it can be chosen now.
        enabled: bool,
    },
}
