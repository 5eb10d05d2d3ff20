//! The model inside the program, asked about the bundled clip without a word about models.

use super::Place;

#[test]
fn nano_answers_about_the_bundled_clip_and_says_what_it_knows() {
    let place = Place::new();
    // What `models/nano/make_sample.py` draws.
    for (preset, question, answer) in [
        (
            "fast",
            "Which way does the circle move?",
            "The circle moves to the right.\n",
        ),
        ("fast", "What changes colour?", "The star changes colour.\n"),
        (
            "fast",
            "What colour does the star become?",
            "The star becomes blue.\n",
        ),
        (
            "balanced",
            "Where is the ring?",
            "The ring is at the top right.\n",
        ),
        (
            "paper",
            "What do you see?",
            "A green circle, a red star and a yellow ring.\n",
        ),
        ("frame", "What colour is the ring?", "The ring is yellow.\n"),
    ] {
        let sample = super::sample();
        let run = place.run([
            "ask".as_ref(),
            sample.as_os_str(),
            question.as_ref(),
            "--preset".as_ref(),
            preset.as_ref(),
        ]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(0), answer),
            "{question} {run:?}"
        );
        assert!(
            run.stderr.contains("knows only clips of moving coloured shapes"),
            "{run:?}"
        );
    }
}
