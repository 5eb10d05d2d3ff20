//! Answers as they are kept and shown.

use super::plans::Resolved;
use crate::api::window::{
    Answer, AnswerFacts, AnswerState, ApiError, ErrorCode, PlanRequest, StrategyName, Timings,
};
use crate::api::{AnswerJson, CountsJson, EndingJson, SamplingJson, StageMillis};

/// A complete answer, and how it came about.
pub(super) fn answered(
    answer: AnswerJson,
    request: &PlanRequest,
    resolved: &Resolved,
    sampling: SamplingJson,
) -> Answer {
    let counts = resolved.plan.counts();
    let mut notices = answer.notices;
    match answer.ending {
        EndingJson::Finished => {}
        EndingJson::TokenLimit => {
            notices.push("The answer was cut: it reached its longest length.".to_owned());
        }
        EndingJson::ContextFull => notices.push("The answer was cut: the model can hold no more.".to_owned()),
    }
    let facts = AnswerFacts {
        model: answer.model,
        device: answer.device,
        preset: resolved.preset.into(),
        strategy: StrategyName::from(&resolved.plan.strategy),
        range: request.range,
        only_frame: request.only_frame,
        frames: answer.frames,
        counts: CountsJson {
            sampled: counts.sampled,
            thumbnail: counts.thumbnail,
            total: counts.total,
        },
        n_prompt_tokens: answer.tokens.prompt,
        n_answer_tokens: answer.tokens.answer,
        prompt: String::new(),
        settings: vec![("temperature".to_owned(), sampling.temperature.to_string())],
        timings: timings(&answer.timings_ms),
        notices,
    };
    Answer {
        state: AnswerState::Done,
        text: answer.answer,
        choice: answer.choice.map(|choice| choice.option),
        facts: Some(facts),
        error: None,
    }
}

/// An answer that did not come to its end. Stopping is no error.
pub(super) fn cut_short(text: String, error: ApiError) -> Answer {
    let is_stopped = error.code == ErrorCode::Cancelled;
    Answer {
        state: if is_stopped {
            AnswerState::Stopped
        } else {
            AnswerState::Failed
        },
        text,
        choice: None,
        facts: None,
        error: (!is_stopped).then_some(error),
    }
}

fn timings(millis: &StageMillis) -> Timings {
    let secs = |millis: u64| millis as f64 / 1000.0;
    Timings {
        video_secs: secs(millis.open),
        encode_secs: secs(millis.encode),
        prompt_secs: secs(millis.read),
        first_word_secs: secs(millis.open + millis.load + millis.encode + millis.read),
        answer_secs: secs(millis.answer),
        total_secs: secs(millis.total),
    }
}
