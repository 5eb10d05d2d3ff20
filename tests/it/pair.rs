//! Finding the two files of a model, and what each kind of wrong one says.

use std::path::Path;

use videre::fault::{Explain, Fault};
use videre::gguf::{GgufWriter, MetaValue, TensorType};
use videre::llava::pair::{Pair, PairError};
use videre::registry::Hub;

fn language(width: usize) -> GgufWriter {
    let mut writer = GgufWriter::new();
    writer
        .set("general.architecture", MetaValue::Str("llama".into()))
        .set("llama.embedding_length", MetaValue::U32(width as u32))
        .set("llama.block_count", MetaValue::U32(1))
        .tensor("token_embd.weight", &[4, width], TensorType::F32)
        .tensor("blk.0.attn_norm.weight", &[width], TensorType::F32)
        .tensor("output_norm.weight", &[width], TensorType::F32);
    writer
}

fn vision(width: usize) -> GgufWriter {
    let mut writer = GgufWriter::new();
    writer
        .set("general.architecture", MetaValue::Str("clip".into()))
        .set("clip.has_llava_projector", MetaValue::Bool(true))
        .set("clip.vision.embedding_length", MetaValue::U32(8))
        .set("clip.vision.image_size", MetaValue::U32(28))
        .tensor("v.class_embd", &[8], TensorType::F32)
        .tensor("v.patch_embd.weight", &[8, 3, 14, 14], TensorType::F32)
        .tensor("v.position_embd.weight", &[5, 8], TensorType::F32)
        .tensor("mm.0.weight", &[width, 8], TensorType::F32)
        .tensor("mm.2.weight", &[width, width], TensorType::F32);
    writer
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("the test gives a good one");
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).expect("the test gives a good one");
    }
    dir
}

fn find(path: &Path) -> Result<Pair, PairError> {
    Pair::find(path.to_str().expect("the test gives a good one"))
}

/// The message with the folder taken out, the fault, and that there is a hint.
#[track_caller]
fn refusal(dir: &Path, result: Result<Pair, PairError>) -> (String, Fault) {
    let error = result.expect_err("must be refused");
    assert!(
        error.hint().is_some_and(|hint| !hint.is_empty()),
        "no hint for {error}"
    );
    let inside = format!("{}/", dir.display());
    (
        error
            .to_string()
            .replace(&inside, "")
            .replace(&dir.display().to_string(), "DIR"),
        error.fault(),
    )
}

#[track_caller]
fn found(result: Result<Pair, PairError>, language: &str, vision: &str) {
    let pair = result.expect("a pair");
    assert!(
        pair.language.source().name().ends_with(language),
        "{}",
        pair.language.source().name()
    );
    assert!(
        pair.vision.source().name().ends_with(vision),
        "{}",
        pair.vision.source().name()
    );
}

#[test]
fn a_pair_is_found_by_folder_by_either_file_and_by_both() {
    let dir = folder(&[
        ("lm.gguf", language(16).zeroed()),
        ("zz-mmproj.gguf", vision(16).zeroed()),
        ("notes.txt", vec![1]),
    ]);
    let (lm, mm) = (dir.path().join("lm.gguf"), dir.path().join("zz-mmproj.gguf"));
    for result in [
        find(dir.path()),
        find(&lm),
        find(&mm),
        Pair::of_files(&lm, &mm),
        Pair::of_files(&mm, &lm),
    ] {
        found(result, "lm.gguf", "zz-mmproj.gguf");
    }
}

#[test]
fn the_partner_is_the_one_that_fits_not_the_first() {
    let dir = folder(&[
        ("a-13b.gguf", language(32).zeroed()),
        ("b-7b.gguf", language(16).zeroed()),
        ("a-mmproj.gguf", vision(16).zeroed()),
        ("b-mmproj.gguf", vision(64).zeroed()),
    ]);
    found(find(&dir.path().join("b-7b.gguf")), "b-7b.gguf", "a-mmproj.gguf");
    found(
        find(&dir.path().join("a-mmproj.gguf")),
        "b-7b.gguf",
        "a-mmproj.gguf",
    );
    found(find(dir.path()), "b-7b.gguf", "a-mmproj.gguf");
}

