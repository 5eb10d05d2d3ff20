//! What is published: the JSON of the command line, and in [`window`] the types of the page.

mod doctor;
mod eval;
pub mod models;
pub mod window;

pub use doctor::{DoctorJson, one_line};
pub use eval::EvalJson;

use serde::{Deserialize, Serialize};

use crate::video::{Colour, FrameCount, Hdr, Probe, Track};
use crate::visual::geometry::UnitRect;
use crate::visual::plan::{Plan, RowSource, TokenCounts};
use crate::visual::sampling::FrameRef;
use crate::visual::tower::TowerInput;

/// `tokens.json`: what the language model will read, token by token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokensJson {
    /// Name of the vision tower, such as `clip-l-336`.
    pub tower: String,
    /// Name of the strategy, such as `thumbnail-and-sampled`.
    pub strategy: String,
    /// Name of the preset it started from; `null` for none.
    pub preset: Option<String>,
    /// The chosen frames in the order of time; short clips repeat some.
    pub frames: Vec<FrameRef>,
    /// How many tokens.
    pub counts: TokenCounts,
    /// One entry for each token, in the order the language model reads them.
    pub tokens: Vec<TokenJson>,
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "Token"))]
pub struct TokenJson {
    /// Indices of the frames it shows: one; several where a patch lies across the border of thumbnail cells; none
    /// for a learned newline.
    pub frames: Vec<usize>,
    /// The part of the first of `frames` that it shows: left, top, right, bottom as fractions of the source frame.
    /// `null` where there is no frame, or nothing but padding.
    pub rect: Option<[f64; 4]>,
    /// The same for the other frames; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(optional, as = "Option<Vec<Option<[f64; 4]>>>"))]
    pub other_rects: Vec<Option<[f64; 4]>>,
    /// `patch`, `mean`, `max`, `blend`, `feature-mean`, `newline` or `text`.
    #[cfg_attr(
        feature = "bindings",
        ts(type = "'patch' | 'mean' | 'max' | 'blend' | 'feature-mean' | 'newline' | 'text'")
    )]
    pub op: String,
    /// The words of a `text`; left out elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub text: Option<String>,
}

impl TokensJson {
    /// The table of `plan`. `size_of` gives the width and height in pixels of a frame as it is decoded, before it is
    /// fitted into the tower's square.
    #[must_use]
    pub fn new(
        plan: &Plan,
        tower: &TowerInput,
        preset: Option<&str>,
        size_of: impl Fn(FrameRef) -> (u32, u32),
    ) -> Self {
        let rect_of = |frame: FrameRef, rect: UnitRect| {
            let (width_px, height_px) = size_of(frame);
            let source = tower.fit.source_rect(rect, width_px, height_px)?;
            Some([source.left, source.top, source.right, source.bottom])
        };
        let token = |row: usize| {
            let provenance = plan.provenance(row);
            let mut rects = provenance
                .regions
                .iter()
                .map(|region| rect_of(region.frame, region.rect))
                .collect::<Vec<_>>();
            let other_rects = if rects.len() > 1 {
                rects.split_off(1)
            } else {
                Vec::new()
            };
            TokenJson {
                frames: provenance
                    .regions
                    .iter()
                    .map(|region| region.frame.index)
                    .collect(),
                rect: rects.pop().flatten(),
                other_rects,
                op: provenance.op.name().to_owned(),
                text: match &plan.rows[row] {
                    RowSource::Text(text) => Some(text.clone()),
                    _ => None,
                },
            }
        };
        Self {
            tower: tower.name.clone(),
            strategy: plan.strategy.name().as_str().to_owned(),
            preset: preset.map(str::to_owned),
            frames: plan.chosen.clone(),
            counts: plan.counts(),
            tokens: (0..plan.rows.len()).map(token).collect(),
        }
    }
}

