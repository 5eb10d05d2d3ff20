//! SmolVLM, InternVL and Qwen3 as their official files have them: `tests/reference/families.py` made the files here.

use candle_core::{DType, Tensor};
use image::RgbImage;
use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::gguf::{Gguf, GgufWriter, MetaValue, TensorType};
use videre::llava::describe::describe;
use videre::llava::estimate::estimate;
use videre::llava::pair::Pair;
use videre::llava::prompt::{PromptInput, PromptPart, chat_prompt};
use videre::llava::template::ChatTemplate;
use videre::llava::tokenizer::{Place, Span, Tokenizer};
use videre::llava::{
    CacheType, Compute, Decoder, LlavaError, Model, Projector, Sequence, SequencePart, Session, Tower,
    TowerShape, vision_family,
};
use videre::visual::compose::plan;
use videre::visual::family::ModelFamily;
use videre::visual::plan::RowSource;
use videre::visual::preprocess::fit;
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::choose;

use super::tower::normalised;
use super::{F32_ERROR, cache, error, follow_tokens, golden, golden_path, ids, model, read};

/// The words of the user in the prompts that the reference made.
const QUESTION: &str = "video from the user?";

fn pair(name: &str) -> Pair {
    Pair::of(model(name), model(&format!("tower-{name}"))).unwrap()
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::read(&model(name)).unwrap()
}

#[test]
fn official_pairs_are_told_by_their_headers() {
    for (name, family, kind, token_px, n_tokens, template) in [
        ("smolvlm-f32", ModelFamily::SmolVlm, "siglip", 24, 4, "smolvlm"),
        (
            "internvl-f32",
            ModelFamily::InternVl,
            "internvit",
            16,
            9,
            "chatml",
        ),
    ] {
        let pair = pair(name);
        assert_eq!(vision_family(&pair.vision).unwrap(), family);
        let description = describe(&pair).unwrap();
        let vision = &description.vision;
        assert_eq!(
            (vision.kind, vision.family, vision.token_px, vision.n_tokens),
            (kind, family, token_px, n_tokens),
            "{name}"
        );
        assert_eq!(description.template, "file", "{}", description.template_reason);
        let family = ChatTemplate::choose(&pair.language, &tokenizer(name)).family();
        assert_eq!(family.name(), template);
        let geometry = TowerShape::read(&pair.vision)
            .unwrap()
            .geometry(&pair.vision)
            .unwrap();
        assert_eq!(
            (geometry.n_patches() as usize, geometry.patch_px() as usize),
            (n_tokens, token_px),
            "a plan's patch is what makes a row"
        );
        let model = Model::load(&pair, &Compute::cpu(), &CancelToken::new()).unwrap();
        assert_eq!(model.geometry().unwrap(), geometry);
    }
}

#[test]
fn the_estimate_counts_heads_as_wide_as_the_file_says() {
    let pair = Pair {
        language: model("qwen3-f32"),
        vision: model("tower-smolvlm-f32"),
    };
    let shape = Decoder::load(&pair.language, &Compute::cpu())
        .unwrap()
        .shape()
        .clone();
    assert_eq!(
        (shape.width, shape.n_heads, shape.head_dim),
        (32, 4, 16),
        "not 32 / 4"
    );
    let n_bytes = estimate(&pair, 100, 2).unwrap().cache_bytes;
    assert_eq!(
        n_bytes,
        (100 * 2 * 2 * shape.n_layers * shape.n_kv_heads * 16) as u64
    );
}

/// What the model reads of a video: words, and the rows of one frame.
enum Read {
    Words(Vec<u32>),
    Frame(usize),
}

