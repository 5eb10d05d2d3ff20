//! Each family's own recipe on the bundled clip, from the file to logits and tokens, against transformers' own processors and
//! models (`tests/reference/recipes.py`). The pairs are converted from checkpoints here, so that those are asked too.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use sha2::{Digest, Sha256};
use videre::cancel::CancelToken;
use videre::llava::convert::Quant;
use videre::llava::pair::Pair;
use videre::llava::prompt::{PromptInput, PromptPart, chat_prompt};
use videre::llava::template::ChatTemplate;
use videre::llava::tokenizer::{Place, Span, Tokenizer};
use videre::llava::video_family::video_family;
use videre::llava::{CacheType, Compute, Decoder, LlavaError, Projector, Tower, TowerEncoder, TowerShape};
use videre::media::{Limits, MediaError, Video};
use videre::visual::around::Around;
use videre::visual::compose::plan;
use videre::visual::encoder::NoCache;
use videre::visual::execute::{FittedFrame, Run, execute};
use videre::visual::plan::{Plan, RowSource};
use videre::visual::preprocess::fit;
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::choose;

use super::convert::{checkpoint, converted_in};
use super::{F32_ERROR, cache, computes, error, follow_tokens, ids, read};

/// Checkpoints, their families, and the token that stands for a row in the ids of the family's processor.
const FAMILIES: [(&str, VideoFamily, &str); 6] = [
    ("smolvlm2", VideoFamily::SmolVlm2, "<image>"),
    ("internvl3", VideoFamily::InternVl3, "<IMG_CONTEXT>"),
    ("llava-onevision-video", VideoFamily::LlavaOnevision, "<video>"),
    ("llava-next-video", VideoFamily::LlavaNextVideo, "<video>"),
    (
        "llava-next-interleave",
        VideoFamily::LlavaNextInterleave,
        "<image>",
    ),
    ("llava-video", VideoFamily::LlavaVideo, "<image>"),
];
/// The user's words in the reference's prompts.
const QUESTION: &str = "What is in the video?";
/// Our pixels are Pillow's to the byte. torchvision, which the processors resize with, rounds the weights of its filters
/// elsewhere: one level off here and there, and one more where it resizes twice.
const LEVELS_OFF: u8 = 2;
/// One value in so many is off at most.
const ONE_LEVEL_IN: usize = 50;
/// What such levels come to in logits, in parts of the largest: 5e-4 at most where one value in 400 is one off, which is
/// two thousandths of its range.
const LEVELS_ERROR: f32 = 1e-3;
/// Positions whose logits the reference kept.
const N_KEPT: usize = 16;

/// The golden values of a family.
struct Reference {
    tensors: std::collections::HashMap<String, Tensor>,
}

impl Reference {
    fn of(name: &str) -> Self {
        let path = checkpoint(name).join("recipe.safetensors");
        let tensors =
            candle_core::safetensors::load(path, &Device::Cpu).expect("a file of the repository opens");
        Self { tensors }
    }

    fn ids(&self, name: &str) -> Vec<u32> {
        ids(&self.tensors[name])
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        self.tensors[name].to_vec1().unwrap()
    }

    /// The processor's pixels, made of ours.
    fn with_levels(&self, squares: &[RgbImage]) -> Vec<RgbImage> {
        let mut squares = squares.to_vec();
        let n_values = squares[0].as_raw().len();
        for (at, by) in self.ids("levels_at").into_iter().zip(self.bytes("levels_by")) {
            let (image, value) = (at as usize / n_values, at as usize % n_values);
            let level = &mut squares[image].as_flat_samples_mut().samples[value];
            *level = u8::try_from(i32::from(*level) + i32::from(by) - 128).expect("a level");
        }
        squares
    }
}

/// A pair and what its family's recipe makes of the clip.
struct Asked {
    _folder: tempfile::TempDir,
    pair: Pair,
    tokenizer: Tokenizer,
    plan: Plan,
    parts: Vec<PromptPart>,
    /// The plan's frames, fitted, in the order of its images.
    squares: Vec<RgbImage>,
}

