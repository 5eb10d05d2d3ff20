//! Questions through the page's calls: streamed, kept, stopped, asked again, and unharmed by the end of a worker.

use std::path::Path;
use std::sync::Arc;

use videre::api::window::{
    AnswerEvent, AnswerState, AskRequest, ErrorCode, KeptAnswer, PlanRequest, PrepareEvent, PresetName,
    StageName, StrategyName, Turn,
};
use videre::cancel::CancelToken;
use videre::chat::{ChatId, Store};
use videre::desktop::Desktop;

use super::{clip, desktop, folder};
use crate::engine::{Workers, tiny_pair};

pub(super) fn go() -> CancelToken {
    CancelToken::new()
}

fn plan(video: &str) -> PlanRequest {
    PlanRequest {
        video: video.to_owned(),
        preset: PresetName::Balanced,
        strategy: Some(StrategyName::EveryPatch),
        range: None,
        pinned: vec![],
        removed: vec![],
        only_frame: None,
    }
}

/// A video that is open, a model that is loaded, and a chat.
pub(super) struct Scene {
    pub(super) desktop: Desktop,
    video: String,
    chat: ChatId,
}

impl Scene {
    pub(super) fn new(desktop: Desktop, folder: &Path) -> Self {
        let info = desktop
            .open_file(&clip(folder, "a.mp4"), &go(), &mut |_| {})
            .expect("the clip opens");
        let model = desktop.picked_model(&[tiny_pair().to_owned()], &go());
        desktop.load_model(&model.id, &go()).expect("the pair loads");
        let chat = desktop
            .store()
            .new_chat(&info.id, std::time::SystemTime::now())
            .expect("a chat is made");
        Self {
            desktop,
            video: info.id,
            chat,
        }
    }

    pub(super) fn request(&self, question: &str) -> AskRequest {
        AskRequest {
            chat: self.chat.0.to_string(),
            question: question.to_owned(),
            options: vec![],
            plan: plan(&self.video),
            replaces: None,
        }
    }

    /// Asks, and does `meanwhile` at every event.
    pub(super) fn ask(
        &self,
        request: &AskRequest,
        cancel: &CancelToken,
        meanwhile: &mut dyn FnMut(&AnswerEvent),
    ) -> (Turn, Vec<AnswerEvent>) {
        let mut events = Vec::new();
        let turn = self
            .desktop
            .ask(request, cancel, &mut |event| {
                meanwhile(&event);
                events.push(event);
            })
            .expect("the question is kept");
        (turn, events)
    }

    fn kept(&self) -> Vec<Turn> {
        self.desktop
            .store()
            .chat(self.chat)
            .expect("the chat is there")
            .turns
    }
}

fn said(events: &[AnswerEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        AnswerEvent::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

pub(super) fn answer(turn: &Turn) -> &KeptAnswer {
    turn.answer.as_ref().expect("something came of it")
}

#[test]
fn an_answer_is_streamed_and_kept_with_how_it_came_about() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let (turn, events) = scene.ask(&scene.request("What is there?"), &go(), &mut |_| {});
    let began = AnswerEvent::Began {
        turn: turn.id.clone(),
    };
    assert_eq!(events[0], began);
    let answer = answer(&turn);
    assert_eq!(answer.state, AnswerState::Done, "{:?}", answer.error);
    assert!(!answer.text.is_empty());
    assert_eq!(said(&events).trim(), answer.text.trim());
    let facts = answer.facts.as_ref().expect("it tells how it came about");
    assert_eq!(
        (facts.preset, facts.strategy),
        (PresetName::Balanced, StrategyName::EveryPatch)
    );
    assert_eq!(facts.frames.len(), 16);
    assert!(facts.n_answer_tokens > 0 && facts.timings.total_secs > 0.0);
    assert_eq!(facts.device, "CPU");
    super::timing::adds_up(facts);
    assert!(!facts.is_embedded && facts.ending.is_some(), "{facts:?}");
    assert_eq!(facts.n_history_tokens, 0);
    let mut encoded: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            AnswerEvent::Encoded { frames } => Some(frames.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    encoded.sort_unstable();
    let frames: Vec<usize> = facts.frames.iter().map(|frame| frame.index).collect();
    assert_eq!(encoded, frames, "each frame is told of once");
    assert_eq!(scene.kept(), [turn]);
    drop(scene);
    let later = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    assert_eq!(
        later.recent_videos(9).expect("it is read")[0].chats[0].title,
        "What is there?"
    );
}

#[test]
fn a_stopped_answer_keeps_what_was_said_and_asking_again_takes_its_place() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let cancel = go();
    let (stopped, events) = scene.ask(&scene.request("What is there?"), &cancel, &mut |event| {
        if matches!(event, AnswerEvent::Text { .. }) {
            cancel.cancel();
        }
    });
    assert_eq!(answer(&stopped).state, AnswerState::Stopped);
    assert_eq!(answer(&stopped).error, None, "stopping is no error");
    assert_eq!(answer(&stopped).text, said(&events));
    assert!(!answer(&stopped).text.is_empty());
    let again = AskRequest {
        replaces: Some(stopped.id.clone()),
        ..scene.request("What is there?")
    };
    let (turn, _) = scene.ask(&again, &go(), &mut |_| {});
    assert_eq!(answer(&turn).state, AnswerState::Done);
    assert!(answer(&turn).text.starts_with(answer(&stopped).text.trim_end()));
    assert_eq!(scene.kept(), [turn]);
}

#[test]
fn a_question_without_a_chosen_model_is_answered_by_the_embedded_one() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let info = desktop
        .open_file(&clip(folder.path(), "a.mp4"), &go(), &mut |_| {})
        .expect("the clip opens");
    let chat = desktop
        .store()
        .new_chat(&info.id, std::time::SystemTime::now())
        .expect("a chat is made");
    let scene = Scene {
        desktop,
        video: info.id,
        chat,
    };
    let request = AskRequest {
        plan: PlanRequest {
            preset: PresetName::Fast,
            strategy: None,
            ..plan(&scene.video)
        },
        ..scene.request("Which shapes appear?")
    };
    let (turn, events) = scene.ask(&request, &go(), &mut |_| {});
    assert_eq!(
        answer(&turn).state,
        AnswerState::Done,
        "{:?}",
        answer(&turn).error
    );
    let loads = |event: &AnswerEvent| matches!(event, AnswerEvent::Stage(stage) if stage.stage == StageName::LoadingModel);
    assert!(events.iter().any(loads), "it says that a model is loaded");
    let nowhere = AskRequest {
        chat: "../etc".to_owned(),
        ..scene.request("?")
    };
    assert!(
        scene.desktop.ask(&nowhere, &go(), &mut |_| {}).is_err(),
        "there is no such chat"
    );
}

