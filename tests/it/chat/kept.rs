//! What was kept is found again, and what was forgotten is not.

use std::path::Path;

use videre::api::window::{
    AnswerFacts, AnswerState, Ending, KeptAnswer, PresetName, Range, StrategyName, Theme, Timings, VideoView,
};
use videre::chat::{ChatError, ChatId, KeptModel, Poster, Store, TurnId};
use videre::visual::plan::TokenCounts;
use videre::visual::sampling::FrameRef;

use super::{answer, at, open, place, turn, video};

#[test]
fn a_conversation_is_found_again_with_everything_of_its_answers() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let whole = KeptAnswer {
        choice: Some(1),
        probabilities: vec![0.25, 0.75],
        facts: Some(AnswerFacts {
            model: "tiny".to_owned(),
            device: "cpu".to_owned(),
            preset: PresetName::Balanced,
            strategy: StrategyName::ThumbnailAndSampled,
            range: Some(Range {
                start_secs: 0.1,
                end_secs: 1.0 / 3.0,
            }),
            only_frame: None,
            frames: vec![FrameRef {
                index: 7,
                pts_secs: 0.2333,
            }],
            counts: TokenCounts {
                newline: 0,
                sampled: 2,
                thumbnail: 3,
                total: 5,
            },
            n_prompt_tokens: 60,
            n_history_tokens: 12,
            n_reused_tokens: 5,
            n_answer_tokens: 4,
            prompt: "USER: <video> Which? ASSISTANT:".to_owned(),
            settings: vec![("temperature".to_owned(), "0".to_owned())],
            timings: Timings {
                total_secs: 1.25,
                ..Timings::default()
            },
            notices: vec!["The clip is short.".to_owned()],
            is_embedded: true,
            ending: Some(Ending::Repetition),
        }),
        ..answer("B. blue")
    };
    let asked = turn(&clip, "Which  colour\nis it?");
    let (chat, question) = {
        let store = open(&file);
        store.opened(&clip, at(1)).expect("the video is kept");
        let chat = store
            .new_chat(clip.identity.as_str(), at(2))
            .expect("a chat is made");
        let question = store
            .begin_turn(chat, &asked, at(3))
            .expect("the question is kept");
        store
            .end_turn(question, &whole, at(4))
            .expect("the answer is kept");
        (chat, question)
    };
    let store = open(&file);
    let found = store.chat(chat).expect("the chat is there");
    assert_eq!(found.video, clip.identity.as_str());
    assert_eq!(found.title, "Which colour is it?");
    assert_eq!(found.turns.len(), 1);
    assert_eq!(found.turns[0].question, asked.question);
    assert_eq!(found.turns[0].options, asked.options);
    assert_eq!(found.turns[0].answer.as_ref(), Some(&whole), "to the last digit");
    assert_eq!(store.turn(question).expect("the turn is there").plan, asked.plan);
    let recent = store.recent_videos(10).expect("the list is read");
    assert_eq!(recent.len(), 1);
    assert!(recent[0].is_there);
    assert_eq!(
        (recent[0].name.as_str(), recent[0].duration_secs),
        ("a.mp4", 12.5)
    );
    assert_eq!(recent[0].chats[0].n_turns, 1);
    assert_eq!(recent[0].chats[0].id, found.id);
    std::fs::remove_file(&clip.path).expect("the file goes");
    assert!(!store.recent_videos(10).expect("the list is read")[0].is_there);
}

#[test]
fn a_deleted_chat_can_be_had_back_for_a_minute_and_then_never() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let id = clip.identity.as_str();
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let chat = store.new_chat(id, at(0)).expect("a chat is made");
    let asked = store.begin_turn(chat, &turn(&clip, "What lies zanzibarwards?"), at(0));
    let asked = asked.expect("the question is kept");
    store.delete_chat(chat, at(10)).expect("it goes");
    assert_eq!(store.chats(id).expect("listed"), []);
    assert_eq!(store.find_chats(id, "zanzibar").expect("found"), []);
    assert!(store.recent_videos(9).expect("listed")[0].chats.is_empty());
    for refused in [
        store.chat(chat).map(drop),
        store.begin_turn(chat, &turn(&clip, "Still?"), at(11)).map(drop),
        store.show_turn(asked).map(drop),
        store.rename_chat(chat, "a name"),
    ] {
        assert!(matches!(refused, Err(ChatError::Gone { .. })), "{refused:?}");
    }
    store.restore_chat(chat).expect("it is had back");
    assert_eq!(store.chat(chat).expect("it is there").turns.len(), 1);
    store.delete_chat(chat, at(20)).expect("it goes");
    store.remove_deleted(at(79)).expect("nothing is due");
    assert!(is_written(&file, "zanzibar"));
    store.remove_deleted(at(80)).expect("a minute is over");
    assert!(!is_written(&file, "zanzibar"), "nothing of it can be read");
    assert!(matches!(store.restore_chat(chat), Err(ChatError::Gone { .. })));
}

