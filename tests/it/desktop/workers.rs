//! What the page is told when a worker ends, and that encoding gives way to a person who looks.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use videre::api::window::{
    AppEvent, ErrorCode, ModelState, PlanRequest, PrepareEvent, PresetName, StageName, WorkerRole,
};
use videre::cancel::CancelToken;
use videre::chat::Store;
use videre::desktop::Desktop;

use super::{clip, desktop, folder};
use crate::engine::{Workers, kill, tiny_pair};

const PATIENCE: Duration = Duration::from_secs(60);

fn go() -> CancelToken {
    CancelToken::new()
}

#[test]
fn a_worker_that_ends_is_reported_with_its_reason_and_started_again() {
    let folder = folder();
    let Workers { media, model, engine } = Workers::new(&folder.path().join("cache"));
    let store = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    let desktop = Arc::new(Desktop::new(Arc::new(engine), store));
    desktop.watch(&media, WorkerRole::Media);
    desktop.watch(&model, WorkerRole::Model);
    let info = desktop
        .open_file(&clip(folder.path(), "a.mp4"), &go(), &mut |_| {})
        .expect("the clip opens");
    let picked = desktop.picked_model(&[tiny_pair().to_owned()], &go());
    desktop.load_model(&picked.id, &go()).expect("it loads");
    let (tell, told) = sync_channel(64);
    let tell = Mutex::new(tell);
    desktop.listen(move |event| drop(tell.lock().expect("nobody panicked").send(event)));

    kill(model.pid());
    let next = || told.recv_timeout(PATIENCE).expect("the page is told");
    let AppEvent::WorkerEnded {
        role: WorkerRole::Model,
        error,
    } = next()
    else {
        panic!("not told first")
    };
    assert_eq!(error.code, ErrorCode::WorkerEnded);
    assert!(error.message.contains("the model"), "{}", error.message);
    assert!(matches!(
        next(),
        AppEvent::Model {
            state: ModelState::Loading { .. }
        }
    ));
    let AppEvent::Model {
        state: ModelState::Ready { model: again, .. },
    } = next()
    else {
        panic!("not ready")
    };
    assert_eq!(again.id, picked.id);
    assert!(model.pid().is_some(), "it runs again");

    kill(media.pid());
    let AppEvent::WorkerEnded {
        role: WorkerRole::Media,
        ..
    } = next()
    else {
        panic!("not told")
    };
    assert!(desktop.frame_times(&info.id, &go()).is_ok());
    let began = Instant::now();
    while media.pid().is_none() {
        assert!(began.elapsed() < PATIENCE, "it is started again by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_a_model_has_read_is_gone_with_its_worker_even_where_that_is_not_started_again() {
    let folder = folder();
    let Workers {
        media: _,
        model,
        engine,
    } = Workers::new(&folder.path().join("cache"));
    let store = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    let desktop = Arc::new(Desktop::new(Arc::new(engine), store));
    desktop.watch(&model, WorkerRole::Model);
    let info = desktop
        .open_file(&clip(folder.path(), "a.mp4"), &go(), &mut |_| {})
        .expect("the clip opens");
    let picked = desktop.picked_model(&[tiny_pair().to_owned()], &go());
    desktop.load_model(&picked.id, &go()).expect("it loads");
    let (tell, told) = sync_channel(64);
    desktop.listen(move |event| {
        if matches!(event, AppEvent::WorkerEnded { .. }) {
            tell.send(()).ok();
        }
    });
    let request = PlanRequest {
        video: info.id,
        preset: PresetName::Fast,
        strategy: None,
        range: None,
        pinned: vec![],
        removed: vec![],
        only_frame: None,
    };
    // Its features are not kept, so that a picture counts as encoded only where its rows were read.
    let is_read = || {
        drop(std::fs::remove_dir_all(
            folder.path().join("cache/videre/features"),
        ));
        let view = desktop.plan(&request, None, &go()).expect("there is a plan");
        view.images.iter().all(|image| image.is_encoded)
    };
    for n_ends in 1..=2 {
        desktop
            .prepare(&request, &go(), &mut |_| {})
            .expect("it is prepared");
        assert!(is_read());
        kill(model.pid());
        told.recv_timeout(PATIENCE).expect("the page is told");
        assert!(!is_read(), "after end {n_ends}");
    }
}

#[test]
fn encoding_waits_while_somebody_drags_and_goes_on_afterwards() {
    let folder = folder();
    let desktop = Arc::new(desktop(folder.path()));
    let info = desktop
        .open_file(&clip(folder.path(), "a.mp4"), &go(), &mut |_| {})
        .expect("the clip opens");
    desktop.load_model("embedded", &go()).expect("it is always there");
    let request = PlanRequest {
        video: info.id,
        preset: PresetName::Paper,
        strategy: None,
        range: None,
        pinned: vec![],
        removed: vec![],
        only_frame: None,
    };
    let times: Arc<Mutex<Vec<(Instant, usize)>>> = Arc::default();
    let preparing = {
        let (desktop, times) = (Arc::clone(&desktop), Arc::clone(&times));
        let prepare = move || {
            desktop.prepare(&request, &go(), &mut |event| {
                if let PrepareEvent::Stage(stage) = event
                    && stage.stage == StageName::Encoding
                {
                    times
                        .lock()
                        .expect("nobody panicked")
                        .push((Instant::now(), stage.n_done));
                }
            })
        };
        std::thread::Builder::new()
            .name("preparing".to_owned())
            .spawn(prepare)
            .expect("a thread can be started")
    };
    let n_done = || {
        times
            .lock()
            .expect("nobody panicked")
            .last()
            .map_or(0, |(_, n_done)| *n_done)
    };
    while n_done() < 2 {
        std::thread::yield_now();
    }
    desktop.set_scrubbing(true).expect("it is told");
    let held = Instant::now();
    // One picture may have been on its way already.
    std::thread::sleep(Duration::from_millis(100));
    let then = n_done();
    std::thread::sleep(Duration::from_millis(600));
    let still = n_done();
    desktop.set_scrubbing(false).expect("it is told");
    assert!(then < 51, "all was encoded before anybody could drag");
    assert_eq!(then, still, "nothing is encoded {:?} after", held.elapsed());
    preparing
        .join()
        .expect("no panic")
        .expect("it goes on and is prepared");
    assert_eq!(n_done(), 51);
}

/// Clock ticks that a process has run, and its `nice`.
#[cfg(target_os = "linux")]
fn ran(pid: u32) -> (u64, i64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .expect("it has a name")
        .split(' ')
        .collect();
    let number = |at: usize| fields[at].parse::<i64>().expect("it is a number");
    ((number(11) + number(12)) as u64, number(16))
}

#[test]
#[cfg(target_os = "linux")]
fn a_model_that_waits_does_not_spin_and_works_behind_everybody_else() {
    let folder = folder();
    let Workers {
        media: _,
        model,
        engine,
    } = Workers::new(&folder.path().join("cache"));
    let store = Store::open(&folder.path().join("data").join("videre.db")).expect("it opens");
    let desktop = Desktop::new(Arc::new(engine), store);
    desktop.load_model("embedded", &go()).expect("it is always there");
    let pid = model.pid().expect("it runs");
    let (before, nice) = ran(pid);
    std::thread::sleep(Duration::from_secs(2));
    let (after, _) = ran(pid);
    // A hundred ticks are a second of one core.
    assert!(after - before <= 4, "{} of 200 ticks", after - before);
    assert!(nice >= 10, "its nice is {nice}");
}