#[test]
fn frames_chosen_by_hand_are_the_ones_that_are_looked_at() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let frames = |plan: PlanRequest| -> Vec<usize> {
        let request = AskRequest {
            plan,
            ..scene.request("What is there?")
        };
        let (turn, _) = scene.ask(&request, &go(), &mut |_| {});
        let facts = answer(&turn).facts.clone().expect("it is answered");
        facts.frames.iter().map(|frame| frame.index).collect()
    };
    let usual = frames(plan(&scene.video));
    let by_hand = frames(PlanRequest {
        pinned: vec![1],
        removed: vec![usual[3]],
        ..plan(&scene.video)
    });
    let mut expected = usual.clone();
    expected.remove(3);
    expected.push(1);
    expected.sort_unstable();
    assert_eq!(by_hand, expected);
    let one = frames(PlanRequest {
        only_frame: Some(33),
        ..plan(&scene.video)
    });
    assert_eq!(one, [33]);
}

#[test]
fn what_was_prepared_is_not_encoded_again() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let mut n_encoded = 0;
    scene
        .desktop
        .prepare(&plan(&scene.video), &go(), &mut |event| match event {
            PrepareEvent::Encoded { frames } => n_encoded += frames.len(),
            PrepareEvent::Stage(stage) => assert_ne!(stage.stage, StageName::Waiting),
        })
        .expect("it is prepared");
    assert_eq!(n_encoded, 16);
    let (turn, events) = scene.ask(&scene.request("What is there?"), &go(), &mut |_| {});
    assert_eq!(answer(&turn).state, AnswerState::Done);
    let firsts = events.iter().find_map(|event| match event {
        AnswerEvent::Stage(stage) if stage.stage == StageName::Encoding => Some(stage.n_done),
        _ => None,
    });
    assert!(
        firsts.is_none_or(|n_done| n_done == 16),
        "{firsts:?} pictures are there from the start"
    );
}

#[test]
fn a_model_that_dies_in_mid_answer_is_reported_and_the_chat_goes_on() {
    let folder = folder();
    let workers = Workers::new(&folder.path().join("cache"));
    let Workers {
        media: _,
        model,
        engine,
    } = workers;
    let store = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    let scene = Scene::new(Desktop::new(Arc::new(engine), store), folder.path());
    let mut is_killed = false;
    let (turn, events) = scene.ask(&scene.request("What is there?"), &go(), &mut |event| {
        if matches!(event, AnswerEvent::Text { .. }) && !is_killed {
            is_killed = true;
            crate::engine::kill(model.pid());
        }
    });
    assert!(is_killed, "it said something");
    let failed = answer(&turn);
    assert_eq!(failed.state, AnswerState::Failed);
    assert_eq!(
        failed.error.as_ref().map(|error| error.code),
        Some(ErrorCode::WorkerEnded)
    );
    assert_eq!(failed.text, said(&events), "what was said stays");
    assert!(!failed.text.is_empty());
    let (next, _) = scene.ask(&scene.request("And now?"), &go(), &mut |_| {});
    assert_eq!(
        answer(&next).state,
        AnswerState::Done,
        "{:?}",
        answer(&next).error
    );
    assert_eq!(scene.kept().len(), 2);
}