/// What `videre probe --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeJson {
    /// The file as it was named; bytes that are no text are replaced.
    pub path: String,
    /// The container's short name.
    pub container: String,
    /// The video codec's short name.
    pub codec: String,
    /// Width in pixels as displayed: rotation applied, pixel aspect not.
    pub width: u32,
    /// Height in pixels as displayed: rotation applied, pixel aspect not.
    pub height: u32,
    /// Clockwise rotation that was applied for display.
    pub rotation_degrees: u32,
    /// Whether it was mirrored for display as well.
    pub is_mirrored: bool,
    /// Width of a displayed pixel over its height.
    pub pixel_aspect: f64,
    /// How many frames are shown; null where that is not known exactly.
    pub n_frames: Option<usize>,
    /// How long it runs.
    pub duration_secs: f64,
    /// Frames a second on average; null for a single frame.
    pub average_fps: Option<f64>,
    /// Whether frames follow each other at one pace; null for a single frame.
    pub is_constant_rate: Option<bool>,
    /// Colour tags of the video.
    pub colour: ColourJson,
    /// Sound tracks.
    pub audio: Vec<TrackJson>,
    /// Subtitle tracks.
    pub subtitles: Vec<TrackJson>,
    /// How many cover pictures it carries, which are never taken for the video.
    pub n_cover_pictures: usize,
    /// What a person should know, in words.
    pub warnings: Vec<String>,
}

/// Colour tags as the file has them; null where it says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColourJson {
    /// The pixel format.
    pub pixel_format: Option<String>,
    /// Bits of one sample.
    pub bits: Option<u32>,
    /// The matrix.
    pub matrix: Option<String>,
    /// The primaries.
    pub primaries: Option<String>,
    /// The transfer function.
    pub transfer: Option<String>,
    /// `tv` (limited) or `pc` (full).
    pub range: Option<String>,
    /// `pq` or `hlg` for a high dynamic range video.
    pub hdr: Option<String>,
}

/// A sound or subtitle track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackJson {
    /// The codec's short name.
    pub codec: String,
    /// The language as the file names it.
    pub language: Option<String>,
}

impl ProbeJson {
    /// What was found out about the file at `path`.
    #[must_use]
    pub fn new(path: &std::path::Path, probe: &Probe) -> Self {
        let (width, height) = probe.display_size;
        Self {
            path: path.to_string_lossy().into_owned(),
            container: probe.container.clone(),
            codec: probe.codec.clone(),
            width,
            height,
            rotation_degrees: probe.orientation.degrees(),
            is_mirrored: probe.orientation.is_mirrored(),
            pixel_aspect: probe.display_aspect(),
            n_frames: match probe.n_frames {
                FrameCount::Exact(n_frames) => Some(n_frames),
                FrameCount::Estimated(_) | FrameCount::Unknown => None,
            },
            duration_secs: probe.duration_secs,
            average_fps: probe.frame_rate.average_fps(),
            is_constant_rate: probe.frame_rate.is_constant(),
            colour: ColourJson::from(&probe.colour),
            audio: probe.audio_tracks.iter().map(TrackJson::from).collect(),
            subtitles: probe.subtitle_tracks.iter().map(TrackJson::from).collect(),
            n_cover_pictures: probe.n_cover_pictures,
            warnings: probe.warnings.clone(),
        }
    }
}

impl From<&Colour> for ColourJson {
    fn from(colour: &Colour) -> Self {
        let colour = colour.clone();
        Self {
            pixel_format: colour.pixel_format,
            bits: colour.bits,
            matrix: colour.matrix,
            primaries: colour.primaries,
            transfer: colour.transfer,
            range: colour.range,
            hdr: colour.hdr.map(|hdr| match hdr {
                Hdr::Pq => "pq".to_owned(),
                Hdr::Hlg => "hlg".to_owned(),
            }),
        }
    }
}

impl From<&Track> for TrackJson {
    fn from(track: &Track) -> Self {
        Self {
            codec: track.codec.clone(),
            language: track.language.clone(),
        }
    }
}

/// One of the frames that `videre frames --json` lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameEntryJson {
    /// Position among the displayable frames, from 0.
    pub index: usize,
    /// Presentation time stamp in seconds.
    pub pts_secs: f64,
    /// Width in pixels as displayed.
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
    /// Where its picture was saved, with `--out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What `videre preview --json` answers: where everything was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewJson {
    /// The picture to look at first.
    pub contact_sheet: String,
    /// Every token and where it comes from: [`TokensJson`].
    pub tokens: String,
    /// The thumbnails, pixel for pixel; none for strategies without.
    pub thumbnails: Vec<String>,
    /// A picture of each frame that is encoded by itself, the patches marked that are read.
    pub frames: Vec<String>,
    /// How many tokens.
    pub counts: TokenCounts,
    /// What a person should know about the choice, in words.
    pub notices: Vec<String>,
}

