//! Whether an answer only says the same again and again.
//!
//! Small models, and larger ones that are asked what they cannot know, fall into loops which end at the longest answer only.
//! A penalty on repeated tokens would change every answer; this changes none that is worth reading.

/// Longest piece whose repetition is looked for, tokens: two or three sentences.
const MAX_PERIOD: usize = 64;
/// A loop is at least so long, tokens: a word that is said some ten times may be meant so.
const MIN_TOKENS: usize = 32;
/// And goes round so often: a refrain may come three times.
const MIN_ROUNDS: usize = 4;

/// How long the end of an answer has been periodic, for each period.
#[derive(Debug)]
pub(super) struct Repetition {
    /// At `p - 1`: tokens at the end that are each the same as the one `p` before.
    n_same: [usize; MAX_PERIOD],
}

impl Default for Repetition {
    fn default() -> Self {
        Self {
            n_same: [0; MAX_PERIOD],
        }
    }
}

impl Repetition {
    /// Whether `tokens` ends in a loop; to be called after every token.
    pub(super) fn goes_on(&mut self, tokens: &[u32]) -> bool {
        let Some((last, before)) = tokens.split_last() else {
            return false;
        };
        let mut goes_on = false;
        for (period, n_same) in (1..).zip(&mut self.n_same) {
            let is_same = before.len() >= period && before[before.len() - period] == *last;
            *n_same = if is_same { *n_same + 1 } else { 0 };
            goes_on |= *n_same + period >= MIN_TOKENS.max(MIN_ROUNDS * period);
        }
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many tokens the answer ends; none where it is left alone.
    fn end(tokens: impl IntoIterator<Item = u32>) -> Option<usize> {
        let (mut repetition, mut said) = (Repetition::default(), Vec::new());
        for token in tokens {
            said.push(token);
            if repetition.goes_on(&said) {
                return Some(said.len());
            }
        }
        None
    }

    #[test]
    fn one_word_again_and_again_ends_after_32_of_it() {
        assert_eq!(end([1, 2, 3].into_iter().chain([7; 400])), Some(3 + MIN_TOKENS));
    }

    #[test]
    fn a_sentence_ends_when_it_came_four_times() {
        let sentence: Vec<u32> = (10..30).collect();
        let said = (0..3).chain(sentence.iter().copied().cycle().take(400));
        assert_eq!(end(said), Some(3 + 4 * sentence.len()));
    }

    #[test]
    fn a_sentence_three_times_and_a_word_ten_times_are_left_alone() {
        let sentence: Vec<u32> = (10..40).collect();
        let refrain = sentence
            .iter()
            .copied()
            .cycle()
            .take(3 * sentence.len() + sentence.len() - 1);
        assert_eq!(end(refrain), None);
        assert_eq!(
            end([1, 2].into_iter().chain([7; MIN_TOKENS - 1]).chain([3, 4])),
            None
        );
    }

    #[test]
    fn a_list_whose_numbers_rise_is_left_alone() {
        let list = (0..200).flat_map(|number| [50, 1000 + number, 51, 52, 53]);
        assert_eq!(end(list), None);
    }

    #[test]
    fn a_loop_after_a_long_answer_is_found_and_one_that_is_broken_begins_anew() {
        let long = (0..300).map(|token| token * 7 % 211);
        let broken = [8; 20].into_iter().chain([9]).chain([8; 20]).chain([9, 4, 5]);
        assert_eq!(end(long.clone().chain(broken.clone())), None);
        assert_eq!(
            end(long.chain(broken).chain([6; 60])),
            Some(300 + 44 + MIN_TOKENS)
        );
    }
}
