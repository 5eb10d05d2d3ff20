//! `videre bench`: how fast a model is on this machine.

use crate::args::BenchArgs;
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{answer, answer_json};
use std::path::Path;
use videre::api::BenchJson;
use videre::engine::{DeviceName, ModelName};
use videre::llava::embedded;
use videre::llava::measure::{Measured, measure};
use videre::llava::pair::Pair;
use videre::llava::{Compute, Model};

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let cancel = cancelled_by_ctrl_c();
    let pair = match args.model.name() {
        ModelName::Embedded => embedded::pair()?,
        ModelName::Named {
            model,
            mmproj: Some(mmproj),
        } => Pair::of_files(Path::new(&model), Path::new(&mmproj))?,
        ModelName::Named { model, mmproj: None } => Pair::find(&model.to_string_lossy())?,
    };
    let compute = match args.model.device() {
        DeviceName::Auto => Compute::best(),
        DeviceName::Cpu => Compute::cpu(),
    };
    let model = Model::load(&pair, &compute, &cancel)?;
    let Measured {
        prefill_secs,
        decode_secs,
        image_secs,
    } = measure(&model, args.prefill, args.depth, args.decode, &cancel)?;
    let found = BenchJson {
        model: model.name().to_owned(),
        device: compute.name().to_owned(),
        n_threads: std::thread::available_parallelism().map_or(1, usize::from),
        n_prefill: args.prefill,
        prefill_tokens_per_sec: args.prefill as f64 / prefill_secs,
        depth: args.depth,
        n_decode: args.decode,
        decode_tokens_per_sec: args.decode as f64 / decode_secs,
        image_secs,
        peak_resident_bytes: peak_resident_bytes(),
    };
    if args.json {
        return answer_json(&found);
    }
    let peak = found.peak_resident_bytes.map_or_else(
        || "unknown".to_owned(),
        |bytes| format!("{:.2} GB", bytes as f64 / 1e9),
    );
    answer(&format!(
        "  {:<12} {} on {} ({} threads)\n  {:<12} {:.1} tokens/s ({} tokens)\n  {:<12} {:.1} tokens/s (after {} tokens)\n  {:<12} {:.2} s an image\n  {:<12} {peak} at most\n",
        "model",
        found.model,
        found.device,
        found.n_threads,
        "reading",
        found.prefill_tokens_per_sec,
        found.n_prefill,
        "writing",
        found.decode_tokens_per_sec,
        found.depth,
        "looking",
        found.image_secs,
        "memory",
    ))
}

/// The most memory that this process had at once, where the system tells.
fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
