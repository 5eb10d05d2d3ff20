//! The system's menus, from the page's words.

use tauri::menu::{AboutMetadata, Menu as SystemMenu, MenuBuilder, MenuItemBuilder, SubmenuBuilder};
use tauri::{AppHandle, Wry};
use videre::api::window::{Menu, MenuItem};

/// Before the page's own names, so that they are told from those of the system's items.
const OF_THE_PAGE: &str = "page:";

/// Whether menus stand outside of the window here. Where they would be drawn inside it, the page's own menu button has the
/// same items, and its keys.
pub(crate) const HAS_SYSTEM_MENUS: bool = cfg!(target_os = "macos");

/// The page's menus between those that every program of the system has. Fields have their keys from the second one.
pub(crate) fn drawn(app: &AppHandle, menus: &[Menu]) -> tauri::Result<SystemMenu<Wry>> {
    let name = &app.package_info().name;
    let program = SubmenuBuilder::new(app, name)
        .about(Some(AboutMetadata::default()))
        .separator()
        .hide()
        .hide_others()
        .show_all()
        .separator()
        .quit()
        .build()?;
    let edit = SubmenuBuilder::new(app, "Edit")
        .undo()
        .redo()
        .separator()
        .cut()
        .copy()
        .paste()
        .select_all()
        .build()?;
    let mut all = MenuBuilder::new(app).item(&program).item(&edit);
    for menu in menus {
        let mut submenu = SubmenuBuilder::new(app, &menu.label);
        for item in &menu.items {
            submenu = match item {
                MenuItem::Separator => submenu.separator(),
                MenuItem::Command {
                    command,
                    label,
                    accelerator,
                    enabled,
                } => {
                    let mut item =
                        MenuItemBuilder::with_id(format!("{OF_THE_PAGE}{command}"), label).enabled(*enabled);
                    if let Some(keys) = accelerator {
                        item = item.accelerator(keys.replace("Mod", "CmdOrCtrl"));
                    }
                    submenu.item(&item.build(app)?)
                }
            };
        }
        all = all.item(&submenu.build()?);
    }
    all.build()
}

/// The page's name of what was chosen.
pub(crate) fn chosen(id: &str) -> Option<&str> {
    id.strip_prefix(OF_THE_PAGE)
}
