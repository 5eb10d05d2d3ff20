//! The web view's own process: where it ends, the page is loaded anew, and the program goes on.

use tauri::WebviewWindow;

/// Has the page of this window loaded anew each time its process ends.
///
/// # Errors
/// There is no web view.
#[cfg(target_os = "linux")]
pub(crate) fn outlive(window: &WebviewWindow) -> tauri::Result<()> {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use tauri::Manager as _;
    use webkit2gtk::WebViewExt as _;

    use crate::calls::Program;

    /// A page whose process ends sooner than this after it was loaded anew would end again.
    const LEAST_LIFE: Duration = Duration::from_secs(2);

    let app = window.app_handle().clone();
    window.with_webview(move |view| {
        let last = Cell::new(None::<Instant>);
        view.inner().connect_web_process_terminated(move |view, reason| {
            tracing::error!(?reason, "the page's process ended");
            app.state::<Program>().page_ended();
            let is_hopeless = last.get().is_some_and(|last| last.elapsed() < LEAST_LIFE);
            last.set(Some(Instant::now()));
            if !is_hopeless {
                view.reload();
            }
        });
    })
}

/// Elsewhere the system's web view does so itself.
#[cfg(not(target_os = "linux"))]
pub(crate) fn outlive(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