#[test]
fn the_best_of_several_formats_of_one_tower_is_taken() {
    let of = |dtype| {
        let mut writer = vision(32);
        writer
            .remove_tensor("mm.2.weight")
            .tensor("mm.2.weight", &[32, 32], dtype);
        writer.zeroed()
    };
    let files = [
        ("lm.gguf", language(32).zeroed()),
        ("a-mmproj-q4.gguf", of(TensorType::Q4_0)),
        ("b-mmproj-q8.gguf", of(TensorType::Q8_0)),
        ("c-mmproj-f32.gguf", of(TensorType::F32)),
        ("d-mmproj-bf16.gguf", of(TensorType::BF16)),
        ("e-mmproj-f16.gguf", of(TensorType::F16)),
        ("f-mmproj-other-width.gguf", vision(64).zeroed()),
    ];
    let best = [
        "e-mmproj-f16.gguf",
        "d-mmproj-bf16.gguf",
        "c-mmproj-f32.gguf",
        "b-mmproj-q8.gguf",
        "a-mmproj-q4.gguf",
    ];
    let dir = folder(&files);
    for taken in best {
        found(find(&dir.path().join("lm.gguf")), "lm.gguf", taken);
        found(find(dir.path()), "lm.gguf", taken);
        std::fs::remove_file(dir.path().join(taken)).expect("it was just read");
    }
}

#[test]
fn several_models_that_fit_are_listed() {
    let mut other = vision(16).zeroed();
    // The first tensor of the directory is the vector of the class: another value is another tower.
    let at = other.len() - (8 + 8 * 3 * 14 * 14 + 5 * 8 + 16 * 8 + 16 * 16) * 4;
    other[at] = 1;
    let dir = folder(&[
        ("lm.gguf", language(16).zeroed()),
        ("mm-f16.gguf", vision(16).zeroed()),
        ("mm-q8.gguf", other),
    ]);
    let by_file = refusal(dir.path(), find(&dir.path().join("lm.gguf")));
    assert_eq!(
        by_file,
        (
            "more than one model could be meant: mm-f16.gguf, mm-q8.gguf".into(),
            Fault::Usage
        )
    );
    let by_folder = refusal(dir.path(), find(dir.path()));
    assert_eq!(
        by_folder,
        (
            "more than one model could be meant: lm.gguf, mm-f16.gguf, mm-q8.gguf".into(),
            Fault::Usage
        )
    );
    let dir = folder(&[
        ("lm-q4.gguf", language(16).zeroed()),
        ("lm-q8.gguf", language(16).zeroed()),
        ("mm.gguf", vision(16).zeroed()),
    ]);
    let by_vision = refusal(dir.path(), find(&dir.path().join("mm.gguf")));
    assert_eq!(
        by_vision.0,
        "more than one model could be meant: lm-q4.gguf, lm-q8.gguf"
    );
}

#[test]
fn a_partner_that_cannot_be_used_is_named_with_what_is_wrong() {
    let text = |value: &str| MetaValue::Str(value.into());
    let check = |given: &str, files: &[(&str, Vec<u8>)], message: &str, fault: Fault| {
        let dir = folder(files);
        for path in [dir.path().join(given), dir.path().to_owned()] {
            let (said, why) = refusal(dir.path(), find(&path));
            assert_eq!((said.as_str(), why), (message, fault));
        }
    };
    let lm = || ("lm.gguf", language(16).zeroed());
    let mm = || ("mm.gguf", vision(16).zeroed());
    let ldp = vision(16).set("clip.projector_type", text("ldp")).zeroed();
    check(
        "lm.gguf",
        &[lm(), ("mm.gguf", ldp.clone())],
        "the mmproj file beside it cannot be used (the projector 'ldp' is not supported: mm.gguf): lm.gguf",
        Fault::Unsupported,
    );
    let gemma = language(16).set("general.architecture", text("gemma3")).zeroed();
    check(
        "mm.gguf",
        &[("lm.gguf", gemma.clone()), mm()],
        "the language model beside it cannot be used (the architecture 'gemma3' is not supported: lm.gguf): mm.gguf",
        Fault::Unsupported,
    );
    let split = language(16)
        .set("split.count", MetaValue::U32(2))
        .set("split.no", MetaValue::U32(0))
        .zeroed();
    check(
        "mm.gguf",
        &[("lm-00001-of-00002.gguf", split), mm()],
        "the language model beside it cannot be used (part 1 of 2 of a split model: lm-00001-of-00002.gguf): mm.gguf",
        Fault::Unsupported,
    );
    let whole = vision(16).zeroed();
    let message = format!(
        "the mmproj file beside it cannot be used (the model file is cut short: {} of {} bytes are there: mm.gguf): lm.gguf",
        whole.len() - 1,
        whole.len()
    );
    let cut = whole[..whole.len() - 1].to_vec();
    check("lm.gguf", &[lm(), ("mm.gguf", cut)], &message, Fault::Unreadable);
    check(
        "lm.gguf",
        &[lm(), ("mmproj.gguf", b"GG".to_vec())],
        "the mmproj file beside it cannot be used (the model file is cut short: 2 of 24 bytes are there: \
         mmproj.gguf): lm.gguf",
        Fault::Unreadable,
    );
    // A language model of another kind that lies there too is no reason why the mmproj file is not.
    let dir = folder(&[lm(), ("other.gguf", gemma.clone())]);
    let lone = refusal(dir.path(), find(&dir.path().join("lm.gguf")));
    assert_eq!(
        lone.0,
        "this is a language model without its mmproj file: lm.gguf"
    );
    let dir = folder(&[("lm.gguf", gemma), ("mm.gguf", ldp)]);
    let neither = refusal(dir.path(), find(dir.path()));
    assert_eq!(
        neither,
        (
            "no LLaVA model in this folder (the architecture 'gemma3' is not supported: lm.gguf; the projector 'ldp' is \
             not supported: mm.gguf): DIR"
                .into(),
            Fault::Unsupported
        )
    );
}

