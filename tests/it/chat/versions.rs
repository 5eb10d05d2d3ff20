//! Questions that stand in the place of others.

use videre::api::window::{AnswerState, KeptAnswer};
use videre::chat::{ChatError, NewTurn, TurnId};

use super::{answer, at, open, place, turn, video};

#[test]
fn asking_again_takes_the_place_of_a_question_and_of_all_after_it() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let chat = store
        .new_chat(clip.identity.as_str(), at(0))
        .expect("a chat is made");
    let other = store
        .new_chat(clip.identity.as_str(), at(0))
        .expect("a chat is made");
    let ask = |chat, question: &str, replaces| {
        let turn = NewTurn {
            replaces,
            ..turn(&clip, question)
        };
        let asked = store
            .begin_turn(chat, &turn, at(1))
            .expect("the question is kept");
        store.keep_said(asked, "something").expect("it is kept");
        asked
    };
    ask(chat, "one", None);
    let two = ask(chat, "two", None);
    ask(other, "elsewhere", None);
    ask(chat, "three", None);
    ask(chat, "two, but better", Some(two));
    let questions = |chat| -> Vec<String> {
        let chat = store.chat(chat).expect("the chat is there");
        chat.turns.into_iter().map(|turn| turn.question).collect()
    };
    assert_eq!(questions(chat), ["one", "two, but better"]);
    assert_eq!(questions(other), ["elsewhere"], "another chat's turns stay");
    assert_eq!(store.chats(clip.identity.as_str()).expect("listed")[1].n_turns, 2);

    // What it stands in the place of is there with all after it, and one can go to and fro.
    let shown = store.chat(chat).expect("the chat is there");
    let [first, second] = &shown.turns[..] else {
        panic!("two turns")
    };
    assert_eq!(first.alternatives, std::slice::from_ref(&first.id));
    assert_eq!(second.alternatives, [two.0.to_string(), second.id.clone()]);
    let better = TurnId(second.id.parse().expect("ids are numbers"));
    assert_eq!(store.show_turn(two).expect("it is there"), chat);
    assert_eq!(questions(chat), ["one", "two", "three"]);
    ask(chat, "four", None);
    assert_eq!(
        questions(chat),
        ["one", "two", "three", "four"],
        "it goes on where it is shown"
    );
    store.show_turn(better).expect("it is there");
    assert_eq!(questions(chat), ["one", "two, but better"]);
    store.show_turn(two).expect("it is there");
    assert_eq!(
        questions(chat),
        ["one", "two", "three", "four"],
        "what was asked last"
    );
    let before: Vec<String> = store
        .turns_before(better)
        .expect("they are read")
        .into_iter()
        .map(|turn| turn.question)
        .collect();
    assert_eq!(before, ["one"], "whatever is shown now");

    // The first question, too, and one of another chat not at all.
    let one = TurnId(first.id.parse().expect("ids are numbers"));
    ask(chat, "one, but better", Some(one));
    assert_eq!(questions(chat), ["one, but better"]);
    let stray = NewTurn {
        replaces: Some(one),
        ..turn(&clip, "stray")
    };
    let refused = store.begin_turn(other, &stray, at(2));
    assert!(
        matches!(refused, Err(ChatError::Gone { what: "question" })),
        "{refused:?}"
    );
}

#[test]
fn a_question_asked_anew_before_a_word_was_said_leaves_nothing_to_return_to() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let chat = store.new_chat(clip.identity.as_str(), at(0));
    let chat = chat.expect("a chat is made");
    let ask = |question: &str, replaces| {
        let new = NewTurn {
            replaces,
            ..turn(&clip, question)
        };
        store.begin_turn(chat, &new, at(1)).expect("it is kept")
    };
    let shown = || store.chat(chat).expect("the chat is there").turns;
    let stopped = KeptAnswer {
        state: AnswerState::Stopped,
        ..answer("")
    };

    let one = ask("one", None);
    let waits = ask("it waits", None);
    let after = ask("after it", None);
    let anew = ask("it waits, but better", Some(waits));
    assert_eq!(shown()[1].alternatives, [anew.0.to_string()]);
    // Its end comes late: there is nothing to write it to, and that is no fault.
    store.end_turn(after, &stopped, at(2)).expect("nothing is kept");
    assert!(matches!(store.turn(after), Err(ChatError::Gone { .. })));

    // Stopped in time; and with a word to what came after it, or with a letter chosen, it stays.
    store.end_turn(anew, &stopped, at(2)).expect("it is kept");
    let third = ask("a third time", Some(anew));
    assert_eq!(shown()[1].alternatives, [third.0.to_string()]);
    let behind = ask("behind it", None);
    store.keep_said(behind, "a word").expect("it is kept");
    let fourth = ask("a fourth time", Some(third));
    let both = [third.0.to_string(), fourth.0.to_string()];
    assert_eq!(shown()[1].alternatives, both);
    let chosen = KeptAnswer {
        choice: Some(0),
        ..answer("")
    };
    store.end_turn(one, &chosen, at(3)).expect("it is kept");
    let other = ask("one, but better", Some(one));
    assert_eq!(shown()[0].alternatives, [one.0.to_string(), other.0.to_string()]);
}
