//! Chat templates and prompts, word for word.

#[cfg(target_os = "linux")]
mod hostile;
mod prompts;

use videre::gguf::{Gguf, GgufWriter, MetaValue, Source};
use videre::llava::prompt::{Prompt, PromptInput, PromptPart, chat_prompt};
use videre::llava::template::{ChatTemplate, Family, Message, Moment, Piece, Role, render_jinja};
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
    let mut writer = byte_level(markup, name, source);
    for (key, value) in more {
        writer.set(key, MetaValue::Str((*value).into()));
    }
    let file = header(&writer, "test.gguf");
    ChatTemplate::choose(&file, &tokenizer(&file))
}

fn byte_level(markup: &[&str], name: &str, source: Option<&str>) -> GgufWriter {
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
    writer
}

fn header(writer: &GgufWriter, name: &'static str) -> Gguf {
    let bytes = writer.zeroed().leak();
    Gguf::read(Source::Static { bytes, name }).expect("the test gives a good one")
}

fn tokenizer(file: &Gguf) -> Tokenizer {
    Tokenizer::read(file).expect("the test gives a good one")
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

/// The ids of a question to a model whose template and tokenizer say this of the token that begins.
fn ids(source: &str, adds_bos: bool) -> Vec<u32> {
    let mut writer = byte_level(&["<s>"], "LLaVA", Some(source));
    writer
        .set("tokenizer.ggml.bos_token_id", MetaValue::U32(4))
        .set("tokenizer.ggml.add_bos_token", MetaValue::Bool(adds_bos));
    let file = header(&writer, "test.gguf");
    let tokenizer = tokenizer(&file);
    let template = ChatTemplate::choose(&file, &tokenizer);
    assert_eq!(template.name(), "file");
    let message = Message {
        role: Role::User,
        content: vec![Piece::user("ab")],
    };
    let pieces = template.render(&[message]).expect("it was just tried");
    let parts = Prompt { pieces }.encode(&tokenizer).expect("it has both letters");
    match parts.as_slice() {
        [PromptPart::Tokens(ids)] => ids.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sequence_begins_as_often_as_the_template_and_the_tokenizer_together_want() {
    let writes = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}";
    let silent = "{% for m in messages %}{{ m.content }}{% endfor %}";
    assert_eq!(ids(writes, false), [4, 2], "what the template writes is written");
    assert_eq!(
        ids(writes, true),
        [4, 2],
        "and not twice where the tokenizer adds one"
    );
    assert_eq!(ids(silent, true), [4, 2]);
    assert_eq!(ids(silent, false), [2]);
    let twice = format!("{{{{ bos_token }}}}{writes}");
    assert_eq!(ids(&twice, false), [4, 4, 2], "a template may want two");
}

#[test]
fn bunny_is_asked_like_vicuna_on_any_vocabulary() {
    const LLAMA_3: &[&str] = &["<|start_header_id|>", "<|eot_id|>", "<|end_of_text|>"];
    const PHI: &[&str] = &["<|user|>", "<|end|>", "<|assistant|>", "<|endoftext|>"];
    let asked_of = |markup: &[&str], name: &str, file: &'static str, source: Option<&str>| {
        let mut writer = byte_level(markup, name, source);
        let texts: Vec<&str> = ["a", "b", "ab", "c"].iter().chain(markup).copied().collect();
        writer.set("tokenizer.ggml.tokens", strings(&texts)).set(
            "tokenizer.ggml.eos_token_id",
            MetaValue::U32(texts.len() as u32 - 1),
        );
        let file = header(&writer, file);
        let template = ChatTemplate::choose(&file, &tokenizer(&file));
        (template.name(), asked(&template))
    };
    let vicuna = asked(&ChatTemplate::of_family(Family::Vicuna));
    let llama_3 = ("vicuna", vicuna.replace("</s>", "<|end_of_text|>"));
    let phi = ("vicuna", vicuna.replace("</s>", "<|endoftext|>"));
    let own = "{% for m in messages %}<|start_header_id|>{{ m.content }}<|eot_id|>{% endfor %}";
    let by_name = asked_of(LLAMA_3, "Bunny-Llama-3-8B-V", "ggml-model-f16.gguf", Some(own));
    assert_eq!(by_name, llama_3);
    assert_eq!(asked_of(PHI, "Bunny-v1_0-4B", "ggml-model-f16.gguf", None), phi);
    assert_eq!(
        asked_of(PHI, "model", "Bunny-v1_0-4B/ggml-model-f16.gguf", None),
        phi
    );
    let cached = "hub/models--BAAI--Bunny-Llama-3-8B-V-gguf/snapshots/0/ggml-model-f16.gguf";
    assert_eq!(asked_of(LLAMA_3, "model", cached, None), llama_3);
    let other = asked_of(LLAMA_3, "LLaVA-Llama-3", "ggml-model-f16.gguf", None);
    assert_eq!(other.0, "llama-3");
}

/// Templates with what transformers renders them to: `tests/reference/templates.py`.
#[test]
fn templates_are_rendered_as_transformers_does() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llava/templates.json");
    let text = std::fs::read_to_string(path).expect("a file of the repository");
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let now = Moment::new((2026, 3, 7), (16, 5, 9)).expect("there is such a day");
    for case in &cases {
        let name = text(&case["name"]);
        let mut writer = byte_level(&["<s>"], "LLaVA", Some(&text(&case["template"])));
        writer.set("tokenizer.ggml.bos_token_id", MetaValue::U32(4));
        let file = header(&writer, "test.gguf");
        let template = ChatTemplate::choose_at(&file, &tokenizer(&file), now);
        assert_eq!(template.name(), "file", "{name}: {}", template.reason());
        for conversation in case["conversations"].as_array().expect("a list") {
            let said = conversation["messages"].as_array().expect("a list");
            let message = |message: &serde_json::Value| Message {
                role: if message["role"] == "user" {
                    Role::User
                } else {
                    Role::Assistant
                },
                content: vec![Piece::user(text(&message["content"]))],
            };
            let messages: Vec<Message> = said.iter().map(message).collect();
            let pieces = template.render(&messages).expect("it was tried");
            assert_eq!(Prompt { pieces }.text(), text(&conversation["text"]), "{name}");
        }
    }
}