#[test]
fn halves_alone_say_what_is_missing() {
    let dir = folder(&[("lm.gguf", language(16).zeroed())]);
    let lone = (
        "this is a language model without its mmproj file: lm.gguf".to_owned(),
        Fault::NoPair,
    );
    assert_eq!(refusal(dir.path(), find(dir.path())), lone);
    assert_eq!(refusal(dir.path(), find(&dir.path().join("lm.gguf"))), lone);

    let dir = folder(&[("mm.gguf", vision(16).zeroed())]);
    let lone = (
        "this is an mmproj file without its language model: mm.gguf".to_owned(),
        Fault::NoPair,
    );
    assert_eq!(refusal(dir.path(), find(dir.path())), lone);
    assert_eq!(refusal(dir.path(), find(&dir.path().join("mm.gguf"))), lone);

    let dir = folder(&[]);
    assert_eq!(
        refusal(dir.path(), find(dir.path())).0,
        "no LLaVA model in this folder: DIR"
    );
}

#[test]
fn halves_that_do_not_belong_together() {
    let dir = folder(&[
        ("lm.gguf", language(32).zeroed()),
        ("mm.gguf", vision(16).zeroed()),
    ]);
    let (lm, mm) = (dir.path().join("lm.gguf"), dir.path().join("mm.gguf"));
    let widths = (
        "the mmproj file gives rows 16 wide and the language model reads 32: mm.gguf and lm.gguf".into(),
        Fault::NoPair,
    );
    for result in [Pair::of_files(&lm, &mm), find(dir.path()), find(&lm), find(&mm)] {
        assert_eq!(refusal(dir.path(), result), widths);
    }
    assert_eq!(
        refusal(dir.path(), Pair::of_files(&lm, &lm)).0,
        "both files are language models: lm.gguf and lm.gguf"
    );
    assert_eq!(
        refusal(dir.path(), Pair::of_files(&mm, &mm)).0,
        "both files are mmproj files: mm.gguf and mm.gguf"
    );
}

#[test]
fn other_kinds_of_models_are_named() {
    let check = |writer: &GgufWriter, message: &str| {
        let dir = folder(&[("x.gguf", writer.zeroed())]);
        let message = format!("{message}: x.gguf");
        assert_eq!(
            refusal(dir.path(), find(&dir.path().join("x.gguf"))),
            (message, Fault::Unsupported)
        );
    };
    let text = |value: &str| MetaValue::Str(value.into());
    check(
        language(16).set("general.architecture", text("gemma3")),
        "the architecture 'gemma3' is not supported",
    );
    check(
        language(16).set("llama.expert_count", MetaValue::U32(8)),
        "the architecture 'llama with experts' is not supported",
    );
    for projector in ["ldp", "resampler", "qwen2vl_merger"] {
        let message = format!("the projector '{projector}' is not supported");
        check(vision(16).set("clip.projector_type", text(projector)), &message);
    }
    check(
        vision(16).set("clip.vision.projector_type", text("ldpv2")),
        "the projector 'ldpv2' is not supported",
    );
    check(
        vision(16).tensor("mm.3.weight", &[16, 16], TensorType::F32),
        "the projector 'mlp with norms, as in Yi-VL' is not supported",
    );
    check(
        vision(16).set("clip.vision.embedding_length", MetaValue::U32(4)),
        "the projector 'several feature layers side by side' is not supported",
    );
    check(
        vision(16).set("clip.has_vision_encoder", MetaValue::Bool(false)),
        "the encoder 'text or sound only' is not supported",
    );
    check(
        language(16).raw_tensor("blk.0.ffn_up.weight", &[256], 23, 136),
        "this file uses IQ4_XS, which Videre cannot run (1 tensors, 'blk.0.ffn_up.weight' first)",
    );
}

