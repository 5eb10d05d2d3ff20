//! Question files: which of the known ones a file is, and its questions.
//!
//! TS-LLaVA's scripts read JSON lists; their keys are those of `scripts/infer_video/run_inference_*.py` and
//! `videomme_utils/run_inference_videomme.py`. Ours is an object that says what it is:
//!
//! ```json
//! {"format": "videre-questions", "version": 1, "questions": [
//!   {"id": 0, "video": "clip.mp4", "at_secs": null, "start_secs": null, "end_secs": null, "task": "colour",
//!    "n_answers": 8, "question": "What colour is the star?", "options": null, "answer": "The star is red."}]}
//! ```
//!
//! `at_secs` asks about the frame shown then, `start_secs` and `end_secs` about a part; `options` make it multiple
//! choice, and `answer` is then one of them. `n_answers` equally frequent answers make a blind guess right once in
//! `n_answers`.

use std::path::Path;

use serde_json::Value;

use super::error::{BadQuestion, EvalError};
use super::question::{Format, Part, Question, QuestionSet, Wanted};

/// What our own files call themselves.
const OURS: &str = "videre-questions";

/// Reads a question file; its format is found out from its keys.
///
/// # Errors
/// [`EvalError`] where it cannot be read, is no question file, or one of its questions lacks what its format has.
pub fn read(path: &Path) -> Result<QuestionSet, EvalError> {
    let bytes = std::fs::read(path).map_err(|source| EvalError::Io {
        doing: "read",
        path: path.to_owned(),
        source,
    })?;
    parse(path, &bytes)
}

/// The questions in `bytes`, the contents of `path`, whose name is MVBench's name of the task.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<QuestionSet, EvalError> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|source| EvalError::NotJson {
        path: path.to_owned(),
        source,
    })?;
    let unknown = || EvalError::UnknownFormat {
        path: path.to_owned(),
    };
    let entries = match &whole {
        Value::Array(entries) => entries,
        Value::Object(object) if object.get("format").and_then(Value::as_str) == Some(OURS) => object
            .get("questions")
            .and_then(Value::as_array)
            .ok_or_else(unknown)?,
        _ => return Err(unknown()),
    };
    let Some(first) = entries.first() else {
        return Err(EvalError::Empty {
            path: path.to_owned(),
        });
    };
    let format = if whole.is_object() {
        Format::Videre
    } else {
        told_by(first).ok_or_else(unknown)?
    };
    let stem = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let mut questions = Vec::with_capacity(entries.len());
    for (n, entry) in entries.iter().enumerate() {
        let question = question(format, entry, n, &stem).map_err(|problem| EvalError::BadQuestion {
            path: path.to_owned(),
            number: n + 1,
            problem,
        })?;
        questions.push(question);
    }
    Ok(QuestionSet {
        format,
        questions,
        digest: blake3::hash(bytes).to_hex().to_string(),
    })
}

/// The format whose keys these are.
fn told_by(entry: &Value) -> Option<Format> {
    let has = |key: &str| entry.get(key).is_some();
    match () {
        () if has("videoID") && has("options") => Some(Format::VideoMme),
        () if has("video_name") && has("candidates") => Some(Format::MultipleChoice),
        () if has("video") && has("question_type") => Some(Format::Mlvu),
        () if has("video") && has("candidates") => Some(Format::Mvbench),
        () if has("video_name") && has("question") => Some(Format::Open),
        () => None,
    }
}

/// What stands under the first of `keys` that is there.
fn value<'a>(entry: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter()
        .find_map(|key| entry.get(key))
        .filter(|value| !value.is_null())
}

