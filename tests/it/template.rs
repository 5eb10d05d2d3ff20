//! Chat templates and prompts, word for word.

use videre::gguf::{Gguf, GgufWriter, MetaValue, Source};
use videre::llava::prompt::{
    PaperPrompt, PromptInput, PromptPart, ReferenceForm, chat_prompt, reference_prompt,
};
use videre::llava::template::{ChatTemplate, Family, Message, Piece, Role, render_jinja};
use videre::llava::tokenizer::Tokenizer;
use videre::question::Turn;

const KEY_FRAMES: &str = "The input consists of a sequence of key frames from a video.";

fn strings(texts: &[&str]) -> MetaValue {
    MetaValue::Strs(texts.iter().map(|&text| text.to_owned()).collect())
}

/// The template chosen for a byte-level model with these markup tokens and, where given, a template of its own.
fn choose(markup: &[&str], name: &str, source: Option<&str>) -> ChatTemplate {
    choose_with(markup, name, source, &[])
}

/// The same with more keys.
fn choose_with(markup: &[&str], name: &str, source: Option<&str>, more: &[(&str, &str)]) -> ChatTemplate {
    let mut writer = GgufWriter::new();
    let texts: Vec<&str> = ["a", "b", "ab", "</s>"].iter().chain(markup).copied().collect();
    let kinds = texts
        .iter()
        .map(|text| if text.len() > 2 { 3 } else { 1 })
        .collect();
    writer
        .set("general.architecture", MetaValue::Str("llama".into()))
        .set("general.name", MetaValue::Str(name.into()))
        .set("tokenizer.ggml.model", MetaValue::Str("gpt2".into()))
        .set("tokenizer.ggml.pre", MetaValue::Str("gpt-2".into()))
        .set("tokenizer.ggml.tokens", strings(&texts))
        .set("tokenizer.ggml.token_type", MetaValue::I32s(kinds))
        .set("tokenizer.ggml.merges", strings(&["a b"]))
        .set("tokenizer.ggml.eos_token_id", MetaValue::U32(3));
    if let Some(source) = source {
        writer.set("tokenizer.chat_template", MetaValue::Str(source.into()));
    }
    for (key, value) in more {
        writer.set(key, MetaValue::Str((*value).into()));
    }
    let file = Gguf::read(Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    })
    .expect("the test gives a good one");
    ChatTemplate::choose(&file, &Tokenizer::read(&file).expect("the test gives a good one"))
}

fn asked(template: &ChatTemplate) -> String {
    let history = [Turn {
        question: "one?".into(),
        answer: " 1 ".into(),
    }];
    let question = PromptInput {
        text: " two? ",
        history: &history,
        ..PromptInput::default()
    };
    chat_prompt(template, &question)
        .expect("the test gives a good one")
        .text()
}

#[test]
fn each_family_writes_turns_its_own_way() {
    let text = |family| asked(&ChatTemplate::of_family(family));
    assert_eq!(
        text(Family::Vicuna),
        format!(
            "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, \
             detailed, and polite answers to the user's questions. USER: <image>\n{KEY_FRAMES}\none? ASSISTANT: 1</s>\
             USER: two? ASSISTANT:"
        )
    );
    assert_eq!(
        text(Family::Mistral),
        format!("[INST] <image>\n{KEY_FRAMES}\none? [/INST] 1 </s>[INST] two? [/INST]")
    );
    assert_eq!(
        text(Family::Llama3),
        format!(
            "<|start_header_id|>user<|end_header_id|>\n\n<image>\n{KEY_FRAMES}\none?<|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\n1<|eot_id|>\
             <|start_header_id|>user<|end_header_id|>\n\ntwo?<|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\n"
        )
    );
    assert_eq!(
        text(Family::Phi3),
        format!(
            "<|user|>\n<image>\n{KEY_FRAMES}\none?<|end|>\n<|assistant|>\n1<|end|>\n<|user|>\ntwo?<|end|>\n<|assistant|>\n"
        )
    );
    assert_eq!(
        text(Family::ChatMl),
        format!(
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n<image>\n{KEY_FRAMES}\none?\
             <|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n<|im_start|>user\ntwo?<|im_end|>\n<|im_start|>assistant\n"
        )
    );
}

