//! Files, their ids and their pictures.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use videre::api::window::{
    ErrorCode, FilmstripRequest, FramePurpose, FrameRequest, Place, PlanRequest, PresetName, VideoInfo,
};
use videre::cancel::CancelToken;
use videre::chat::NewTurn;
use videre::desktop::Desktop;

use super::{clip, desktop, folder};

fn go() -> CancelToken {
    CancelToken::new()
}

fn open(desktop: &Desktop, path: &Path) -> VideoInfo {
    desktop
        .open_file(path, &go(), &mut |_| {})
        .expect("the clip opens")
}

fn at(video: &str, at: Place, purpose: FramePurpose) -> FrameRequest {
    FrameRequest {
        video: video.to_owned(),
        at,
        max_edge_px: 160,
        purpose,
    }
}

#[test]
fn the_bundled_clip_is_known_under_any_name_and_no_other_is_taken_for_it() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4");
    assert!(open(&desktop, &sample).is_sample);
    let copy = folder.path().join("holiday.mp4");
    fs::copy(&sample, &copy).expect("it can be copied");
    assert!(open(&desktop, &copy).is_sample);
    let other = folder.path().join("sample.mp4");
    let mut bytes = fs::read(&sample).expect("it can be read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&other, bytes).expect("it can be written");
    assert!(!open(&desktop, &other).is_sample);
}

#[test]
fn a_video_is_known_by_its_content_in_later_sessions_and_wherever_it_lies() {
    let folder = folder();
    let path = clip(folder.path(), "a.mp4");
    let first = {
        let desktop = desktop(folder.path());
        open(&desktop, &path)
    };
    let desktop = desktop(folder.path());
    let recent = desktop.recent_videos().expect("the list is read");
    assert_eq!(
        (recent[0].id.as_str(), recent[0].name.as_str()),
        (first.id.as_str(), "a.mp4")
    );
    assert!(!desktop.poster(&first.id).expect("it was kept").bytes.is_empty());
    // Its id alone is enough, without opening it first.
    let times = desktop
        .frame_times(&first.id, &go())
        .expect("the file is still there");
    assert_eq!(Some(times.len()), first.n_frames);
    let moved = folder.path().join("b.mp4");
    fs::rename(&path, &moved).expect("it can be moved");
    let error = desktop
        .open_recent(&first.id, &go(), &mut |_| {})
        .expect_err("it is gone");
    assert_eq!(error.code, ErrorCode::VideoMissing);
    assert!(error.message.contains("a.mp4"), "{}", error.message);
    let found = open(&desktop, &moved);
    assert_eq!(found.id, first.id, "the same content");
    assert_eq!(desktop.recent_videos().expect("the list is read").len(), 1);
}

#[test]
fn a_file_that_was_changed_is_not_taken_for_what_it_was() {
    let folder = folder();
    let path = clip(folder.path(), "a.mp4");
    let first = open(&desktop(folder.path()), &path);
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("it can be written");
    file.write_all(&[0; 64]).expect("it can be written");
    drop(file);
    let later = desktop(folder.path());
    let error = later
        .frame_times(&first.id, &go())
        .expect_err("that content is gone");
    assert_eq!(error.code, ErrorCode::VideoMissing);
}

#[test]
fn the_page_cannot_name_a_file_by_its_path() {
    let folder = folder();
    let path = clip(folder.path(), "a.mp4");
    let desktop = desktop(folder.path());
    let error = desktop
        .frame_times(&path.display().to_string(), &go())
        .expect_err("a path is no id");
    assert_eq!(error.code, ErrorCode::VideoMissing);
}

