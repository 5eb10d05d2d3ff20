//! `videre models convert`: from a checkpoint to a pair.

use crate::args::ConvertArgs;
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::answer;
use crate::progress::Progress;
use videre::llava::convert::{Conversion, Converted, convert};

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let in_folder = || args.folder.join(args.quant.name());
    let conversion = Conversion {
        folder: args.folder.clone(),
        out: args.out.clone().unwrap_or_else(in_folder),
        quant: args.quant,
    };
    let converted = convert_shown(&conversion)?;
    answer(&format!(
        "{}\n{}\n",
        converted.language.display(),
        converted.vision.display()
    ))
}

/// Converts, with a bar for whoever watches.
pub(crate) fn convert_shown(conversion: &Conversion) -> Result<Converted, Failure> {
    let mut bar = Progress::new("Converting");
    let converted = convert(conversion, &cancelled_by_ctrl_c(), &mut |progress| {
        bar.set(progress.n_done, progress.n_total);
    });
    drop(bar);
    Ok(converted?)
}
