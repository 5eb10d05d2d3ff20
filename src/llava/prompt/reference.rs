//! The prompts of TS-LLaVA, word for word: what its `prompt.py` and its runner for Video-MME write.

use super::{
    BEST_OPTION, KEY_FRAMES, ONLY_BEST, Prompt, PromptInput, ReferenceForm, option_lines, video_between,
};
use crate::llava::template::Piece;

/// Which of the paper's texts. Where one is for questions with options only, open ones get the usual text, and the other way
/// round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperPrompt {
    /// `multiple_choice_allvideo_v4`, and `image_seq_v3` for open questions.
    Usual,
    /// `multiple_choice_allvideo_v5`: the input is said to be a grid beside the key frames.
    GridAndFrames,
    /// `image_seq_v2` for open questions: as the usual text, with an expert before it.
    Expert,
    /// `get_multiple_choice_prompt_onlychoice`: the answer is to be a letter.
    Letter,
    /// Video-MME's own, which ends by asking for the letter (`v1` of its runner).
    VideoMme,
    /// Video-MME's own with "The best answer is:" (`v2` of its runner).
    VideoMmeBest,
}

const CONCISELY: &str = " Answer concisely with overall content and context of the video, highlighting any significant events, characters, or objects that appear throughout the video. Question: ";
const GRID_AND_FRAMES: &str = "The input consists of an image arranging key frames from a video in a grid view, along with a sequence of key frames from the video.";
const EXPERT: &str = "You are a helpful expert in video analysis. ";
const SELECT: &str = "Select the best option to answer the question. ";
const CURIOUS: &str = "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions. ";
const SELECT_ANSWER: &str = "Select the best answer to the following multiple-choice question based on the video. Respond with only the letter ";
const LETTER_DIRECTLY: &str = "Answer with the option's letter from the given choices directly.";

/// The prompt of TS-LLaVA for models of `form`. It knows no earlier turns and no time stamps; what the plan says right
/// before and after the rows stays there, its sentence does not.
#[must_use]
pub fn reference_prompt(form: ReferenceForm, paper: PaperPrompt, question: &PromptInput<'_>) -> Prompt {
    let pieces = if question.options.is_empty() {
        open(form, paper == PaperPrompt::Expert, question)
    } else {
        match paper {
            PaperPrompt::Usual | PaperPrompt::Expert => choice(form, KEY_FRAMES, question),
            PaperPrompt::GridAndFrames => choice(form, GRID_AND_FRAMES, question),
            PaperPrompt::Letter => letter(form, question),
            PaperPrompt::VideoMme => video_mme(form, LETTER_DIRECTLY, question),
            PaperPrompt::VideoMmeBest => video_mme(form, "The best answer is:", question),
        }
    };
    Prompt { pieces }
}

fn fixed(text: impl Into<String>) -> Piece {
    Piece::fixed(text.into())
}

/// `head`, the video, what follows it, the question's words, and the rest.
fn around(head: &str, question: &PromptInput<'_>, after: &str) -> Vec<Piece> {
    let mut pieces = vec![fixed(head)];
    pieces.extend(video_between(question, after));
    pieces.push(Piece::user(question.text.to_owned()));
    pieces
}

fn open(form: ReferenceForm, has_expert: bool, question: &PromptInput<'_>) -> Vec<Piece> {
    let expert = if has_expert { EXPERT } else { "" };
    let (head, tail) = match form {
        ReferenceForm::Plain => (format!("{expert}USER: "), " \nASSISTANT:\nAnswer: In the video,"),
        ReferenceForm::ChatMl => (
            format!("<|im_start|>system\n {expert}Answer the question. <|im_end|>\n<|im_start|>user\n "),
            " <|im_end|>\n<|im_start|>assistant\nAnswer: In the video,",
        ),
    };
    let mut pieces = around(&head, question, &format!("\n{KEY_FRAMES}{CONCISELY}"));
    pieces.push(fixed(tail));
    pieces
}

