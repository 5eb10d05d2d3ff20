//! Pairs of checkpoints.

use super::{ModelRole, failed};
use crate::engine::requests::model::{Convert, Converting};
use crate::fault::{Failure, Fault};
use crate::llava::convert::{Conversion, Quant, convert};
use crate::worker::{Call, Handle};

impl Handle<Convert> for ModelRole {
    fn handle(&mut self, request: Convert, call: &mut Call<'_, Converting>) -> Result<(), Failure> {
        let Convert {
            folder,
            out,
            quantization,
        } = request;
        let quant = Quant::named(&quantization).ok_or_else(|| {
            Failure::new(
                Fault::Usage,
                format!("a model cannot be stored as {quantization}"),
            )
        })?;
        let conversion = Conversion {
            folder: folder.into(),
            out: out.into(),
            quant,
        };
        let cancel = call.cancel.clone();
        let converted = convert(&conversion, &cancel, &mut |progress| {
            call.emit(Converting {
                n_done: progress.n_done,
                n_total: progress.n_total,
            });
        });
        converted.map(drop).map_err(failed)
    }
}