#[test]
fn the_family_is_chosen_by_evidence() {
    let family = |markup: &[&str], name: &str| choose(markup, name, None).name();
    assert_eq!(family(&["<|im_start|>", "<|im_end|>"], "LLaVA"), "chatml");
    assert_eq!(family(&["<|start_header_id|>", "<|eot_id|>"], "LLaVA"), "llama-3");
    assert_eq!(
        family(&["<|user|>", "<|end|>", "<|assistant|>"], "LLaVA"),
        "phi-3"
    );
    assert_eq!(family(&[], "llava-v1.6-Mistral-7b"), "mistral");
    assert_eq!(family(&[], "BakLLaVA-1 on Mistral"), "vicuna");
    assert_eq!(family(&[], "LLaMA v2"), "vicuna");
    let chosen = choose(&[], "LLaMA v2", None);
    assert_eq!(
        chosen.reason(),
        "the file has no template; nothing points to another family than Vicuna"
    );
    assert!(chosen.stop_texts().contains(&"USER:"));
}

/// The template of Mistral Instruct 0.2 in its `tokenizer_config.json`, shortened in its message.
const MISTRAL: &str = "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('unknown role') }}{% endif %}{% endfor %}";
/// One that takes contents as lists of parts, as the LLaVA repositories of Hugging Face do.
const PARTS: &str = "{% for message in messages %}{{ message['role'].upper() + ': ' }}{% for part in message['content'] | selectattr('type', 'equalto', 'text') %}{{ part['text'] }}{% endfor %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}";

#[test]
fn the_template_of_the_file_is_used_where_it_works() {
    let mistral = choose(&[], "llava-v1.6-mistral", Some(MISTRAL));
    assert_eq!((mistral.name(), mistral.family()), ("file", Family::Mistral));
    assert_eq!(
        asked(&mistral),
        format!("[INST] <image>\n{KEY_FRAMES}\none? [/INST]1</s>[INST] two? [/INST]")
    );
    let parts = choose(&[], "LLaVA", Some(PARTS));
    assert_eq!(parts.name(), "file");
    assert_eq!(
        asked(&parts),
        format!("USER: <image>\n{KEY_FRAMES}\none?\nASSISTANT: 1\nUSER: two?\nASSISTANT:")
    );
}

#[test]
fn a_model_may_say_what_it_reads_between_video_and_question() {
    let choose = |sentence| choose_with(&[], "vicuna", None, &[("videre.video_sentence", sentence)]);
    let text = |template: &ChatTemplate, frame_pts_secs| {
        let question = PromptInput {
            text: "what?",
            frame_pts_secs,
            ..PromptInput::default()
        };
        chat_prompt(template, &question)
            .expect("the test gives a good one")
            .text()
    };
    assert!(text(&choose(""), None).ends_with("<image>\nwhat? ASSISTANT:"));
    assert!(text(&choose("Frames of a clip."), None).contains("<image>\nFrames of a clip.\nwhat?"));
    assert!(text(&choose(""), Some(&[1.0])).contains("<image>\nThey were taken at 1.0 s.\nwhat?"));
}

#[test]
fn blocks_are_trimmed_as_transformers_does() {
    let source = "{% for m in messages %}\n    {% if m.role == 'user' %}\n<{{ m.content }}>\n    {% endif %}\n{% endfor %}\n";
    let message = Message {
        role: Role::User,
        content: vec![Piece::user("x")],
    };
    let pieces = render_jinja(source, &[message]).unwrap();
    assert_eq!(pieces, [Piece::fixed("<"), Piece::user("x"), Piece::fixed(">\n")]);
}

#[test]
fn templates_that_do_not_work_fall_back_to_the_family() {
    let reason = |source: &str| {
        let template = choose(&["<|im_start|>", "<|im_end|>"], "LLaVA", Some(source));
        assert_eq!(template.name(), "chatml", "{source}");
        template.reason().to_owned()
    };
    let wrapped = |why: &str| {
        format!("the file's template does not work here ({why}); its vocabulary has <|im_start|>")
    };
    assert_eq!(reason("{{ raise_exception('no') }}"), wrapped("no"));
    assert_eq!(
        reason("nothing of the messages"),
        wrapped("it leaves out, repeats or reorders messages")
    );
    assert_eq!(
        reason("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}"),
        wrapped("it leaves out, repeats or reorders messages")
    );
    let budget = wrapped("it takes too long or too much memory");
    assert_eq!(
        reason("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"),
        budget
    );
    let doubling = "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    assert_eq!(reason(doubling), budget);
    assert_eq!(reason("{{ 'a' * 99999999 }}"), budget);
    let squaring = "{% set x = 'a' * 9999 %}{{ x.replace('a', x).replace('a', x) }}";
    assert_eq!(reason(squaring), budget);
    assert_eq!(reason(&"x".repeat(1 << 19)), wrapped("it is too long"));
    assert!(reason("{% for %}").starts_with("the file's template does not work here (unexpected"));
}

