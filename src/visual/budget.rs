//! Whether everything fits into the language model's context, known before anything is decoded.

use super::plan::Plan;
use super::strategy::Strategy;

/// The tokens of one question. All of them share the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What the language model can hold.
    pub n_context: usize,
    /// Visual tokens of the plan, with the tokens of its texts.
    pub n_visual: usize,
    /// The prompt around them: template, question, earlier turns.
    pub n_prompt: usize,
    /// Kept free for the answer.
    pub n_answer: usize,
}

/// Whether a [`Budget`] fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Fits {
        /// Tokens left over.
        n_spare: usize,
    },
    /// It does not.
    Over {
        /// Tokens too many.
        n_over: usize,
        /// The most visual tokens that would fit beside the prompt and the answer.
        n_visual_fitting: usize,
    },
}

impl Budget {
    /// The budget of a plan without texts.
    #[must_use]
    pub fn of(plan: &Plan, n_context: usize, n_prompt: usize, n_answer: usize) -> Self {
        Self {
            n_context,
            n_visual: plan.counts().total,
            n_prompt,
            n_answer,
        }
    }

    /// All tokens together.
    #[must_use]
    pub fn n_total(self) -> usize {
        self.n_visual
            .saturating_add(self.n_prompt)
            .saturating_add(self.n_answer)
    }

    /// Whether they fit.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self.n_context.checked_sub(self.n_total()) {
            Some(n_spare) => Verdict::Fits { n_spare },
            None => Verdict::Over {
                n_over: self.n_total() - self.n_context,
                n_visual_fitting: self
                    .n_context
                    .saturating_sub(self.n_prompt.saturating_add(self.n_answer)),
            },
        }
    }
}

/// `strategy` with so few sampled tokens that `plan`, made with it, would have at most `n_visual` tokens; `None`
/// where its other parts alone are more than that, or nothing would be left to read.
#[must_use]
pub fn shrunk_to_fit(plan: &Plan, n_visual: usize) -> Option<Strategy> {
    let counts = plan.counts();
    let n_room = n_visual.checked_sub(counts.total - counts.sampled)?;
    match plan.strategy.clone() {
        Strategy::Sampled { n_sampled } if n_room > 0 => Some(Strategy::Sampled {
            n_sampled: n_sampled.min(n_room),
        }),
        Strategy::ThumbnailAndSampled {
            n_thumbnails,
            cells,
            n_sampled,
            order,
        } => {
            let n_sampled = n_sampled.min(n_room);
            Some(Strategy::ThumbnailAndSampled {
                n_thumbnails,
                cells,
                n_sampled,
                order,
            })
        }
        other => (counts.total <= n_visual).then_some(other),
    }
}