fn text(entry: &Value, keys: &[&'static str]) -> Result<String, BadQuestion> {
    let text = value(entry, keys).and_then(Value::as_str);
    text.map(str::to_owned).ok_or(BadQuestion::Lacks(keys[0]))
}

fn secs(entry: &Value, keys: &[&'static str]) -> Result<Option<f64>, BadQuestion> {
    let secs = value(entry, keys).map(|value| value.as_f64().filter(|secs| *secs >= 0.0));
    secs.map(|secs| secs.ok_or(BadQuestion::BadTimes)).transpose()
}

fn question(format: Format, entry: &Value, n: usize, stem: &str) -> Result<Question, BadQuestion> {
    let task = match format {
        Format::Videre => text(entry, &["task"])?,
        Format::MultipleChoice => text(entry, &["task_name"])?,
        Format::Mlvu => text(entry, &["question_type"])?,
        Format::VideoMme => text(entry, &["task_type"])?,
        // Nothing in these files says it; their names do.
        Format::Mvbench | Format::Open => stem.to_owned(),
    };
    let wanted = wanted(format, entry)?;
    let chance = match &wanted {
        Wanted::Choice { options, .. } => Some(1.0 / options.len() as f64),
        Wanted::Exact { .. } => value(entry, &["n_answers"])
            .and_then(Value::as_f64)
            .filter(|n| *n >= 1.0)
            .map(|n| 1.0 / n),
        Wanted::Unjudged { .. } => None,
    };
    Ok(Question {
        id: value(entry, &["question_id", "id"])
            .cloned()
            .unwrap_or_else(|| Value::from(n)),
        task,
        video: text(entry, &["video", "video_name", "videoID"])?,
        part: part(entry)?,
        text: text(entry, &["question"])?,
        wanted,
        chance,
    })
}

fn wanted(format: Format, entry: &Value) -> Result<Wanted, BadQuestion> {
    let answer = value(entry, &["answer"]).and_then(Value::as_str);
    let Some(options) = value(entry, &["options", "candidates"]) else {
        return match format {
            Format::Videre => Ok(Wanted::Exact {
                answer: text(entry, &["answer"])?,
            }),
            Format::Open | Format::Mlvu => Ok(Wanted::Unjudged {
                answer: answer.map(str::to_owned),
            }),
            _ => Err(BadQuestion::Lacks("options")),
        };
    };
    let options: Vec<String> = options
        .as_array()
        .and_then(|options| {
            options
                .iter()
                .map(|option| option.as_str().map(str::to_owned))
                .collect()
        })
        .ok_or(BadQuestion::Lacks("options in words"))?;
    let options = match format {
        Format::VideoMme => options.into_iter().enumerate().map(without_letter).collect(),
        _ => options,
    };
    if !(2..=26).contains(&options.len()) {
        return Err(BadQuestion::OptionCount(options.len()));
    }
    let number = value(entry, &["answer_number"]).and_then(Value::as_u64);
    let right = match (format, number, answer) {
        (_, Some(number), _) => usize::try_from(number).ok(),
        (Format::VideoMme, None, Some(answer)) => letter(answer),
        (_, None, Some(answer)) => options.iter().position(|option| option == answer),
        (Format::Mlvu, None, None) => return Ok(Wanted::Choice { options, right: None }),
        (_, None, None) => return Err(BadQuestion::Lacks("answer")),
    };
    match right.filter(|right| *right < options.len()) {
        Some(right) => Ok(Wanted::Choice {
            options,
            right: Some(right),
        }),
        None => Err(BadQuestion::NoSuchOption),
    }
}

/// Option `n` without its "A. ".
fn without_letter((n, option): (usize, String)) -> String {
    let rest = option
        .split_once(". ")
        .filter(|(label, _)| letter(label) == Some(n));
    rest.map_or(option.clone(), |(_, text)| text.to_owned())
}

/// The position that a single upper-case letter stands for.
fn letter(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => None,
    }
}

fn part(entry: &Value) -> Result<Part, BadQuestion> {
    let at = secs(entry, &["at_secs"])?;
    let start = secs(entry, &["start_secs", "start"])?;
    let end = secs(entry, &["end_secs", "end"])?;
    match (at, start, end) {
        (None, None, None) => Ok(Part::Whole),
        (Some(at_secs), None, None) => Ok(Part::Frame { at_secs }),
        (None, Some(start_secs), Some(end_secs)) if end_secs > start_secs => {
            Ok(Part::Range { start_secs, end_secs })
        }
        _ => Err(BadQuestion::BadTimes),
    }
}
