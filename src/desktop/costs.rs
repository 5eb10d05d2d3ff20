//! What a plan takes: tokens, time and memory, before it is run.

use crate::api::window::Cost;
use crate::engine::{CONTEXT_STEP, ModelFacts};
use crate::visual::plan::Plan;

/// Positions that a short question and the beginning of an answer take: with fewer left there is no use in asking.
pub(super) const LEAST_ROOM: usize = 64;

/// What a plan's rows have to share the context with.
pub(super) struct ContextBudget<'a> {
    pub(super) facts: &'a ModelFacts,
    /// Tokens of the words around a question.
    pub(super) n_fixed: usize,
    /// Tokens of earlier turns.
    pub(super) n_chat: usize,
    /// Kept for the answer.
    pub(super) n_reserve: usize,
    /// Positions whose keys and values the model holds already.
    pub(super) n_held: usize,
}

/// What `plan` takes. `is_kept` says of each picture whether its features are kept, `is_read` whether the model has read
/// the rows already.
pub(super) fn cost(plan: &Plan, is_kept: &[bool], is_read: bool, budget: &ContextBudget<'_>) -> Cost {
    let facts = budget.facts;
    let n_tokens = plan.counts().total;
    let n_fixed = n_tokens + budget.n_fixed;
    let n_free = facts.n_context.saturating_sub(n_fixed + budget.n_reserve);
    let n_kept = is_kept.iter().filter(|kept| **kept).count();
    let n_missing = if is_read {
        0
    } else {
        plan.images.len() - n_kept.min(plan.images.len())
    };
    let n_words = budget.n_fixed + budget.n_chat;
    let reading_secs = if is_read {
        facts.reading_secs(n_tokens, n_words)
    } else {
        facts.reading_secs(0, n_tokens + n_words)
    };
    let n_needed = (n_fixed + budget.n_chat + budget.n_reserve)
        .next_multiple_of(CONTEXT_STEP)
        .max(facts.n_held)
        .min(facts.n_context);
    let position_bytes = facts.cache_bytes / facts.n_held.max(1) as u64;
    let refusal = (n_fixed + LEAST_ROOM > facts.n_context).then(|| {
        format!(
            "{n_tokens} tokens of the video and {} of words leave no room for an answer: {} reads {} at a time.",
            budget.n_fixed, facts.name, facts.n_context
        )
    });
    Cost {
        n_tokens,
        n_free,
        n_images: plan.images.len(),
        first_answer_secs: n_missing as f64 * facts.encode_secs + reading_secs,
        memory_bytes: n_needed.saturating_sub(budget.n_held) as u64 * position_bytes,
        refusal,
    }
}