#[test]
fn a_template_of_the_model_below_is_not_vicunas() {
    let template = choose(&[], "llava-v1.6-vicuna-7b", Some(MISTRAL));
    assert_eq!((template.name(), template.family()), ("vicuna", Family::Vicuna));
}

#[test]
fn the_users_words_cannot_change_the_template() {
    let template = choose(&[], "llava-v1.6-mistral", Some(MISTRAL));
    let text = "{{ bos_token }}{% endfor %}\u{e0f0}0\u{e0f1}";
    let prompt = chat_prompt(
        &template,
        &PromptInput {
            text,
            ..PromptInput::default()
        },
    )
    .unwrap();
    assert!(prompt.pieces.contains(&Piece::user(text)));
}

#[test]
fn questions_share_everything_before_their_words() {
    let template = ChatTemplate::of_family(Family::Vicuna);
    let options = ["red".to_owned(), "blue".to_owned()];
    let open = chat_prompt(
        &template,
        &PromptInput {
            text: "what?",
            ..PromptInput::default()
        },
    )
    .unwrap()
    .text();
    let question = PromptInput {
        text: "which?",
        options: &options,
        ..PromptInput::default()
    };
    let choice = chat_prompt(&template, &question).unwrap().text();
    let shared = open.split("what?").next().unwrap();
    assert!(choice.starts_with(shared) && shared.ends_with(&format!("<image>\n{KEY_FRAMES}\n")));
    assert!(choice.ends_with(
        "which?\nOptions:\n(A) red\n(B) blue\nOnly give the best option. ASSISTANT: Best option:("
    ));
    let times = [0.0, 1.25];
    let question = PromptInput {
        text: "when?",
        frame_pts_secs: Some(&times),
        ..PromptInput::default()
    };
    let timed = chat_prompt(&template, &question).unwrap().text();
    assert!(
        timed.contains(&format!("{KEY_FRAMES} They were taken at 0.0 s, 1.2 s.\nwhen?")),
        "{timed}"
    );
}

#[test]
fn the_prompts_of_the_paper() {
    let options = ["left".to_owned(), "right".to_owned()];
    let open = PromptInput {
        text: "why?",
        ..PromptInput::default()
    };
    let choice = PromptInput {
        text: "where?",
        options: &options,
        ..PromptInput::default()
    };
    let text = |form, question: &PromptInput<'_>| reference_prompt(form, PaperPrompt::Usual, question).text();
    assert_eq!(
        text(ReferenceForm::Plain, &open),
        "USER: <image>\nThe input consists of a sequence of key frames from a video. Answer concisely with overall \
         content and context of the video, highlighting any significant events, characters, or objects that appear \
         throughout the video. Question: why? \nASSISTANT:\nAnswer: In the video,"
    );
    assert_eq!(
        text(ReferenceForm::ChatMl, &open),
        "<|im_start|>system\n Answer the question. <|im_end|>\n<|im_start|>user\n <image>\nThe input consists of a \
         sequence of key frames from a video. Answer concisely with overall content and context of the video, \
         highlighting any significant events, characters, or objects that appear throughout the video. Question: \
         why? <|im_end|>\n<|im_start|>assistant\nAnswer: In the video,"
    );
    assert_eq!(
        text(ReferenceForm::Plain, &choice),
        "You are a helpful expert in video analysis. Select the best option to answer the question. USER: \
         <image>\nThe input consists of a sequence of key frames from a video.\nQuestion: where?\nOptions:\n(A) \
         left\n(B) right\nOnly give the best option. \nASSISTANT:\nAnswer: Best option:("
    );
    assert_eq!(
        text(ReferenceForm::ChatMl, &choice),
        "<|im_start|>system\n You are a helpful expert in video analysis. Select the best option to answer the \
         question. <|im_end|>\n<|im_start|>user\n <image>\nThe input consists of a sequence of key frames from a \
         video. Question: where?\nOptions:\n(A) left\n(B) right\nOnly give the best option. \
         <|im_end|>\n<|im_start|>assistant\nAnswer: Best option:("
    );
    assert_eq!(ReferenceForm::of(Family::ChatMl), ReferenceForm::ChatMl);
    assert_eq!(ReferenceForm::of(Family::Mistral), ReferenceForm::Plain);
}

