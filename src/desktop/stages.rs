//! Where the time of an answer goes, as whoever waits for it sees it.

use std::time::Instant;

use crate::api::window::{StageName, Timings};

/// Every moment from the question to the end is one stage's: that which was told last. So they add up.
pub(super) struct StageClock {
    since: Instant,
    stage: StageName,
    spent: Timings,
}

impl StageClock {
    /// A question is asked `now`, and this is done first.
    pub(super) fn start(stage: StageName, now: Instant) -> Self {
        Self {
            since: now,
            stage,
            spent: Timings::default(),
        }
    }

    /// From `now` on this is done.
    pub(super) fn at(&mut self, stage: StageName, now: Instant) {
        let spent = &mut self.spent;
        *match self.stage {
            StageName::Waiting => &mut spent.wait_secs,
            StageName::LoadingModel => &mut spent.load_secs,
            StageName::ReadingVideo => &mut spent.video_secs,
            StageName::Encoding => &mut spent.encode_secs,
            StageName::ReadingPrompt => &mut spent.prompt_secs,
            StageName::Answering => &mut spent.answer_secs,
        } += now.saturating_duration_since(self.since).as_secs_f64();
        (self.since, self.stage) = (now, stage);
    }

    /// What was spent until `now`.
    pub(super) fn timings(&mut self, now: Instant) -> Timings {
        self.at(self.stage, now);
        let spent = self.spent;
        let first_word_secs =
            spent.wait_secs + spent.load_secs + spent.video_secs + spent.encode_secs + spent.prompt_secs;
        Timings {
            first_word_secs,
            total_secs: first_word_secs + spent.answer_secs,
            ..spent
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