#[test]
fn a_model_that_dies_before_it_says_anything_is_asked_again() {
    let folder = folder();
    let workers = Workers::new(&folder.path().join("cache"));
    let Workers {
        media: _,
        model,
        engine,
    } = workers;
    let store = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    let scene = Scene::new(Desktop::new(Arc::new(engine), store), folder.path());
    let mut is_killed = false;
    let (turn, events) = scene.ask(&scene.request("What is there?"), &go(), &mut |event| {
        if matches!(event, AnswerEvent::Stage(_)) && !is_killed {
            is_killed = true;
            crate::engine::kill(model.pid());
        }
    });
    assert_eq!(
        answer(&turn).state,
        AnswerState::Done,
        "{:?}",
        answer(&turn).error
    );
    let n_restarts = events
        .iter()
        .filter(|event| matches!(event, AnswerEvent::Restarting { .. }))
        .count();
    assert_eq!(n_restarts, 1);
}

#[test]
fn a_clip_of_one_frame_is_planned_prepared_and_asked_about() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips/one_frame.mp4");
    let info = desktop
        .open_file(&clip, &go(), &mut |_| {})
        .expect("the clip opens");
    let model = desktop.picked_model(&[tiny_pair().to_owned()], &go());
    desktop.load_model(&model.id, &go()).expect("the pair loads");
    let chat = desktop
        .store()
        .new_chat(&info.id, std::time::SystemTime::now())
        .expect("a chat is made");
    let scene = Scene {
        desktop,
        video: info.id,
        chat,
    };
    let paper = PlanRequest {
        preset: PresetName::Paper,
        strategy: None,
        ..plan(&scene.video)
    };
    let view = scene.desktop.plan(&paper, None, &go()).expect("there is a plan");
    assert_eq!(view.cost.refusal, None);
    assert!(view.frames.iter().all(|frame| frame.index == 0));
    assert!(view.notices.iter().all(|notice| notice.ends_with('.')) && !view.notices.is_empty());
    scene
        .desktop
        .prepare(&paper, &go(), &mut |_| {})
        .expect("it is prepared");
    let request = AskRequest {
        plan: paper,
        ..scene.request("What is there?")
    };
    let (turn, _) = scene.ask(&request, &go(), &mut |_| {});
    assert_eq!(
        answer(&turn).state,
        AnswerState::Done,
        "{:?}",
        answer(&turn).error
    );
}

#[test]
fn a_stopped_answer_tells_its_frames_so_that_its_times_can_be_checked() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    let cancel = go();
    let (stopped, _) = scene.ask(&scene.request("What is there?"), &cancel, &mut |event| {
        if matches!(event, AnswerEvent::Text { .. }) {
            cancel.cancel();
        }
    });
    let facts = answer(&stopped).facts.as_ref().expect("it had begun");
    assert_eq!(facts.frames.len(), 16);
    assert!(facts.prompt.contains("What is there?") && facts.n_prompt_tokens > 0);
    let was = scene
        .desktop
        .answer_plan(&stopped.id, &go())
        .expect("it was kept");
    assert_eq!(was.frames, facts.frames);
}

#[test]
fn forgetting_a_video_ends_work_on_it_and_removes_all_that_was_kept() {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    scene.ask(&scene.request("What is there?"), &go(), &mut |_| {});
    let kept = |of: &str| folder.path().join("cache").join(of).join(&scene.video);
    assert!(
        kept("features").is_dir() && kept("prefixes").is_dir(),
        "both were kept"
    );
    let mut is_forgotten = false;
    let asked = scene
        .desktop
        .ask(&scene.request("And now?"), &go(), &mut |event| {
            if matches!(event, AnswerEvent::Text { .. }) && !is_forgotten {
                is_forgotten = true;
                std::thread::scope(|scope| {
                    scope.spawn(|| scene.desktop.store().forget_video(&scene.video));
                });
            }
        });
    assert!(is_forgotten && asked.is_err(), "its question is gone with it");
    // What a page does that forgets while an answer is written: the call ends it, and waits for its end.
    let path = folder.path().join("a.mp4");
    let info = scene
        .desktop
        .open_file(&path, &go(), &mut |_| {})
        .expect("it opens again");
    let chat = scene
        .desktop
        .new_chat(&info.id, std::time::SystemTime::now())
        .expect("a chat is made");
    let again = AskRequest {
        chat: chat.id,
        ..scene.request("Once more?")
    };
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        let scene = &scene;
        let asking = scope.spawn(move || {
            let mut has_begun = false;
            scene.desktop.ask(&again, &go(), &mut |event| {
                if matches!(event, AnswerEvent::Stage(_)) && !std::mem::replace(&mut has_begun, true) {
                    tell.send(()).expect("somebody waits for it");
                }
            })
        });
        told.recv().expect("it begins");
        scene
            .desktop
            .forget_video(&scene.video, &go())
            .expect("it is forgotten");
        assert!(asking.join().expect("no panic").is_err());
    });
    assert!(!kept("features").exists() && !kept("prefixes").exists());
    assert_eq!(scene.desktop.recent_videos().expect("the list is read"), []);
    let file = std::fs::read(folder.path().join("data").join("videre.db")).expect("it is there");
    let needle = b"What is there?";
    assert!(
        !file.windows(needle.len()).any(|bytes| bytes == needle),
        "nothing of it is left in the file"
    );
}