/// What `videre bench --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchJson {
    /// The model's name.
    pub model: String,
    /// The device it ran on.
    pub device: String,
    /// Threads that can run at once.
    pub n_threads: usize,
    /// Tokens that were read.
    pub n_prefill: usize,
    /// Tokens read a second.
    pub prefill_tokens_per_sec: f64,
    /// Tokens held when writing began.
    pub depth: usize,
    /// Tokens that were written.
    pub n_decode: usize,
    /// Tokens written a second.
    pub decode_tokens_per_sec: f64,
    /// Seconds for one image through the tower.
    pub image_secs: f64,
    /// The most memory at once, bytes; null where the system does not tell.
    pub peak_resident_bytes: Option<u64>,
}

/// What `models inspect` found in a pair.
#[cfg(feature = "llava")]
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelJson {
    /// The language model's file.
    pub language_file: String,
    /// The mmproj file.
    pub vision_file: String,
    /// The model's own name.
    pub name: Option<String>,
    /// Architecture of the language model, such as `llama`.
    pub architecture: String,
    /// Layers of the language model.
    pub n_layers: usize,
    /// Width of its rows.
    pub width: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key/value heads.
    pub n_kv_heads: usize,
    /// Positions that it was made for.
    pub context_len: usize,
    /// The family whose own way to be shown a video it has, such as `smolvlm2`; `null` where it was not trained on videos.
    pub family: Option<String>,
    /// `clip`, `siglip` or `internvit`.
    pub tower: String,
    /// Side of the square picture, pixels.
    pub side_px: usize,
    /// Side of a patch, pixels.
    pub patch_px: usize,
    /// Side of the square that becomes one token, pixels: of a patch, or of several shuffled into one.
    pub token_px: usize,
    /// Tokens of a picture.
    pub n_patches: usize,
    /// Stored blocks of the tower.
    pub n_blocks: usize,
    /// Bytes of weights of both files by format.
    pub weight_bytes: std::collections::BTreeMap<String, u64>,
    /// `sentencepiece` or `byte-level`.
    pub tokenizer: String,
    /// Size of the vocabulary.
    pub n_tokens: usize,
    /// The token that starts a sequence.
    pub bos_token: Option<String>,
    /// Tokens that end an answer.
    pub stop_tokens: Vec<String>,
    /// Texts that end an answer.
    pub stop_texts: Vec<String>,
    /// `file`, or the family whose chat template is used.
    pub template: String,
    /// Why it is this one.
    pub template_reason: String,
    /// Memory at the whole context, bytes.
    pub memory_bytes: u64,
}

#[cfg(feature = "llava")]
impl ModelJson {
    /// The wire form of a description.
    #[must_use]
    pub fn new(model: &crate::llava::describe::Description) -> Self {
        let (language, vision) = (&model.language, &model.vision);
        let mut weight_bytes = std::collections::BTreeMap::new();
        for (name, bytes) in language.weight_bytes.iter().chain(&vision.weight_bytes) {
            *weight_bytes.entry((*name).to_owned()).or_default() += bytes;
        }
        Self {
            language_file: language.file.clone(),
            vision_file: vision.file.clone(),
            name: language.name.clone(),
            architecture: language.architecture.clone(),
            n_layers: language.n_layers,
            width: language.width,
            n_heads: language.n_heads,
            n_kv_heads: language.n_kv_heads,
            context_len: language.context_len,
            family: model.family.map(|family| family.as_str().to_owned()),
            tower: vision.kind.to_owned(),
            side_px: vision.side_px,
            patch_px: vision.patch_px,
            token_px: vision.token_px,
            n_patches: vision.n_tokens,
            n_blocks: vision.n_blocks,
            weight_bytes,
            tokenizer: model.tokenizer.kind.to_owned(),
            n_tokens: model.tokenizer.n_tokens,
            bos_token: model.tokenizer.bos.clone(),
            stop_tokens: model.tokenizer.stops.clone(),
            stop_texts: model.stop_texts.iter().map(|&text| text.to_owned()).collect(),
            template: model.template.to_owned(),
            template_reason: model.template_reason.clone(),
            memory_bytes: model.memory.total_bytes(),
        }
    }
}