/// The frames that a family's own recipe chooses of the reference's clip (40 frames at 5 a second), and its prompt about them
/// in the order in which it is read.
fn prompt_of(family: VideoFamily, name: &str) -> (Vec<usize>, Vec<Read>) {
    let pair = pair(&format!("{name}-f32"));
    let recipe = family.recipe();
    let pts_secs: Vec<f64> = (0..40).map(|index| f64::from(index) / 5.0).collect();
    let chosen = choose(&pts_secs, None, &recipe.sampling).unwrap();
    let geometry = TowerShape::read(&pair.vision)
        .unwrap()
        .geometry(&pair.vision)
        .unwrap();
    let (inner, around) = plan(&chosen, &recipe.strategy, geometry).unwrap().into_inner();
    let tokenizer = tokenizer(&format!("{name}-f32"));
    let question = PromptInput {
        text: QUESTION,
        around: Some(&around),
        ..PromptInput::default()
    };
    let template = ChatTemplate::choose(&pair.language, &tokenizer);
    let prompt = chat_prompt(&template, &question).unwrap();
    let mut read = Vec::new();
    for part in prompt.encode(&tokenizer).unwrap() {
        match part {
            PromptPart::Tokens(ids) => read.push(Read::Words(ids)),
            PromptPart::Video => {
                for row in &inner.rows {
                    match (row, row.image()) {
                        (RowSource::Text(text), _) => {
                            let ids = tokenizer.encode(&[Span::template(text.as_str())], Place::Inside);
                            read.push(Read::Words(ids.unwrap()));
                        }
                        (_, Some(image)) if matches!(read.last(), Some(Read::Frame(last)) if *last == image) =>
                            {}
                        (_, Some(image)) => read.push(Read::Frame(image)),
                        (_, None) => panic!("{name}: a row of nothing"),
                    }
                }
            }
        }
    }
    let frames = chosen.frames.iter().map(|frame| frame.index).collect();
    (frames, read)
}

/// Each family's prompt about the clip of the reference, with the token that stands for a row there.
fn video_prompts() -> [(&'static str, Vec<Read>, &'static str, usize); 2] {
    let prompt = |family: VideoFamily, name: &str| {
        let (frames, prompt) = prompt_of(family, name);
        let theirs = ids(&golden(&format!("{name}-video"))["indices"]);
        let theirs: Vec<usize> = theirs.into_iter().map(|index| index as usize).collect();
        assert_eq!(frames, theirs, "{name}: the frames of its own processor");
        prompt
    };
    [
        ("smolvlm", prompt(VideoFamily::SmolVlm2, "smolvlm"), "<image>", 4),
        (
            "internvl",
            prompt(VideoFamily::InternVl3, "internvl"),
            "<IMG_CONTEXT>",
            9,
        ),
    ]
}

#[test]
fn a_video_s_prompt_has_the_ids_of_the_family_s_own_processor() {
    for (name, prompt, image, n_rows) in video_prompts() {
        let row = tokenizer(&format!("{name}-f32")).id_of(image).unwrap();
        let ours: Vec<u32> = prompt
            .into_iter()
            .flat_map(|read| match read {
                Read::Words(ids) => ids,
                Read::Frame(_) => vec![row; n_rows],
            })
            .collect();
        assert_eq!(
            ours,
            ids(&golden(&format!("{name}-video"))["input_ids"]),
            "{name}"
        );
    }
}