#[test]
fn pictures_come_by_number_and_by_time_and_say_whether_they_are_exact() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let id = open(&desktop, &clip(folder.path(), "a.mp4")).id;
    let times = desktop.frame_times(&id, &go()).expect("they are listed");
    let middle = times.len() / 2 + 7;
    let scrub = at(&id, Place::Index { index: middle }, FramePurpose::Scrub);
    let near = desktop.frame(&scrub, &go()).expect("something is near");
    assert!(!near.info.is_exact);
    assert_eq!(near.info.pts_secs, times[near.info.index.expect("it is known")]);
    let between = (times[middle] + times[middle + 1]) / 2.0;
    let still = at(&id, Place::Secs { secs: between }, FramePurpose::Still);
    let exact = desktop.frame(&still, &go()).expect("it is drawn");
    assert_eq!((exact.info.index, exact.info.is_exact), (Some(middle), true));
    assert!(exact.info.width <= 160 && exact.info.height <= 160);
    assert_eq!(desktop.frame(&scrub, &go()).expect("it is at hand"), exact);
    let beyond = at(&id, Place::Index { index: usize::MAX }, FramePurpose::Play);
    let last = desktop.frame(&beyond, &go()).expect("the last one is shown");
    assert_eq!(
        (last.info.index, last.info.is_exact),
        (Some(times.len() - 1), true)
    );
    let strip = FilmstripRequest {
        video: id,
        at_secs: vec![times[0], times[middle]],
        height_px: 48,
    };
    let mut slots = Vec::new();
    desktop
        .filmstrip(&strip, &go(), &mut |slot, shown| {
            assert!(shown.info.height <= 48);
            slots.push(slot);
        })
        .expect("it is drawn");
    slots.sort_unstable();
    // A slot whose picture was from elsewhere gets its own afterwards.
    slots.dedup();
    assert_eq!(slots, [0, 1]);
}

#[test]
fn a_frame_is_saved_whole_under_a_name_that_sorts_in_time() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let info = open(&desktop, &clip(folder.path(), "a.mp4"));
    let save = |folder: &Path| {
        let folder = folder.to_owned();
        desktop.save_frame(&info.id, 7, &move |name| Ok(Some(folder.join(name))), &go())
    };
    let saved = save(folder.path())
        .expect("it is written")
        .expect("it was wanted");
    let name = saved.name;
    assert!(
        name.starts_with("a-frame-0000007-") && name.ends_with("s.png"),
        "{name}"
    );
    let picture = image::open(folder.path().join(&name)).expect("it is a picture");
    assert_eq!((picture.width(), picture.height()), (info.width, info.height));
    let put_away = desktop.save_frame(&info.id, 7, &|_| Ok(None), &go());
    assert_eq!(put_away, Ok(None));
    let refused = save(&folder.path().join("nowhere")).expect_err("there is no such folder");
    assert!(
        refused.message.contains(&name) && !refused.message.contains("nowhere"),
        "the page learns no folder: {}",
        refused.message
    );
}

#[test]
fn a_file_that_is_no_video_is_refused_with_advice_and_is_not_listed() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let path = folder.path().join("letter.mp4");
    fs::write(&path, "Dear reader, this is no video.".repeat(50)).expect("it can be written");
    let error = desktop
        .open_file(&path, &go(), &mut |_| {})
        .expect_err("it is none");
    assert_eq!(error.code, ErrorCode::VideoUnreadable);
    assert!(
        error.message.contains("letter.mp4") && error.hint.is_some(),
        "{error:?}"
    );
    assert_eq!(desktop.recent_videos().expect("the list is read"), []);
}

#[test]
fn a_forgotten_video_is_in_no_list_and_has_no_picture_and_no_chat() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let id = open(&desktop, &clip(folder.path(), "a.mp4")).id;
    let features = folder.path().join("cache").join("features").join(&id);
    fs::create_dir_all(&features).expect("a folder can be made");
    fs::write(features.join("kept"), "features").expect("it can be written");
    let store = desktop.store();
    let chat = store.new_chat(&id, SystemTime::now()).expect("a chat is made");
    let turn = NewTurn {
        question: "What is it?".to_owned(),
        options: Vec::new(),
        plan: PlanRequest {
            video: id.clone(),
            preset: PresetName::Auto,
            strategy: None,
            range: None,
            pinned: Vec::new(),
            removed: Vec::new(),
            only_frame: None,
        },
        replaces: None,
    };
    store
        .begin_turn(chat, &turn, SystemTime::now())
        .expect("it is kept");
    assert_eq!(
        desktop.recent_videos().expect("the list is read")[0].chats.len(),
        1
    );
    desktop.forget_video(&id, &go()).expect("it is forgotten");
    assert_eq!(desktop.recent_videos().expect("the list is read"), []);
    assert_eq!(
        desktop.poster(&id).expect_err("it is gone").code,
        ErrorCode::VideoMissing
    );
    assert!(store.chat(chat).is_err());
    assert!(!features.exists(), "what the engine kept is gone too");
    assert!(desktop.frame_times(&id, &go()).is_err());
}