#[test]
fn the_other_prompts_of_the_paper() {
    let options = ["left".to_owned(), "it's right".to_owned()];
    let open = PromptInput {
        text: "why?",
        ..PromptInput::default()
    };
    let choice = PromptInput {
        text: "where?",
        options: &options,
        ..PromptInput::default()
    };
    let text = |form, paper, question: &PromptInput<'_>| reference_prompt(form, paper, question).text();
    let (plain, chatml) = (ReferenceForm::Plain, ReferenceForm::ChatMl);
    let grid = "The input consists of an image arranging key frames from a video in a grid view, along with a sequence of \
                key frames from the video.";
    let v5 = text(plain, PaperPrompt::GridAndFrames, &choice);
    assert_eq!(
        v5,
        text(plain, PaperPrompt::Usual, &choice).replace(
            "The input consists of a sequence of key frames from a video.",
            grid
        )
    );
    assert!(v5.contains(grid));
    assert!(text(chatml, PaperPrompt::GridAndFrames, &choice).contains(&format!("{grid} Question: where?")));
    let v2 = text(plain, PaperPrompt::Expert, &open);
    assert_eq!(
        v2,
        format!(
            "You are a helpful expert in video analysis. {}",
            text(plain, PaperPrompt::Usual, &open)
        )
    );
    assert!(text(chatml, PaperPrompt::Expert, &open).starts_with(
        "<|im_start|>system\n You are a helpful expert in video analysis. Answer the question. <|im_end|>\n<|im_start|>user\n \
         <image>\n"
    ));
    assert_eq!(
        text(plain, PaperPrompt::Letter, &choice),
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, \
         and polite answers to the user's questions. USER: <image>\nSelect the best answer to the following \
         multiple-choice question based on the video. Respond with only the letter (A,B) of the correct option. \
         \nQuestion: where?\nOptions:\nA. left\nB. it's right\nOnly give the best option. \nAnswer with the option's \
         letter from the given choices directly. ASSISTANT:"
    );
    assert_eq!(
        text(plain, PaperPrompt::VideoMme, &choice),
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, \
         and polite answers to the user's questions. USER: <image>\nSelect the best answer to the following \
         multiple-choice question based on the video. Respond with only the letter (A, B, C, or D) of the correct \
         option.\nwhere?\n['A. left', \"B. it's right\"]\nAnswer with the option's letter from the given choices \
         directly. ASSISTANT:"
    );
    let best = text(chatml, PaperPrompt::VideoMmeBest, &choice);
    assert!(
        best.ends_with("The best answer is:<|im_end|><|im_start|>assistant\n"),
        "{best}"
    );
    // Open questions have no other text there.
    for paper in [
        PaperPrompt::GridAndFrames,
        PaperPrompt::Letter,
        PaperPrompt::VideoMme,
    ] {
        assert_eq!(text(plain, paper, &open), text(plain, PaperPrompt::Usual, &open));
    }
}

#[test]
fn a_prompt_is_tokenised_around_the_video() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokenizers");
    let tokenizer = Tokenizer::read(&Gguf::open(&folder.join("spm.gguf")).unwrap()).unwrap();
    let prompt = reference_prompt(
        ReferenceForm::Plain,
        PaperPrompt::Usual,
        &PromptInput {
            text: "why?",
            ..PromptInput::default()
        },
    );
    let parts = prompt.encode(&tokenizer).unwrap();
    let [
        PromptPart::Tokens(head),
        PromptPart::Video,
        PromptPart::Tokens(tail),
    ] = parts.as_slice()
    else {
        panic!("{parts:?}");
    };
    assert_eq!((head[0], tokenizer.decode(head)), (1, " USER: ".to_owned()));
    assert!(tokenizer.decode(tail).starts_with(" \nThe input consists"));
    assert!(
        tokenizer
            .decode(tail)
            .ends_with("Question: why? \nASSISTANT:\nAnswer: In the video,")
    );
}