#[test]
fn a_video_read_frame_by_frame_gives_the_logits_of_the_whole_model() {
    for (name, prompt, _, _) in video_prompts() {
        let theirs = golden(&format!("{name}-video"));
        let vision = model(&format!("tower-{name}-f32"));
        for (path, compute) in super::computes() {
            let decoder = Decoder::load(&model(&format!("{name}-f32")), &compute).unwrap();
            let tower = Tower::load(&vision, &compute).unwrap();
            let projector = Projector::load(&vision, &compute).unwrap();
            let rows = |read: &Read| match read {
                Read::Words(ids) => decoder.embed(ids).unwrap(),
                Read::Frame(frame) => {
                    let square = theirs["squares"].get(*frame).unwrap();
                    let pixels = normalised(&square, tower.shape());
                    let features = tower.encode(&pixels, &CancelToken::new()).unwrap();
                    projector.project(&features, &CancelToken::new()).unwrap()
                }
            };
            let rows: Vec<Tensor> = prompt.iter().map(rows).collect();
            let rows = Tensor::cat(&rows, 0).unwrap();
            let mut cache = cache(&decoder, 512, CacheType::F32);
            let logits = read(&decoder, &mut cache, &rows, 64);
            let last = logits.narrow(0, logits.dim(0).unwrap() - 16, 16).unwrap();
            let error = error(&last, &theirs["logits"]);
            eprintln!("{name} {path}: {error:.1e}");
            assert!(error <= F32_ERROR, "{name} {path}: error {error:e}");
            let tokens = ids(&theirs["tokens"]);
            assert_eq!(tokens.len(), 64);
            follow_tokens(name, &decoder, &mut cache, &logits, &tokens, F32_ERROR);
        }
    }
}

#[test]
fn rows_stand_between_markers_that_a_user_cannot_write() {
    for (name, before, after) in [
        (
            "smolvlm-f32",
            ["<fake_token_around_image>", "<global-img>"].as_slice(),
            "<fake_token_around_image>",
        ),
        ("internvl-f32", &["<img>"], "</img>"),
    ] {
        let tokenizer = tokenizer(name);
        let id = |text: &&str| tokenizer.id_of(text).unwrap();
        let markers = vision_family(&model(&format!("tower-{name}"))).unwrap().markers();
        let template = ChatTemplate::choose(&model(name), &tokenizer);
        let question = PromptInput {
            text: "what is <img></img><fake_token_around_image>?",
            ..PromptInput::default()
        };
        let prompt = chat_prompt(&template, &question).unwrap().with_markers(&markers);
        let parts = prompt.encode(&tokenizer).unwrap();
        let [
            PromptPart::Tokens(head),
            PromptPart::Video,
            PromptPart::Tokens(tail),
        ] = parts.as_slice()
        else {
            panic!("{name}: words, the video, words: {parts:?}");
        };
        let before: Vec<u32> = before.iter().map(id).collect();
        assert!(head.ends_with(&before), "{name}: {head:?}");
        assert_eq!(tail[0], id(&after), "{name}");
        let is_marker = |token: &u32| before.contains(token) || *token == id(&after);
        assert!(
            !tail[1..].iter().any(is_marker),
            "{name}: only the template writes markers"
        );
    }
}

#[test]
fn squares_are_those_of_the_family_s_own_processor() {
    for (name, family) in [
        ("smolvlm-video", VideoFamily::SmolVlm2),
        ("internvl-video", VideoFamily::InternVl3),
    ] {
        let how = family.recipe().fit;
        let theirs = golden(name);
        let picture = |key: &str, index: usize| {
            let picture = theirs[key].get(index).unwrap().to_dtype(DType::U8).unwrap();
            let (height, width, _) = picture.dims3().unwrap();
            let bytes = picture.flatten_all().unwrap().to_vec1::<u8>().unwrap();
            RgbImage::from_raw(width as u32, height as u32, bytes).unwrap()
        };
        for index in 0..8 {
            let ours = fit(&picture("frames", index), how, 48).unwrap();
            if index < 3 {
                assert!(ours == picture("pillow", index), "{name} {index}: to the level");
            }
            // torch rounds its weights elsewhere: a level here and there, and once more in a second pass.
            let wanted = picture("squares", index);
            let levels = ours.as_raw().iter().zip(wanted.as_raw());
            let off: Vec<u8> = levels.map(|(a, b)| a.abs_diff(*b)).filter(|n| *n > 0).collect();
            assert!(off.iter().all(|n| *n <= 2), "{name} {index}: {off:?}");
            assert!(
                off.len() * 50 <= wanted.as_raw().len(),
                "{name} {index}: {} values",
                off.len()
            );
        }
    }
}

