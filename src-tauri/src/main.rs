//! The window of Videre: wiring, and nothing else. What it can do is in the library's `desktop`.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod calls;
mod display;
mod files;
mod menus;
mod scrubbing;
mod second_start;
mod shell;
mod web_process;
mod workers;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tauri::window::Color;
use tauri::{AppHandle, DragDropEvent, Manager, Url, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_plugin_window_state::StateFlags;
use videre::api::window::{ApiError, AppEvent, Theme};
use videre::chat::{Store, usual_file};
use videre::desktop::{Desktop, Seam, unknown};
use videre::fault::Origin;
use videre::logs;

use calls::Program;
use files::Arguments;
use scrubbing::Scrubbing;
use shell::WindowShell;

fn main() -> ExitCode {
    if let Err(error) = display::prepare() {
        eprintln!("videre-window: {error}");
        return ExitCode::FAILURE;
    }
    let context = tauri::generate_context!();
    if second_start::is_handed_over(&context.config().identifier) {
        return ExitCode::SUCCESS;
    }
    keep_log();
    let app = tauri::Builder::default()
        // First of all plugins: a second start that came too early to be handed over ends here.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
            if let Some(window) = app.get_webview_window("main") {
                drop(window.unminimize());
                drop(window.set_focus());
            }
            let arguments = arguments.into_iter().skip(1).map(Into::into);
            files::open(app, files::named(arguments, Path::new(&folder)));
        }))
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_window_state::Builder::default()
                // Whether it is shown is for the page to say, by `ready`.
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .build(),
        )
        .setup(|app| {
            match desktop() {
                Ok(desktop) => open_window(app.handle(), desktop)?,
                Err(problem) => refuse(app.handle(), &problem),
            }
            Ok(())
        })
        .on_menu_event(|app, event| {
            if let Some(command) = menus::chosen(event.id().as_ref()) {
                app.state::<Program>().send(AppEvent::Command {
                    command: command.to_owned(),
                });
            }
        })
        .on_window_event(dropped)
        .invoke_handler(calls::handle);
    match app.run(context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("videre-window: the window could not be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything works without log files; why there are none is said where the log would be.
fn keep_log() {
    if let Err(error) = logs::usual_folder().and_then(|folder| logs::start(&folder, "window")) {
        eprintln!("videre-window: no log files: {error}");
    }
}

/// What the window is a window of.
fn desktop() -> Result<Arc<Desktop>, ApiError> {
    let store = usual_file()
        .and_then(|file| Store::open(&file))
        .map_err(|error| ApiError::of(Origin::Store, &error))?;
    workers::desktop(store).map_err(|error| unknown(error.to_string()))
}

fn open_window(app: &AppHandle, desktop: Arc<Desktop>) -> tauri::Result<()> {
    let theme = chosen_theme(&desktop);
    let shell = WindowShell {
        app: app.clone(),
        arguments: Arguments::of_this_start(),
        scrubbing: Scrubbing::told_to(Arc::clone(&desktop))?,
    };
    app.manage(Program::new(Seam::new(desktop, shell)));
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Videre")
        .inner_size(1280.0, 800.0)
        .min_inner_size(720.0, 480.0)
        .visible(false)
        .on_navigation(is_own_page)
        .build()?;
    web_process::outlive(&window)?;
    let theme = match theme {
        Theme::System => window.theme()?,
        Theme::Light => tauri::Theme::Light,
        Theme::Dark => tauri::Theme::Dark,
    };
    // The page's own ground, so that nothing flashes before it is painted.
    let ground = match theme {
        tauri::Theme::Light => LIGHT_GROUND,
        _ => DARK_GROUND,
    };
    window.set_background_color(Some(ground))
}

/// The window shows the program's page and nothing else, whatever a link or a script of it wants.
fn is_own_page(address: &Url) -> bool {
    let is_app = address.scheme() == "tauri" && address.host_str() == Some("localhost");
    // Where a scheme of one's own is no way to load a page, as on Windows.
    is_app || matches!(address.scheme(), "http" | "https") && address.host_str() == Some("tauri.localhost")
}

/// As in `ui/index.html`.
const DARK_GROUND: Color = Color(0x11, 0x10, 0x0e, 0xff);
/// As in `ui/index.html`.
const LIGHT_GROUND: Color = Color(0xf2, 0xf0, 0xed, 0xff);

fn chosen_theme(desktop: &Desktop) -> Theme {
    desktop
        .settings()
        .map(|settings| settings.theme)
        .unwrap_or_default()
}

/// Says why there is no window, and ends.
fn refuse(app: &AppHandle, problem: &ApiError) {
    let hint = problem
        .hint
        .as_ref()
        .map(|hint| format!("\n\nWhat to do: {hint}."))
        .unwrap_or_default();
    let text = format!("{}.{hint}", problem.message);
    eprintln!("videre-window: {text}");
    let ending = app.clone();
    let message = app
        .dialog()
        .message(text)
        .title("Videre")
        .kind(MessageDialogKind::Error);
    message.show(move |_| ending.exit(1));
}

/// Files come by the window's own drop handler alone; what the page is told has ids and no paths.
fn dropped(window: &Window, event: &WindowEvent) {
    let WindowEvent::DragDrop(event) = event else {
        return;
    };
    let program = window.state::<Program>();
    match event {
        DragDropEvent::Enter { paths, .. } if !paths.is_empty() => {
            program.send(AppEvent::Drag { is_over: true });
        }
        DragDropEvent::Leave => program.send(AppEvent::Drag { is_over: false }),
        DragDropEvent::Drop { paths, .. } => {
            program.send(AppEvent::Drag { is_over: false });
            files::open(window.app_handle(), paths.clone());
        }
        _ => {}
    }
}