#[test]
fn a_template_that_can_do_without_a_date_writes_none_of_today() {
    let source = "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}";
    let template = choose(&[], "LLaVA", Some(source));
    assert!(
        asked(&template).starts_with("26 Jul 2024"),
        "{}",
        asked(&template)
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

/// The templates of llava-hf's repositories, shortened: a part for each picture or video, then the words.
#[test]
fn a_video_stands_where_the_template_has_a_place_for_it() {
    let parts = |kind: &str, written: &str| {
        format!(
            "{{% for part in m.content | selectattr('type', 'equalto', '{kind}') %}}{{{{ {written} }}}}{{% endfor %}}"
        )
    };
    let text = |shown: &str, said: &str| {
        let source = format!("{{% for m in messages %}}{{{{ m.role + ' ' }}}}{shown}{said}.{{% endfor %}}");
        asked(&choose(&["<|im_start|>", "<|im_end|>"], "LLaVA", Some(&source)))
    };
    let (image, video) = (parts("image", "'<image>'"), parts("video", "'<video>'"));
    // OneVision's: the line's end is the template's, and no second one follows from the words.
    let of_lines = parts("text", "'\\n' + part.text");
    let wanted = format!("user <image>\n{KEY_FRAMES}\none?.assistant \n1.user \ntwo?.");
    assert_eq!(text(&format!("{image}{video}"), &of_lines), wanted);
    assert_eq!(text(&image, &of_lines), wanted, "one that knows only pictures");
    // LLaVA-NeXT-Video's: it belongs to the place of the video.
    let plain = parts("text", "part.text");
    let wanted = format!("user <image>\n{KEY_FRAMES}\none?.assistant 1.user two?.");
    assert_eq!(text(&parts("video", "'<video>\\n'"), &plain), wanted);
    assert_eq!(text(&video, &plain), wanted, "the line's end is the words' own");
    assert_eq!(text("", &plain), wanted, "no place: it stands before the words");
}

#[test]
fn smolvlm_is_shown_a_video_as_words_are_said() {
    let source = "{% for m in messages %}{{ m.role }}{% if m.content[0].type == 'image' %}:{% else %}: {% endif %}{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% elif part.type == 'image' %}<image>{% endif %}{% endfor %};{% endfor %}";
    let markup = ["<end_of_utterance>", "<fake_token_around_image>"];
    let text = asked(&choose(&markup, "SmolVLM2", Some(source)));
    assert!(text.starts_with("user: <image>"), "{text}");
}