#[test]
fn headers_that_contradict_their_tensors() {
    let check = |writer: &GgufWriter, what: &str| {
        let dir = folder(&[("x.gguf", writer.zeroed())]);
        let message = format!("the model file is damaged ({what}): x.gguf");
        assert_eq!(
            refusal(dir.path(), find(&dir.path().join("x.gguf"))),
            (message, Fault::Unreadable)
        );
    };
    let number = MetaValue::U32;
    check(
        language(16).set("llama.embedding_length", number(12)),
        "embeddings are 16 wide, the header says 12",
    );
    check(language(16).set("llama.block_count", number(3)), "1 of 3 layers");
    check(
        language(16).remove_tensor("token_embd.weight"),
        "no tensor 'token_embd.weight'",
    );
    check(vision(16).remove_tensor("mm.2.weight"), "no tensor 'mm.2.weight'");
    check(
        vision(16).set("clip.vision.embedding_length", number(1024)),
        "the projector reads 8 values and the tower gives 1024",
    );
    check(
        vision(16).set("clip.vision.patch_size", number(7)),
        "the tower has no patches of 7 x 7 pixels",
    );
    check(
        vision(16).set("clip.vision.patch_size", number(0)),
        "the tower has no patches of 0 x 0 pixels",
    );
    check(
        vision(16).unset("clip.vision.image_size"),
        "the tower has no 577 positions",
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_model_is_not_waited_for() {
    let dir = folder(&[("lm.gguf", language(16).zeroed())]);
    let pipe = dir.path().join("pipe.gguf");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is a mkfifo").success());
    let refused = ("a pipe, not a file: pipe.gguf".to_owned(), Fault::Unreadable);
    assert_eq!(refusal(dir.path(), find(&pipe)), refused);
    let (message, _) = refusal(dir.path(), find(&dir.path().join("lm.gguf")));
    assert!(message.contains("(a pipe, not a file: pipe.gguf)"), "{message}");
}

#[test]
fn repositories_come_from_the_hugging_face_cache() {
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--owner--llava-7b-gguf");
    let snapshot = repository.join("snapshots/abc123");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::create_dir_all(repository.join("snapshots/older")).unwrap();
    std::fs::write(repository.join("refs/main"), "abc123\n").unwrap();
    std::fs::write(snapshot.join("lm.gguf"), language(16).zeroed()).unwrap();
    std::fs::write(snapshot.join("mm.gguf"), vision(16).zeroed()).unwrap();
    let at = |name: &'static str, value: std::path::PathBuf| {
        Hub::of(
            move |asked| (asked == name).then(|| value.clone().into_os_string()),
            Path::new("/nowhere"),
        )
        .cache()
        .clone()
    };
    let hub = at("HF_HUB_CACHE", cache.path().to_owned());
    found(Pair::find_in(&hub, "owner/llava-7b-gguf"), "lm.gguf", "mm.gguf");
    let missing = Pair::find_in(&hub, "owner/other").unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "'owner/other' is not in the Hugging Face cache: {}",
            cache.path().display()
        )
    );
    assert_eq!(missing.fault(), Fault::Missing);
    for path in ["../etc", "owner/..", "/absent.gguf", "absent.gguf"] {
        let missing = Pair::find_in(&hub, path).unwrap_err();
        assert_eq!(missing.fault(), Fault::Missing);
        assert_eq!(
            missing.to_string(),
            format!("there is no such file or folder: {path}")
        );
    }
    assert_eq!(at("HF_HOME", "/h".into()).folder(), Path::new("/h/hub"));
    assert_eq!(
        at("XDG_CACHE_HOME", "/x".into()).folder(),
        Path::new("/x/huggingface/hub")
    );
    assert_eq!(
        at("NONE", "/x".into()).folder(),
        Path::new("/nowhere/.cache/huggingface/hub")
    );
}