fn choice(form: ReferenceForm, told: &str, question: &PromptInput<'_>) -> Vec<Piece> {
    let (head, gap, tail) = match form {
        ReferenceForm::Plain => (
            format!("{EXPERT}{SELECT}USER: "),
            "\n",
            format!("{ONLY_BEST} \nASSISTANT:\nAnswer: {BEST_OPTION}"),
        ),
        ReferenceForm::ChatMl => (
            format!("<|im_start|>system\n {EXPERT}{SELECT}<|im_end|>\n<|im_start|>user\n "),
            " ",
            format!("{ONLY_BEST} <|im_end|>\n<|im_start|>assistant\nAnswer: {BEST_OPTION}"),
        ),
    };
    let mut pieces = around(&head, question, &format!("\n{told}{gap}Question: "));
    pieces.push(fixed("\nOptions:\n"));
    pieces.extend(option_lines(question.options));
    pieces.push(fixed(tail));
    pieces
}

fn letter(form: ReferenceForm, question: &PromptInput<'_>) -> Vec<Piece> {
    let letters: Vec<String> = ('A'..='Z')
        .zip(question.options)
        .map(|(letter, _)| letter.to_string())
        .collect();
    let (head, gap, tail) = match form {
        ReferenceForm::Plain => (
            format!("{CURIOUS}USER: "),
            " ",
            format!("{ONLY_BEST} \n{LETTER_DIRECTLY} ASSISTANT:"),
        ),
        ReferenceForm::ChatMl => (
            format!("<|im_start|>system\n {CURIOUS}<|im_end|>\n<|im_start|>user\n "),
            "",
            format!("{ONLY_BEST} <|im_end|>\n<|im_start|>assistant\n{LETTER_DIRECTLY} ASSISTANT:"),
        ),
    };
    let letters = letters.join(",");
    let asked = format!("\n{SELECT_ANSWER}({letters}) of the correct option.{gap}\nQuestion: ");
    let mut pieces = around(&head, question, &asked);
    pieces.push(fixed("\nOptions:\n"));
    for (letter, option) in ('A'..='Z').zip(question.options) {
        pieces.extend([
            fixed(format!("{letter}. ")),
            Piece::user(option.clone()),
            fixed("\n"),
        ]);
    }
    pieces.push(fixed(tail));
    pieces
}

/// In LLaVA's own conversations, `vicuna_v1` and `chatml_direct`.
fn video_mme(form: ReferenceForm, last: &str, question: &PromptInput<'_>) -> Vec<Piece> {
    let (head, tail) = match form {
        ReferenceForm::Plain => (format!("{CURIOUS}USER: "), " ASSISTANT:"),
        ReferenceForm::ChatMl => (
            "<|im_start|>system\nAnswer the questions.<|im_end|><|im_start|>user\n".to_owned(),
            "<|im_end|><|im_start|>assistant\n",
        ),
    };
    let asked = format!("\n{SELECT_ANSWER}(A, B, C, or D) of the correct option.\n");
    let mut pieces = around(&head, question, &asked);
    pieces.push(fixed("\n["));
    for (nth, (letter, option)) in ('A'..='Z').zip(question.options).enumerate() {
        let comma = if nth == 0 { "" } else { ", " };
        let (quote, option) = quoted(option);
        pieces.extend([
            fixed(format!("{comma}{quote}{letter}. ")),
            Piece::user(option),
            fixed(quote.to_string()),
        ]);
    }
    pieces.push(fixed(format!("]\n{last}{tail}")));
    pieces
}

/// A text as Python writes it in a list: the quote around it, and what stands inside.
fn quoted(text: &str) -> (char, String) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut inside = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => inside.push_str("\\\\"),
            '\n' => inside.push_str("\\n"),
            '\r' => inside.push_str("\\r"),
            '\t' => inside.push_str("\\t"),
            letter if letter == quote => inside.extend(['\\', letter]),
            letter => inside.push(letter),
        }
    }
    (quote, inside)
}
