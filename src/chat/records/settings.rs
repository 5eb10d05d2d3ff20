//! What the user chose for the window.

use serde::{Deserialize, Serialize};

use crate::visual::preset::PresetName;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Size of the window's words, beside what the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    /// Seven eighths.
    Small,
    /// As drawn.
    #[default]
    Normal,
    /// Nine eighths.
    Large,
    /// Ten eighths.
    Larger,
}

/// Everything that is kept between runs. What was never chosen has the value of [`Settings::default`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Size of the words.
    pub text_size: TextSize,
    /// The preset of a newly opened video.
    pub preset: PresetName,
    /// Off: every question is asked as if it were the first.
    pub remembers_turns: bool,
    /// Encoding starts when a video is opened.
    pub prepares_on_open: bool,
    /// The note about the embedded model was put away.
    pub knows_embedded: bool,
    /// Width of the chat, pixels of the page.
    pub chat_width_px: f64,
    /// Whether the panel of what the model sees is open.
    pub shows_sees: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            text_size: TextSize::default(),
            preset: PresetName::default(),
            remembers_turns: true,
            prepares_on_open: true,
            knows_embedded: false,
            chat_width_px: 380.0,
            shows_sees: false,
        }
    }
}

/// Some of the settings by their names. Names and values are checked where they are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "Partial<Settings>"))]
#[serde(transparent)]
pub struct SettingsChanges(pub serde_json::Map<String, serde_json::Value>);
