//! Predictions in the shapes that TS-LLaVA's scripts write, for judges and leaderboards outside.

use serde_json::{Value, json};

use super::question::{Format, Question, QuestionSet, Wanted};
use super::results::Answered;
use super::score::letter_of;

/// The answers so far as the reference's own output for that format: one JSON object a line. Questions without an answer
/// are left out, as there. Our own format has none.
#[must_use]
pub fn lines(set: &QuestionSet, answered: &[Option<Answered>]) -> Vec<String> {
    let said = set
        .questions
        .iter()
        .zip(answered)
        .filter_map(|(question, answered)| match answered {
            Some(Answered::Said { answer }) => prediction(set.format, question, answer),
            Some(Answered::Failed { .. }) | None => None,
        });
    said.map(|object| object.to_string()).collect()
}

fn prediction(format: Format, question: &Question, answer: &str) -> Option<Value> {
    let (options, right) = match &question.wanted {
        Wanted::Choice { options, right } => (Some(options), *right),
        Wanted::Exact { .. } | Wanted::Unjudged { .. } => (None, None),
    };
    let wanted = match &question.wanted {
        Wanted::Choice { options, right } => right.map(|right| options[right].clone()),
        Wanted::Exact { answer } => Some(answer.clone()),
        Wanted::Unjudged { answer } => answer.clone(),
    };
    let Question { id, task, text, .. } = question;
    match format {
        Format::Videre => None,
        Format::MultipleChoice => Some(json!({
            "task_name": task, "question": text, "id": id, "answer_number": right, "candidates": options,
            "answer": wanted, "pred": answer,
        })),
        Format::Mvbench => {
            Some(json!({"question": text, "candidates": options, "answer": wanted, "pred": answer}))
        }
        Format::Mlvu if options.is_some() => {
            let option = letter_of(format, answer).and_then(letter_name);
            Some(
                json!({"question_id": id, "question_type": task, "option": option.as_deref().unwrap_or("none")}),
            )
        }
        Format::Mlvu => {
            Some(json!({"question_id": id, "question_type": task, "question": text, "pred": answer}))
        }
        Format::VideoMme => Some(json!({
            "question_id": id, "task_type": task, "question": text, "options": options.map(lettered),
            "answer": right.and_then(letter_name), "response": answer,
        })),
        Format::Open => Some(json!({"question": text, "id": id, "answer": wanted, "pred": answer})),
    }
}

/// Options as Video-MME writes them: "A. Apples."
fn lettered(options: &Vec<String>) -> Vec<String> {
    ('A'..='Z')
        .zip(options)
        .map(|(letter, option)| format!("{letter}. {option}"))
        .collect()
}

/// 0 is `A`.
fn letter_name(position: usize) -> Option<String> {
    let letter = u8::try_from(position)
        .ok()
        .filter(|n| *n < 26)
        .map(|n| char::from(b'A' + n))?;
    Some(letter.to_string())
}
