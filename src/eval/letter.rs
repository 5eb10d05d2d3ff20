//! Which option an answer means, by the references' own rules.

/// The letter that TS-LLaVA's scorer reads in an answer, as the option's position from 0.
///
/// The first character, if it is a letter from A to F in either case; overruled by the first of A to F for which `X:`
/// or `X)` stands anywhere in the answer, or after "answer is" where that is said. Follows
/// `map_prediction_to_option` of `eval/eval_multiple_choice_qa.py`, which fails on an empty answer: here it means none.
/// (That scorer never counts F as right; the sets it scores have five options.)
#[must_use]
pub fn ts_llava(answer: &str) -> Option<usize> {
    let first = answer.chars().next()?;
    let first = match first {
        'a'..='f' => position(first.to_ascii_uppercase()),
        'A'..='F' => position(first),
        _ => None,
    };
    let said = if answer.contains("answer is ") {
        answer.find("answer is").map_or(answer, |at| &answer[at..])
    } else {
        answer
    };
    let marked = ('A'..='F')
        .find(|letter| said.contains(&format!("{letter}:")) || said.contains(&format!("{letter})")));
    marked.and_then(position).or(first)
}

/// What Video-MME's scorer takes out of an answer before it looks for a letter, in its order. Two of them are joined
/// because its list lacks a comma there.
const VIDEO_MME_PREFIXES: &[&str] = &[
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option isThe correct option is",
    "Best answer:Best option:",
    "Answer:",
    "Option:",
    "The correct answer",
    "The correct option",
];

/// The letter that Video-MME's scorer reads in an answer, as the option's position from 0: the first of A to D in
/// upper case after the usual openings are taken out. Follows `extract_characters_regex` of TS-LLaVA's
/// `videomme_utils/eval_your_results.py`.
#[must_use]
pub fn video_mme(answer: &str) -> Option<usize> {
    let mut said = answer.trim().to_owned();
    for prefix in VIDEO_MME_PREFIXES {
        said = said.replace(prefix, "");
    }
    said.chars()
        .find(|letter| ('A'..='D').contains(letter))
        .and_then(position)
}

/// A is 0.
fn position(letter: char) -> Option<usize> {
    u32::from(letter).checked_sub(u32::from('A')).map(|n| n as usize)
}
