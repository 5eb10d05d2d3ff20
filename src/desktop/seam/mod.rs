//! The page's calls by their names, whatever carries them: `seam_calls!` lists them, and [`Seam::call`] carries one out.

mod events;
mod list;
mod running;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use image::RgbaImage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Desktop;
use super::videos::Shown;
use crate::api::window::{self, ApiError, AppEvent, PickFrom};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault, Origin};

use events::Events;
use running::Running;

/// What crosses to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON's text.
    Json(String),
    /// Bytes as they are: numbers in JSON are ten times the size.
    Raw(Vec<u8>),
}

/// What the calls need of the program around the page. All of it may block, but for what says otherwise.
pub trait Shell: Send + Sync {
    /// Video files that the user points at; none where the dialog was put away.
    ///
    /// # Errors
    /// What was chosen is no file.
    fn choose_videos(&self) -> Result<Vec<PathBuf>, ApiError>;

    /// The files of a pair, or its folder; `None` where the dialog was put away.
    ///
    /// # Errors
    /// What was chosen is no file.
    fn choose_model(&self, from: PickFrom) -> Result<Option<Vec<PathBuf>>, ApiError>;

    /// Where to save a file that is called `name` unless the user says otherwise; `None` where the dialog was put away.
    ///
    /// # Errors
    /// What was chosen is no file.
    fn choose_target(&self, name: &str) -> Result<Option<PathBuf>, ApiError>;

    /// The bundled clip.
    ///
    /// # Errors
    /// Nobody knows where the bundled files are.
    fn sample(&self) -> Result<PathBuf, ApiError>;

    /// The names, without folders, of what [`Shell::begin`] will open.
    fn names_to_open(&self) -> Vec<String>;

    /// Puts a picture onto the clipboard: `rgba` has four bytes a pixel, row by row.
    ///
    /// # Errors
    /// What the system says.
    fn copy_picture(&self, rgba: &[u8], width: u32, height: u32) -> Result<(), ApiError>;

    /// The page's first picture is painted. Returns at once.
    ///
    /// # Errors
    /// The window cannot be shown.
    fn begin(&self) -> Result<(), ApiError>;

    /// Has [`Desktop::set_scrubbing`] told, in order. Returns at once.
    fn scrub(&self, is_scrubbing: bool);

    /// The page's window, if it has one.
    fn window(&self) -> Option<&dyn Window>;
}

/// A desktop within the program around its page.
pub struct Seam<S> {
    /// What the calls are asked of.
    pub desktop: Arc<Desktop>,
    shell: S,
    calls: Arc<Calls>,
}

/// Calls on their way, and what goes to the page without having been asked for.
#[derive(Default)]
struct Calls {
    running: Running,
    events: Events,
}

impl<S: Shell> Seam<S> {
    /// The seam between a page and `desktop`, whose events go to that page.
    #[must_use]
    pub fn new(desktop: Arc<Desktop>, shell: S) -> Self {
        let calls = Arc::new(Calls::default());
        let hearing = Arc::clone(&calls);
        desktop.listen(move |event| hearing.events.send(event));
        Self {
            desktop,
            shell,
            calls,
        }
    }

    /// Tells the page, or the next one that listens.
    pub fn send(&self, event: AppEvent) {
        self.calls.events.send(event);
    }

    /// The page is gone without a word: nobody waits for what it asked for, and questions end as stopped ones.
    pub fn page_ended(&self) {
        self.calls.running.cancel_all();
    }

    /// Carries out the call `name`. It blocks, except for those that [`is_told`].
    ///
    /// `arguments` are the page's by their names, and as `call` the page's number for it, by which it cancels it. `each`
    /// gets what the call tells of while it works, and says whether there is still somebody to hear it.
    ///
    /// # Errors
    /// There is no such call, or its arguments are others; why the call is refused.
    pub fn call(
        &self,
        name: &str,
        arguments: &Value,
        each: &mut dyn FnMut(Body) -> bool,
    ) -> Result<Body, ApiError> {
        let cancel = CancelToken::new();
        let number = arguments["call"].as_u64().filter(|_| !is_told(name));
        let _running = number.map(|number| self.calls.running.begin(number, &cancel));
        dispatch(
            name,
            arguments,
            each,
            &self.desktop,
            &self.shell,
            &self.calls,
            &cancel,
        )
    }
}

/// The type of what a call comes to.
macro_rules! reply {
    () => {
        ()
    };
    ($reply:ty) => {
        $reply
    };
}