impl Asked {
    fn new(name: &str, family: VideoFamily) -> Self {
        let folder = tempfile::tempdir().unwrap();
        converted_in(&checkpoint(name), folder.path(), Quant::F32).unwrap();
        let pair = Pair::find(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(video_family(&pair), Some(family), "{name}: by its own files");
        let geometry = TowerShape::read(&pair.vision)
            .unwrap()
            .geometry(&pair.vision)
            .unwrap();

        let cancel = CancelToken::new();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4");
        let mut video = Video::open(&path, &Limits::default(), &cancel).unwrap();
        let index = video.index(&mut |_| {}, &cancel).unwrap();
        let pts_secs: Vec<f64> = (0..index.len()).map(|frame| index.pts_secs(frame)).collect();
        let recipe = family.recipe();
        let chosen = choose(&pts_secs, None, &recipe.sampling).unwrap();
        let whole = plan(&chosen, &recipe.strategy, geometry).unwrap();
        let indices: Vec<usize> = whole.frames().iter().map(|frame| frame.index).collect();
        let mut squares = Vec::new();
        let mut keep = |frame: videre::media::Frame| {
            squares.push(fit(&frame.image, recipe.fit, geometry.side_px()).unwrap());
            ControlFlow::Continue(())
        };
        video.frames(&indices, &cancel, &mut keep).unwrap();

        let (plan, around) = whole.into_inner();
        let tokenizer = Tokenizer::read(&pair.language).unwrap();
        let parts = prompt(&pair, &tokenizer, &around);
        Self {
            _folder: folder,
            pair,
            tokenizer,
            plan,
            parts,
            squares,
        }
    }

    /// The prompt as the family's processor has it: `row` for each row of the video.
    fn token_ids(&self, row: &str) -> Vec<u32> {
        let row = self.tokenizer.id_of(row).expect("a token of the vocabulary");
        let of_row = |source: &RowSource| match source {
            RowSource::Text(text) => words(&self.tokenizer, text),
            _ => vec![row],
        };
        let of_part = |part: &PromptPart| match part {
            PromptPart::Tokens(ids) => ids.clone(),
            PromptPart::Video => self.plan.rows.iter().flat_map(of_row).collect(),
        };
        self.parts.iter().flat_map(of_part).collect()
    }

    /// The rows of the video, made of `squares`.
    fn rows(&self, squares: &[RgbImage], decoder: &Decoder, compute: &Compute) -> Tensor {
        let file = &self.pair.vision;
        let tower = Tower::load(file, compute).unwrap();
        let projector = Projector::load(file, compute).unwrap();
        let cancel = CancelToken::new();
        let embed =
            |text: &str| -> Result<Tensor, LlavaError> { decoder.embed(&words(&self.tokenizer, text)) };
        let mut encoder = TowerEncoder::new(file, &tower, &projector, &embed, cancel.clone()).unwrap();
        let run = Run {
            batch_size: 4,
            cancel: &cancel,
            progress: &mut |_| {},
        };
        let rows = execute(&self.plan, &mut encoder, &mut NoCache, run, |wanted| {
            assert_eq!(wanted.len(), squares.len(), "every frame once");
            let fitted = wanted.iter().zip(squares).map(|(&frame, pixels)| {
                Ok(FittedFrame {
                    frame,
                    pixels: pixels.clone(),
                })
            });
            fitted.collect::<Vec<Result<FittedFrame, MediaError>>>()
        })
        .unwrap();
        Tensor::from_vec(rows.data, (rows.n_rows, rows.width), &Device::Cpu).unwrap()
    }

    /// The whole prompt as the language model reads it.
    fn embedded(&self, squares: &[RgbImage], decoder: &Decoder, compute: &Compute) -> Tensor {
        let of_part = |part: &PromptPart| match part {
            PromptPart::Tokens(ids) => decoder.embed(ids).unwrap(),
            PromptPart::Video => self.rows(squares, decoder, compute),
        };
        let parts: Vec<Tensor> = self.parts.iter().map(of_part).collect();
        Tensor::cat(&parts, 0).unwrap()
    }
}

fn words(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode(&[Span::template(text)], Place::Inside).unwrap()
}

fn prompt(pair: &Pair, tokenizer: &Tokenizer, around: &Around) -> Vec<PromptPart> {
    let question = PromptInput {
        text: QUESTION,
        around: Some(around),
        ..PromptInput::default()
    };
    let template = ChatTemplate::choose(&pair.language, tokenizer);
    assert_eq!(template.name(), "file", "{}", template.reason());
    let prompt = chat_prompt(&template, &question).unwrap();
    prompt.encode(tokenizer).unwrap()
}

fn last(logits: &Tensor) -> Tensor {
    let n = logits.dim(0).unwrap();
    logits.narrow(0, n - N_KEPT, N_KEPT).unwrap()
}

#[test]
fn frames_pixels_and_token_ids_are_those_of_the_family_s_own_processor() {
    for (name, family, row) in FAMILIES {
        let (reference, asked) = (Reference::of(name), Asked::new(name, family));
        let indices: Vec<u32> = (asked.plan.chosen.iter())
            .map(|frame| frame.index as u32)
            .collect();
        assert_eq!(indices, reference.ids("indices"), "{name}: frames");

        let mut hash = Sha256::new();
        for square in &asked.squares {
            hash.update(square.as_raw());
        }
        assert_eq!(
            hash.finalize().to_vec(),
            reference.bytes("pillow"),
            "{name}: Pillow's pixels"
        );
        let levels = reference.bytes("levels_by");
        let n_values = asked.squares.len() * asked.squares[0].as_raw().len();
        assert!(levels.iter().all(|by| by.abs_diff(128) <= LEVELS_OFF), "{name}");
        assert!(
            levels.len() * ONE_LEVEL_IN <= n_values,
            "{name}: {} of {n_values}",
            levels.len()
        );

        assert_eq!(
            asked.token_ids(row),
            reference.ids("input_ids"),
            "{name}: token ids"
        );
    }
}

#[test]
fn logits_and_tokens_are_those_of_the_family_s_own_model() {
    for (name, family, _) in FAMILIES {
        let (reference, asked) = (Reference::of(name), Asked::new(name, family));
        let theirs = &reference.tensors["logits"].to_dtype(DType::F32).unwrap();
        let processors = reference.with_levels(&asked.squares);
        for (path, compute) in computes() {
            let decoder = Decoder::load(&asked.pair.language, &compute).unwrap();
            let n_positions = reference.ids("input_ids").len() + 64;
            let ask = |squares: &[RgbImage]| {
                let prompt = asked.embedded(squares, &decoder, &compute);
                let mut cache = cache(&decoder, n_positions, CacheType::F32);
                let logits = read(&decoder, &mut cache, &prompt, 64);
                (logits, cache)
            };
            let (logits, mut cache) = ask(&processors);
            let off = error(&last(&logits), theirs);
            let (own, _) = ask(&asked.squares);
            let own = error(&last(&own), theirs);
            eprintln!("{name} {path}: logits {off:.1e}, of our own pixels {own:.1e}");
            assert!(off <= F32_ERROR, "{name} {path}: {off:e}");
            assert!(own <= LEVELS_ERROR, "{name} {path}: {own:e}");
            let tokens = reference.ids("tokens");
            assert_eq!(tokens.len(), 64);
            follow_tokens(name, &decoder, &mut cache, &logits, &tokens, F32_ERROR);
        }
    }
}