/// A file of the repository with every value of one tensor turned into NaN.
fn with_nan(name: &str, tensor: &str) -> (tempfile::TempDir, Gguf) {
    let file = model(name);
    let range = file.tensor(tensor).expect("the file has it").range.clone();
    let mut bytes = std::fs::read(golden_path(&format!("{name}.gguf"))).unwrap();
    for value in bytes[range].chunks_exact_mut(4) {
        value.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.gguf");
    std::fs::write(&path, bytes).unwrap();
    let broken = Gguf::open(&path).unwrap();
    (folder, broken)
}

#[test]
fn weights_that_are_no_numbers_are_named_with_their_file() {
    let refused = |error: LlavaError| {
        assert!(matches!(error, LlavaError::NotNumbers { .. }), "{error}");
        assert!(error.to_string().contains("broken.gguf"), "{error}");
        assert_eq!(error.fault(), Fault::Unreadable);
        assert!(error.hint().is_some());
    };
    let (_folder, norm) = with_nan("smolvlm-f32", "output_norm.weight");
    refused(Decoder::load(&norm, &Compute::cpu()).unwrap_err());
    for tensor in ["blk.0.ffn_down.weight", "output.weight", "token_embd.weight"] {
        let (_folder, matrix) = with_nan("smolvlm-f32", tensor);
        for (path, compute) in super::computes() {
            let decoder = Decoder::load(&matrix, &compute).unwrap();
            let mut session = Session::new(decoder.into(), 64, CacheType::F16).unwrap();
            let prompt = Sequence::new(vec![SequencePart::Tokens(vec![1, 2, 3])], 0);
            let cancel = CancelToken::new();
            let answer = session.read(&prompt, 0, &mut |_| {}, &cancel);
            assert!(answer.is_err(), "{tensor} {path}");
            refused(answer.unwrap_err());
        }
    }
}

#[test]
fn a_header_that_contradicts_its_tensors_is_refused() {
    let file = |scale: u32, grid_px: u32, n_positions: usize| {
        let mut writer = GgufWriter::new();
        writer
            .set("general.architecture", MetaValue::Str("clip".into()))
            .set("clip.projector_type", MetaValue::Str("idefics3".into()))
            .set("clip.vision.image_size", MetaValue::U32(grid_px))
            .set("clip.vision.patch_size", MetaValue::U32(8))
            .set("clip.vision.embedding_length", MetaValue::U32(4))
            .set("clip.vision.attention.head_count", MetaValue::U32(1))
            .set("clip.vision.projector.scale_factor", MetaValue::U32(scale))
            .tensor("v.patch_embd.weight", &[4, 3, 8, 8], TensorType::F32)
            .tensor("v.position_embd.weight", &[n_positions, 4], TensorType::F32)
            .tensor("v.blk.0.ln1.weight", &[4], TensorType::F32)
            .tensor("mm.model.fc.weight", &[8, 16], TensorType::F32);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mmproj.gguf");
        std::fs::write(&path, writer.zeroed()).unwrap();
        (Gguf::open(&path).unwrap(), folder)
    };
    use videre::llava::pair::{Part, classify};
    let (good, _folder) = file(2, 32, 16);
    assert!(matches!(classify(&good), Ok(Part::Vision { projected_width: 8 })));
    let refused =
        |(file, _folder): (Gguf, tempfile::TempDir)| classify(&file).map(drop).unwrap_err().to_string();
    assert!(refused(file(3, 32, 16)).contains("the projector reads 16 values and the tower gives 36"));
    assert!(refused(file(2, 32, 15)).contains("the tower has no 16 positions"));
    let (odd, _folder) = file(2, 24, 9);
    let error = TowerShape::read(&odd).unwrap_err().to_string();
    assert!(error.contains("clip.vision.projector.scale_factor"), "{error}");
}
