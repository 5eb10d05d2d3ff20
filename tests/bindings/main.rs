//! The page's types are those of `src/api/window`, and its calls those of `src/desktop/seam/list.rs`: this test writes them
//! where `VIDERE_WRITE_BINDINGS` is set (`scripts/bindings.sh`), and else fails where the written ones are stale. A test of
//! its own, because what derives them is compiled into nothing else.

mod calls;

use std::fs;
use std::path::Path;

use ts_rs::{Config, TS};
use videre::api::TokenJson;
use videre::api::window;
use videre::visual::plan::TokenCounts;
use videre::visual::sampling::FrameRef;

const TYPES: &str = "ui/src/backend/types.gen.ts";
const HEAD: &str = "// Written by scripts/bindings.sh from src/api/window. Do not edit: a test compares.\n";

/// A type with its documentation, exported.
fn declared<T: TS>(config: &Config) -> String {
    let text = format!("\n{}export {}\n", T::docs().unwrap_or_default(), T::decl(config));
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// Numbers of the page are f64: whole up to 2^53, which no count or size here reaches.
fn config() -> Config {
    Config::new().with_large_int("number")
}

fn types() -> String {
    let config = config();
    macro_rules! declare {
        ($($kind:ty),+ $(,)?) => { [$(declared::<$kind>(&config)),+].concat() };
    }
    let types = declare![
        window::ErrorCode,
        window::ApiError,
        window::VideoView,
        window::VideoInfo,
        window::FramePurpose,
        window::Place,
        window::FrameRequest,
        window::FilmstripRequest,
        window::PictureInfo,
        window::SavedFile,
        window::PresetName,
        window::StrategyName,
        window::Range,
        window::PlanRequest,
        FrameRef,
        TokenCounts,
        TokenJson,
        window::TokenPlace,
        window::PlanImageKind,
        window::PlanImage,
        window::Cost,
        window::Offer,
        window::ContextUse,
        window::PlanView,
        window::StageName,
        window::StageInfo,
        window::PrepareEvent,
        window::AskRequest,
        window::AnswerEvent,
        window::Timings,
        window::Ending,
        window::AnswerFacts,
        window::AnswerState,
        window::KeptAnswer,
        window::Turn,
        window::ChatSummary,
        window::Chat,
        window::RecentVideo,
        window::Device,
        window::MemoryEstimate,
        window::Licence,
        window::Fit,
        window::PresetFit,
        window::VariantState,
        window::OfferedVariant,
        window::OfferedModel,
        window::DownloadState,
        window::Download,
        window::PickFrom,
        window::ModelInfo,
        window::ModelState,
        window::Theme,
        window::TextSize,
        window::Settings,
        window::SettingsChanges,
        window::MenuItem,
        window::Menu,
        window::WorkerRole,
        window::AppEvent,
    ];
    format!("{HEAD}{types}")
}

/// Compares, or writes.
fn check(file: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("VIDERE_WRITE_BINDINGS").is_some() {
        fs::write(&path, written).expect("the page's folder can be written");
        return;
    }
    let current = fs::read_to_string(&path).unwrap_or_default();
    assert!(current == written, "{file} is stale: run scripts/bindings.sh");
}

#[test]
fn the_types_of_the_page_are_those_of_the_program() {
    check(TYPES, &types());
}

#[test]
fn the_calls_of_the_page_are_those_of_the_program() {
    check(calls::FILE, &calls::written(&config()));
}
