//! Where the time of an answer goes, and what it was spent on.

use videre::api::window::{AnswerEvent, AnswerFacts, StageName, Timings, Turn};

use super::asking::{Scene, answer, go};
use super::{desktop, folder};

/// Every moment of an answer is told as some stage's.
pub(super) fn adds_up(facts: &AnswerFacts) {
    let Timings {
        wait_secs,
        load_secs,
        video_secs,
        encode_secs,
        prompt_secs,
        first_word_secs,
        answer_secs,
        total_secs,
    } = facts.timings;
    let first = wait_secs + load_secs + video_secs + encode_secs + prompt_secs;
    assert!((first - first_word_secs).abs() < 1e-6, "{:?}", facts.timings);
    assert!(
        (first + answer_secs - total_secs).abs() < 1e-6,
        "{:?}",
        facts.timings
    );
}

#[test]
fn a_question_behind_another_counts_its_wait_and_what_is_read_of_earlier_turns() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let (behind, ahead) = std::thread::scope(|scope| {
        let (began, begun) = std::sync::mpsc::sync_channel(64);
        let scene = &scene;
        let ahead = scope.spawn(move || {
            scene.ask(&scene.request("What is there?"), &go(), &mut |event| {
                if matches!(event, AnswerEvent::Stage(stage) if stage.stage == StageName::Encoding) {
                    began.send(()).ok();
                }
            })
        });
        begun.recv().expect("the first question is worked on");
        let behind = scene.ask(&scene.request("And behind it?"), &go(), &mut |_| {});
        (behind, ahead.join().expect("no panic"))
    });
    let facts = |(turn, _): &(Turn, Vec<AnswerEvent>)| answer(turn).facts.clone().expect("it tells");
    let (ahead, behind) = (facts(&ahead), facts(&behind));
    adds_up(&ahead);
    adds_up(&behind);
    assert_eq!(ahead.timings.wait_secs, 0.0);
    assert!(behind.timings.wait_secs > 0.0, "{:?}", behind.timings);
    // Asked before the first was answered, it was sent without; the third is sent with both.
    let (third, _) = scene.ask(&scene.request("And now?"), &go(), &mut |_| {});
    let third = answer(&third).facts.clone().expect("it tells");
    adds_up(&third);
    assert!(third.n_history_tokens > 0, "{third:?}");
    assert!(
        third.n_reused_tokens >= third.counts.total,
        "the video was read before: {third:?}"
    );
    let words = "And now?";
    let n_tokens = scene
        .desktop
        .count_tokens(words, &go())
        .expect("they are counted");
    assert!((1..=words.len()).contains(&n_tokens), "{n_tokens}");
    assert!(third.n_prompt_tokens >= third.n_history_tokens + n_tokens);
}