/// How a call's messages and what it came to cross, by its kind.
macro_rules! answer {
    (picture ($each:ident $cancel:ident $on:ident) [] [] $body:expr) => {
        Ok(Body::Raw(packed(&$body?)?))
    };
    (times ($each:ident $cancel:ident $on:ident) [] [] $body:expr) => {{
        let times: Vec<f64> = $body?;
        Ok(Body::Raw(times.iter().flat_map(|secs| secs.to_le_bytes()).collect()))
    }};
    (pictures ($each:ident $cancel:ident $on:ident) [] [] $body:expr) => {{
        let $on = &mut |slot: usize, shown: Shown| {
            let message = |picture: Vec<u8>| [&(slot as u32).to_le_bytes()[..], &picture].concat();
            if !packed(&shown).is_ok_and(|picture| $each(Body::Raw(message(picture)))) {
                // A page that went away needs no more pictures.
                $cancel.cancel();
            }
        };
        json(&$body?)
    }};
    (events ($each:ident $cancel:ident $on:ident) [$($reply:ty)?] [$event:ty] $body:expr) => {{
        // A page that went away hears nothing more; the work goes on for the next one.
        let $on = &mut |event: $event| drop(json(&event).map(&mut *$each));
        let reply: reply!($($reply)?) = $body?;
        json(&reply)
    }};
    (feed ($each:ident $cancel:ident $on:ident) [] [$event:ty] $body:expr) => {{
        let $on = &mut |event: $event| json(&event).is_ok_and(&mut *$each);
        json(&$body?)
    }};
    ($kind:ident ($each:ident $cancel:ident $on:ident) [$($reply:ty)?] [] $body:expr) => {{
        let reply: reply!($($reply)?) = $body?;
        json(&reply)
    }};
}

/// What carries a call out: where nothing else is said, the window. A page without one has nothing to change on it.
macro_rules! body {
    ($shell:ident $name:ident($($argument:ident),*)) => {
        $shell.window().map_or(Ok(()), |window| window.$name($($argument),*))
    };
    ($shell:ident $name:ident($($argument:ident),*) $body:expr) => { $body };
}

macro_rules! window_method {
    ([] $(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*)) => {
        $(#[$doc])*
        fn $name(&self, $($argument: $type),*) -> Result<(), ApiError>;
    };
    ([$body:expr] $(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*)) => {};
}

macro_rules! dispatch {
    (($desktop:ident, $shell:ident, $calls:ident, $cancel:ident, $on:ident) $(
        $(#[$doc:meta])* $kind:ident $name:ident($($argument:ident: $type:ty),*)
        $(-> $reply:ty)? $(, each $event:ty)? $(= $body:expr)?;
    )*) => {
        fn dispatch(
            name: &str,
            arguments: &Value,
            each: &mut dyn FnMut(Body) -> bool,
            $desktop: &Arc<Desktop>,
            $shell: &impl Shell,
            $calls: &Calls,
            $cancel: &CancelToken,
        ) -> Result<Body, ApiError> {
            match name {
                $(stringify!($name) => {
                    $(let $argument: $type = argument(arguments, stringify!($argument))?;)*
                    answer!($kind (each $cancel $on) [$($reply)?] [$($event)?]
                        body!($shell $name($($argument),*) $($body)?))
                })*
                _ => Err(unknown(format!("there is no call \"{name}\""))),
            }
        }

        /// Whether this call is carried out at once: in the order in which the page made it, and never blocking.
        #[must_use]
        pub fn is_told(name: &str) -> bool {
            match name {
                $(stringify!($name) => matches!(stringify!($kind), "told" | "wire"),)*
                _ => false,
            }
        }

        /// What only a window can do. Errors are the system's.
        pub trait Window {
            $(window_method!([$($body)?] $(#[$doc])* $name($($argument: $type),*));)*
        }
    };
}
crate::seam_calls!(dispatch);

/// An error that has no code of its own.
#[must_use]
pub fn unknown(message: String) -> ApiError {
    ApiError::of(Origin::Window, &Failure::new(Fault::Machine, message))
}

fn argument<T: DeserializeOwned>(arguments: &Value, name: &str) -> Result<T, ApiError> {
    T::deserialize(&arguments[name]).map_err(|error| unknown(format!("{name}: {error}")))
}

fn json(value: &impl Serialize) -> Result<Body, ApiError> {
    let text = serde_json::to_string(value);
    text.map(Body::Json).map_err(|error| unknown(error.to_string()))
}

/// A picture as it crosses: the length of its description (4 bytes, little endian), the description as JSON, the image
/// file.
fn packed(shown: &Shown) -> Result<Vec<u8>, ApiError> {
    let info = serde_json::to_vec(&shown.info).map_err(|error| unknown(error.to_string()))?;
    Ok([&(info.len() as u32).to_le_bytes()[..], &info, &shown.bytes].concat())
}

fn copy_picture(shell: &impl Shell, picture: &RgbaImage) -> Result<(), ApiError> {
    shell.copy_picture(picture.as_raw(), picture.width(), picture.height())
}

/// Opens those that can be opened.
fn open_all(
    desktop: &Desktop,
    paths: &[PathBuf],
    cancel: &CancelToken,
) -> Result<Vec<window::VideoInfo>, ApiError> {
    let mut opened = Vec::new();
    let mut refused = None;
    for path in paths {
        match desktop.open_file(path, cancel, &mut |_| {}) {
            Ok(info) => opened.push(info),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if opened.is_empty() => Err(error),
        _ => Ok(opened),
    }
}
