//! Log files: one a day for each program of the window, the last few kept, readable by their owner alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::private;

/// Days that are kept, for each program.
const MAX_FILES: usize = 7;

/// Why there are no log files. Everything else works without.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is no folder for them.
    #[error("this system names no folder for log files")]
    NoFolder,
    /// The folder cannot be made.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No file can be made in it.
    #[error("cannot write in {path}: {source}")]
    Open {
        /// The folder.
        path: PathBuf,
        /// What the appender says.
        source: tracing_appender::rolling::InitError,
    },
    /// Something else takes what is logged already.
    #[error("the log goes elsewhere already")]
    Taken,
}

/// Where log files are kept: in the platform's folder for the state of programs.
///
/// # Errors
/// [`LogError::NoFolder`] for users without a home.
pub fn usual_folder() -> Result<PathBuf, LogError> {
    let folders = etcetera::choose_base_strategy().map_err(|_no_home| LogError::NoFolder)?;
    let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Ok(state.join("videre").join("log"))
}

/// Writes from now on what this program logs to files of `folder` whose names begin with `program`. `RUST_LOG` says how
/// much; without it what went wrong.
///
/// # Errors
/// [`LogError`]; the program works without.
pub fn start(folder: &Path, program: &str) -> Result<(), LogError> {
    private::make_folder(folder).map_err(|source| LogError::Io {
        path: folder.to_owned(),
        source,
    })?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(program)
        .filename_suffix("log")
        .max_log_files(MAX_FILES)
        .build(folder)
        .map_err(|source| LogError::Open {
            path: folder.to_owned(),
            source,
        })?;
    // Its folder keeps others out; that a file does not as well is no reason to go without.
    drop(close(folder, program));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("warn"));
    // Written at once, without a thread in between: the last words of a program that is killed are there.
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(files)
        .try_init();
    started.map_err(|_taken| LogError::Taken)?;
    // What a panic said is what one looks for in a log.
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        before(panic);
    }));
    Ok(())
}

/// Takes from everybody else the files that earlier runs left, and the one of today.
fn close(folder: &Path, program: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(program.as_bytes())
        {
            private::make_file(&entry.path())?;
        }
    }
    Ok(())
}
