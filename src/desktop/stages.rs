//! Where the time of an answer goes, as whoever waits for it sees it.

use std::time::{Duration, Instant};

use crate::api::window::{StageName, Timings};

/// Every moment from the question to the end is one stage's: that which was told last. So they add up.
pub(super) struct StageClock {
    since: Instant,
    stage: StageName,
    wait: Duration,
    load: Duration,
    video: Duration,
    encode: Duration,
    read: Duration,
    answer: Duration,
}

impl StageClock {
    /// A question is asked `now`, and this is done first.
    pub(super) fn start(stage: StageName, now: Instant) -> Self {
        Self {
            since: now,
            stage,
            wait: Duration::ZERO,
            load: Duration::ZERO,
            video: Duration::ZERO,
            encode: Duration::ZERO,
            read: Duration::ZERO,
            answer: Duration::ZERO,
        }
    }

    /// From `now` on this is done.
    pub(super) fn at(&mut self, stage: StageName, now: Instant) {
        let spent = now.saturating_duration_since(self.since);
        *match self.stage {
            StageName::Waiting => &mut self.wait,
            StageName::LoadingModel => &mut self.load,
            StageName::ReadingVideo => &mut self.video,
            StageName::Encoding => &mut self.encode,
            StageName::ReadingPrompt => &mut self.read,
            StageName::Answering => &mut self.answer,
        } += spent;
        (self.since, self.stage) = (now, stage);
    }

    /// What was spent until `now`.
    pub(super) fn timings(&mut self, now: Instant) -> Timings {
        self.at(self.stage, now);
        let first_word = self.wait + self.load + self.video + self.encode + self.read;
        Timings {
            wait_secs: self.wait.as_secs_f64(),
            load_secs: self.load.as_secs_f64(),
            video_secs: self.video.as_secs_f64(),
            encode_secs: self.encode.as_secs_f64(),
            prompt_secs: self.read.as_secs_f64(),
            first_word_secs: first_word.as_secs_f64(),
            answer_secs: self.answer.as_secs_f64(),
            total_secs: (first_word + self.answer).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_is_one_stage_s_and_they_add_up_to_the_total() {
        let began = Instant::now();
        let at = |secs: u64| began + Duration::from_secs(secs);
        let mut clock = StageClock::start(StageName::Waiting, began);
        let told = [
            (70, StageName::LoadingModel),
            (73, StageName::Encoding),
            (80, StageName::ReadingPrompt),
            // A worker ended and begins anew.
            (81, StageName::LoadingModel),
            (85, StageName::ReadingPrompt),
            (97, StageName::Answering),
        ];
        for (secs, stage) in told {
            clock.at(stage, at(secs));
        }
        let timings = clock.timings(at(100));
        let expected = Timings {
            wait_secs: 70.0,
            load_secs: 7.0,
            video_secs: 0.0,
            encode_secs: 7.0,
            prompt_secs: 13.0,
            first_word_secs: 97.0,
            answer_secs: 3.0,
            total_secs: 100.0,
        };
        assert_eq!(timings, expected);
    }
}
