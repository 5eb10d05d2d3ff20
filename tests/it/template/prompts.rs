//! Prompts, word for word.

use videre::gguf::Gguf;
use videre::llava::prompt::{
    PaperPrompt, PromptInput, PromptPart, ReferenceForm, chat_prompt, reference_prompt,
};
use videre::llava::template::{ChatTemplate, Family};
use videre::llava::tokenizer::Tokenizer;
use videre::visual::around::Around;

use super::KEY_FRAMES;

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
fn a_plan_s_words_stand_around_the_video_and_its_sentence_replaces_ours() {
    let template = ChatTemplate::of_family(Family::ChatMl);
    let prompt = |before: &str, after: &str, sentence: Option<&str>, times: Option<&[f64]>| {
        let around = Around {
            before: before.to_owned(),
            after: after.to_owned(),
            sentence: sentence.map(str::to_owned),
        };
        let question = PromptInput {
            text: "what?",
            frame_pts_secs: times,
            around: Some(&around),
            ..PromptInput::default()
        };
        let text = chat_prompt(&template, &question).unwrap().text();
        let user = text.split_once("<|im_start|>user\n").unwrap().1;
        user.split_once("<|im_end|>").unwrap().0.to_owned()
    };
    assert_eq!(
        prompt("", "", None, None),
        format!("<image>\n{KEY_FRAMES}\nwhat?")
    );
    assert_eq!(prompt("", "", Some("\n"), None), "<image>\nwhat?");
    assert_eq!(
        prompt("Frame1: <img>", "</img>\n", Some(""), None),
        "Frame1: <img><image></img>\nwhat?"
    );
    let times = [0.5];
    assert_eq!(
        prompt("", "", Some("\n"), Some(&times)),
        format!("<image>\n{KEY_FRAMES} They were taken at 0.5 s.\nwhat?"),
        "times that are asked for are told"
    );
    assert_eq!(
        prompt("", "", Some("\nIt lasts long.\n"), Some(&times)),
        "<image>\nIt lasts long.\nwhat?",
        "what a plan says of times is not said again"
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
