//! `videre models convert`: from a checkpoint to a pair.

use crate::args::ConvertArgs;
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::answer;
use crate::progress::Progress;
use videre::llava::convert::{Conversion, convert};

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let cancel = cancelled_by_ctrl_c();
    let in_folder = || args.folder.join(args.quant.name());
    let conversion = Conversion {
        folder: args.folder.clone(),
        out: args.out.clone().unwrap_or_else(in_folder),
        quant: args.quant,
    };
    let mut bar = Progress::new("Converting");
    let converted = convert(&conversion, &cancel, &mut |progress| {
        bar.set(progress.n_done, progress.n_total);
    })?;
    drop(bar);
    answer(&format!(
        "{}\n{}\n",
        converted.language.display(),
        converted.vision.display()
    ))
}
