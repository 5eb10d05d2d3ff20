//! Pairs of checkpoints, made by the model role.

use std::path::Path;
use std::sync::Arc;

use super::coordinator::Engine;
use super::requests::model::{Convert, Converting, ModelProtocol};
use crate::cancel::CancelToken;
use crate::fault::Failure;
use crate::worker::Caller;

/// Starts a process for one conversion, which reads from the first folder and writes to the second.
pub type StartConverter = dyn Fn(&Path, &Path) -> Arc<dyn Caller<ModelProtocol>> + Send + Sync;

impl Engine {
    /// The same, which has checkpoints converted by processes of their own: for minutes, and with rights of their own.
    #[must_use]
    pub fn converting_with(mut self, start: Arc<StartConverter>) -> Self {
        self.start_converter = Some(start);
        self
    }

    /// Makes a pair of the checkpoint in `folder`, in `out`, with the language model in `quantization`. `on_progress` gets the bytes written, and all of them.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled): the next call goes on; what is wrong with the checkpoint; a full
    /// disk.
    pub fn convert(
        &self,
        folder: &Path,
        out: &Path,
        quantization: &str,
        cancel: &CancelToken,
        on_progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Failure> {
        let request = Convert {
            folder: folder.into(),
            out: out.into(),
            quantization: quantization.to_owned(),
        };
        let converter = match &self.start_converter {
            Some(start) => start(folder, out),
            None => Arc::clone(&self.model),
        };
        converter.call_with(request, cancel, &mut |Converting { n_done, n_total }| {
            on_progress(n_done, n_total);
        })
    }
}
