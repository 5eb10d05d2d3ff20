//! Pairs of checkpoints, made by the model role.

use std::path::Path;

use super::coordinator::Engine;
use super::requests::model::{Convert, Converting};
use crate::cancel::CancelToken;
use crate::fault::Failure;

impl Engine {
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
        self.model
            .call_with(request, cancel, &mut |Converting { n_done, n_total }| {
                on_progress(n_done, n_total);
            })
    }
}