#[test]
fn chats_are_found_by_words_of_questions_answers_and_their_own_names() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let id = clip.identity.as_str();
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let chat = |question: &str, said: &str, secs| {
        let chat = store.new_chat(id, at(secs)).expect("a chat is made");
        let asked = store
            .begin_turn(chat, &turn(&clip, question), at(secs))
            .expect("kept");
        store.end_turn(asked, &answer(said), at(secs)).expect("kept");
        chat
    };
    let eggs = chat("How many eggs?", "Two eggs, 100 % sure.", 1);
    let pan = chat("What is hot?", "The pan_handle \"is\" hot.", 2);
    store.rename_chat(pan, "  Kitchen\n fire ").expect("it is there");
    let found = |words: &str| -> Vec<String> {
        let found = store.find_chats(id, words).expect("they are found");
        found.into_iter().map(|chat| chat.id).collect()
    };
    let (eggs, pan) = (eggs.0.to_string(), pan.0.to_string());
    assert_eq!(found("EGGS"), std::slice::from_ref(&eggs));
    assert_eq!(found("kitchen fire"), std::slice::from_ref(&pan));
    assert_eq!(
        found("\"is\" hot"),
        std::slice::from_ref(&pan),
        "as it was said, not as it is stored"
    );
    assert_eq!(
        found("100 %"),
        std::slice::from_ref(&eggs),
        "signs are no patterns"
    );
    assert_eq!(found("n_h"), std::slice::from_ref(&pan));
    assert_eq!(
        found("done"),
        [] as [&str; 0],
        "nor is what stands around an answer"
    );
    assert_eq!(found("  "), [pan.clone(), eggs]);
    store
        .rename_chat(ChatId(pan.parse().expect("a number")), " ")
        .expect("it is there");
    assert_eq!(store.chats(id).expect("listed")[0].title, "What is hot?");
}

#[test]
fn how_a_video_was_left_is_kept_with_it() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let id = clip.identity.as_str();
    let store = open(&file);
    let view = VideoView {
        position_secs: 1.25,
        range: Some(Range {
            start_secs: 0.5,
            end_secs: 2.0,
        }),
        pinned: vec![3],
        removed: vec![7, 9],
    };
    store
        .keep_view(id, &view)
        .expect("nothing happens to a video that is not known");
    store.opened(&clip, at(0)).expect("the video is kept");
    assert_eq!(store.view(id).expect("it is read"), None);
    store.keep_view(id, &view).expect("it is kept");
    store.opened(&clip, at(1)).expect("opened once more");
    drop(store);
    assert_eq!(open(&file).view(id).expect("it is read"), Some(view));
    let written = rusqlite::Connection::open(&file).expect("SQLite opens it");
    written
        .execute("UPDATE video SET view = '{\"range\": 7}'", [])
        .expect("it is written");
    drop(written);
    assert_eq!(
        open(&file).view(id).expect("it is read"),
        None,
        "what cannot be read is no view"
    );
}

#[test]
fn an_answer_that_was_never_ended_keeps_what_was_said() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let chat = store
        .new_chat(clip.identity.as_str(), at(0))
        .expect("a chat is made");
    let silent = store
        .begin_turn(chat, &turn(&clip, "one"), at(1))
        .expect("it is kept");
    let cut = store
        .begin_turn(chat, &turn(&clip, "two"), at(1))
        .expect("it is kept");
    store.keep_said(cut, "It is a").expect("it is kept");
    drop(store);
    let store = open(&file);
    assert_eq!(store.turn(silent).expect("it is there").turn.answer, None);
    let answer = store
        .turn(cut)
        .expect("it is there")
        .turn
        .answer
        .expect("something was said");
    assert_eq!(
        (answer.state, answer.text.as_str()),
        (AnswerState::Stopped, "It is a")
    );
    // A late word of a worker changes nothing about an answer that has ended.
    store
        .end_turn(cut, &super::answer("It is a cat"), at(2))
        .expect("it is kept");
    store.keep_said(cut, "It is a").expect("nothing happens");
    let answer = store
        .turn(cut)
        .expect("it is there")
        .turn
        .answer
        .expect("it is answered");
    assert_eq!(
        (answer.state, answer.text.as_str()),
        (AnswerState::Done, "It is a cat")
    );
}

#[test]
fn empty_chats_are_in_no_list_and_go_after_a_day() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("the video is kept");
    let id = clip.identity.as_str();
    let empty = store.new_chat(id, at(0)).expect("a chat is made");
    assert_eq!(store.chats(id).expect("the list is read"), []);
    store.new_chat(id, at(3600)).expect("a chat is made");
    store.chat(empty).expect("an hour later it is still there");
    store.new_chat(id, at(25 * 3600)).expect("a chat is made");
    assert!(matches!(store.chat(empty), Err(ChatError::Gone { .. })));
    assert!(matches!(
        store.new_chat("0123", at(0)),
        Err(ChatError::Gone { what: "video" })
    ));
}

#[test]
fn nothing_of_a_forgotten_video_can_be_read_in_the_file() {
    let (folder, file) = place();
    let (secret, other) = (
        video(folder.path(), "secret.mp4"),
        video(folder.path(), "other.mp4"),
    );
    let store = open(&file);
    let kept: Vec<(ChatId, TurnId)> = [&secret, &other]
        .map(|clip| {
            store.opened(clip, at(0)).expect("the video is kept");
            let id = clip.identity.as_str();
            let poster = Poster {
                width: 16,
                height: 9,
                index: 0,
                pts_secs: 0.0,
                jpeg: format!("picture of {}", clip.path.display()).into_bytes(),
            };
            store.keep_poster(id, &poster).expect("the picture is kept");
            assert_eq!(store.poster(id).expect("it is read"), Some(poster));
            let chat = store.new_chat(id, at(0)).expect("a chat is made");
            let words = format!("Who is in {}?", clip.path.display());
            let asked = store
                .begin_turn(chat, &turn(clip, &words), at(1))
                .expect("it is kept");
            store
                .end_turn(asked, &answer("Nobody"), at(2))
                .expect("it is kept");
            (chat, asked)
        })
        .to_vec();
    assert!(is_written(&file, "secret.mp4"), "the test can see it");
    store
        .forget_video(secret.identity.as_str())
        .expect("it is forgotten");
    assert_eq!(store.video(secret.identity.as_str()).expect("it is read"), None);
    assert_eq!(store.poster(secret.identity.as_str()).expect("it is read"), None);
    assert!(matches!(store.chat(kept[0].0), Err(ChatError::Gone { .. })));
    assert!(matches!(store.turn(kept[0].1), Err(ChatError::Gone { .. })));
    assert!(
        !is_written(&file, "secret.mp4"),
        "neither in the file nor in its journal"
    );
    store.chat(kept[1].0).expect("the other video's chat stays");
    // What comes too late finds nothing to change.
    store
        .end_turn(kept[0].1, &answer("late"), at(3))
        .expect("nothing happens");
    assert_eq!(store.recent_videos(10).expect("the list is read").len(), 1);
}

fn is_written(file: &Path, words: &str) -> bool {
    let folder = file.parent().expect("the file lies in a folder");
    std::fs::read_dir(folder)
        .expect("the folder can be read")
        .any(|entry| {
            let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file can be read");
            bytes
                .windows(words.len())
                .any(|window| window == words.as_bytes())
        })
}

#[test]
fn settings_change_one_by_one_and_nonsense_changes_none() {
    let (_folder, file) = place();
    let change = |store: &Store, json: &str| {
        let changes = serde_json::from_str(json).expect("the test's JSON is JSON");
        store.change_settings(&changes)
    };
    let store = open(&file);
    assert!(store.settings().expect("they are read").remembers_turns);
    let changed = change(&store, r#"{"theme": "dark", "chat_width_px": 512.5}"#).expect("they change");
    assert_eq!((changed.theme, changed.chat_width_px), (Theme::Dark, 512.5));
    for nonsense in [
        r#"{"preset": "fast", "theme": "pink"}"#,
        r#"{"preset": "fast", "colour": 1}"#,
    ] {
        assert!(matches!(
            change(&store, nonsense),
            Err(ChatError::NotASetting { .. })
        ));
    }
    let found = open(&file).settings().expect("they are read");
    assert_eq!(found, changed, "and the good half of a bad change is not taken");
}

#[test]
fn models_are_listed_latest_first_and_paths_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let (_folder, file) = place();
    let store = open(&file);
    let strange = std::ffi::OsString::from_vec(vec![b'/', 0xff, b'a']);
    let model = |name: &Path| KeptModel {
        language_file: name.to_owned(),
        vision_file: name.with_extension("mmproj"),
    };
    let (one, two) = (model(Path::new("one.gguf")), model(Path::new(&strange)));
    for (second, kept) in [(1, &one), (2, &two), (3, &one)] {
        store.keep_model(kept, at(second)).expect("it is kept");
    }
    assert_eq!(store.models().expect("they are read"), [one.clone(), two.clone()]);
    store.forget_model(&one).expect("it is taken off");
    assert_eq!(store.models().expect("they are read"), [two]);
}
