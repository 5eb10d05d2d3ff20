// Every call of the page, once. What lets a page call them, carries them out and tells the page of them is made from this
// list; the shell's build script includes this file, so nothing else stands here.

/// Hands the list of the page's calls to a macro.
///
/// First come the names under which an entry's last part, which carries it out, has the desktop, the program around the
/// page, the token that ends the call, and where its messages go. Then each call: its documentation for the page, its
/// kind, its arguments by their names on the wire, and where the kind leaves it open, what it comes to and what it tells
/// of meanwhile. What has no last part, the page's window carries out ([`Window`](crate::desktop::Window)). The kinds:
///
/// - `value`: JSON. `work`: the same, where the page may want to stop it.
/// - `picture`: a picture with what it shows, raw. `times`: seconds as `f64`, little endian, raw.
/// - `pictures`: each with its slot, raw, in any order. `events`: JSON while it works, then JSON.
/// - `told`: carried out at once and in order, so it must not block; the page waits for no answer.
/// - `feed`: events without an end. `wire`: for what carries calls, not for the page.
#[macro_export]
macro_rules! seam_calls {
    ($make:ident) => {
        $make! {
            (desktop, shell, calls, cancel, on)

            /// Ends the call with this number.
            wire cancel(call: u64) = { calls.running.cancel(call); Ok(()) };

            /// Events from now on, until the returned function is called.
            feed listen(), each window::AppEvent = { calls.events.hand_to(on); Ok(()) };

            // Videos

            /// The system's dialog for one or more videos. Empty when it was put away. Rejects only if no file could be
            /// opened.
            value open_with_dialog() -> Vec<window::VideoInfo>
                = open_all(desktop, &shell.choose_videos()?, cancel);

            /// The bundled clip.
            value open_sample() -> window::VideoInfo
                = desktop.open_file(&shell.sample()?, cancel, &mut |_| {});

            /// A video that was opened before. `video-missing` where the file is gone.
            value open_recent(video: String) -> window::VideoInfo
                = desktop.open_recent(&video, cancel, &mut |_| {});

            /// Latest first, with their chats.
            value recent_videos() -> Vec<window::RecentVideo> = desktop.recent_videos();

            /// A kept picture; works where the file is gone, rejects with `video-missing` where none was kept.
            picture poster(video: String) = desktop.poster(&video);

            /// Removes its chats, pictures, features and prefix, and the entry itself. Running work on it is cancelled.
            value forget_video(video: String) = desktop.forget_video(&video, cancel);

            /// The time stamp of every displayable frame, rising. Resolves when the whole stream was read; the viewer
            /// works before, by time.
            times frame_times(video: String) = desktop.frame_times(&video, cancel);

            /// One picture. The request that is newest for its `purpose` is served first; older ones of the same purpose
            /// may be dropped once aborted. `scrub` answers at once with the nearest cached or key frame (`is_exact`
            /// tells, `pts_secs` is the picture's own), a coarse one where it has to be made, and without an `index`
            /// while the frames are being counted; two of them may be under way; every other purpose answers with
            /// exactly the frame asked for. During `play` some eight requests are under way at a time, in order. Beyond
            /// the end: the last frame.
            picture frame(request: window::FrameRequest) = desktop.frame(&request, cancel);

            /// Calls `on` for each slot, in any order, resolves after the last. Small and quick matters more than exact;
            /// a slot whose picture is from elsewhere may get its own afterwards, by another call.
            pictures filmstrip(request: window::FilmstripRequest) = desktop.filmstrip(&request, cancel, on);

            /// While true, encoding pauses so that the pointer has the machine.
            told set_scrubbing(is_scrubbing: bool) = { shell.scrub(is_scrubbing); Ok(()) };

            /// Keeps how a video is left: `view` the next time it is opened.
            value keep_view(video: String, view: window::VideoView) = desktop.keep_view(&video, &view);

            /// The full-size picture onto the clipboard.
            value copy_frame(video: String, index: usize)
                = copy_picture(shell, &desktop.full_picture(&video, index, cancel)?);

            /// Asks where, and writes the full-size picture as PNG, named
            /// `<video>-frame-<index, 7 digits>-<seconds>s.png`. `null` when put away.
            value save_frame(video: String, index: usize) -> Option<window::SavedFile>
                = desktop.save_frame(&video, index, &|name| shell.choose_target(name), cancel);

            // What the model sees

            /// Pure and quick (no decoding): the plan for the loaded model, or for the embedded model while none is
            /// loaded. `chat` lets `context` count earlier turns. Pins beyond what fits, a short clip and the like are
            /// `notices`; what cannot be run is `cost.refusal`, not a rejection. A `PlanView` and its pictures stay
            /// available for the eight latest plans. `places[i]` says where `tokens[i]` lies in `images`; the page marks
            /// patches by it, and lists tokens by `tokens`.
            work plan(request: window::PlanRequest, chat: Option<String>) -> window::PlanView
                = desktop.plan(&request, chat.as_deref(), cancel);

            /// The very pixels that enter the tower: `side_px` square, lossless. Decodes what it needs.
            picture plan_picture(plan: String, image: usize) = desktop.plan_picture(&plan, image, cancel);

            /// Encodes the plan's pictures and reads the visual prefix, so that the next question costs only its words.
            /// Resolves when done. A second call takes the place of the first and keeps what both share.
            events prepare(request: window::PlanRequest), each window::PrepareEvent
                = desktop.prepare(&request, cancel, on);

            // Chats, kept by the program, at once and safely

            /// Those that have a question in them, the latest first.
            value chats(video: String) -> Vec<window::ChatSummary> = desktop.chats(&video);

            /// A chat with all its turns.
            value chat(chat: String) -> window::Chat = desktop.chat(&chat);

            /// An empty chat, which is not kept before something was asked.
            value new_chat(video: String) -> window::Chat = desktop.new_chat(&video, SystemTime::now());

            /// Those of them in which these words stand, one after the other.
            value find_chats(video: String, words: String) -> Vec<window::ChatSummary>
                = desktop.find_chats(&video, &words);

            /// Calls a chat so from now on; by its first question where the title is blank.
            value rename_chat(chat: String, title: String) = desktop.rename_chat(&chat, &title);

            /// Removes a chat. For a minute `restoreChat` takes it back; then it is gone for good.
            value delete_chat(chat: String) = desktop.delete_chat(&chat, SystemTime::now());

            /// Takes a removal back. Rejects where it is too late.
            value restore_chat(chat: String) = desktop.restore_chat(&chat);

            /// Shows a chat with this turn, one of its `alternatives`, and with what was asked after it last.
            value show_turn(turn: String) -> window::Chat = desktop.show_turn(&turn);

            /// Tokens of a question's words for the model that plans are made for: more than a plan's `cost.n_free` do not
            /// fit.
            value count_tokens(words: String) -> usize = desktop.count_tokens(&words, cancel);

            /// Never refused because something else is running: it waits with stage `waiting`. `began` first; then
            /// stages and `encoded`; then `text`. Resolves with the whole turn, which is kept by then, also when it was
            /// stopped or failed. With `replaces` it stands in the place of that turn, which can be shown again by
            /// `showTurn` with all after it, and is gone where no word was said to any of that. `remaining_secs` is of everything until the first word, and null before a step
            /// of this model was measured. The video need not be the one on screen.
            events ask(request: window::AskRequest) -> window::Turn, each window::AnswerEvent
                = desktop.ask(&request, cancel, on);

            /// The plan of an answer as it was, its pictures by `planPicture`. Rejects with `video-missing` where the
            /// file is gone.
            work answer_plan(turn: String) -> window::PlanView = desktop.answer_plan(&turn, cancel);

            // Models

            /// The state of the model, which the `model` event follows.
            value model_state() -> window::ModelState = Ok(desktop.model_state());

            /// The embedded model and the pairs the user has loaded before or that lie in known folders.
            value models() -> Vec<window::ModelInfo> = desktop.models(cancel);

            /// Asks for both files (or a folder) and describes the pair from its headers alone: a wrong one comes back
            /// with `refusal`, so that the page can say which file is wrong and why. `null` when put away.
            value pick_model(from: window::PickFrom) -> Option<window::ModelInfo>
                = Ok(shell.choose_model(from)?.map(|paths| desktop.picked_model(&paths, cancel)));

            /// Takes a model off the list where it `is_listed`. Its files stay.
            value forget_model(model: String) = desktop.forget_model(&model);

            /// Resolves when the model is ready; its progress is the `model` event. Aborting it keeps the model that was
            /// there.
            work load_model(model: String) = desktop.load_model(&model, cancel);

            /// The models that can be fetched, the one that suits this machine best first, with where each is. Nothing
            /// is asked of a network.
            value catalogue() -> Vec<window::OfferedModel> = desktop.catalogue(cancel);

            /// Fetches a variant of the catalogue, or goes on with it: its progress is the `download` event, and
            /// the page has shown its licence. Once it is here it is loaded, unless another model is being loaded.
            value start_download(variant: String) = desktop.start_download(&variant);

            /// Stops a download; what is here stays. Resolves when it has stopped.
            value pause_download(variant: String) = desktop.pause_download(&variant, cancel);

            /// Stops a download and removes what is here of it.
            value discard_download(variant: String) = desktop.discard_download(&variant, cancel);

            /// Those under way, paused and failed, and those that came in this run.
            value downloads() -> Vec<window::Download> = Ok(desktop.downloads());

            /// Removes the files of a model that was fetched, once the user has agreed to it; the embedded one takes
            /// its place where it was loaded. Answers with the bytes that are free now.
            value remove_model(model: String) -> u64 = desktop.remove_model(&model, cancel);

            // The window

            /// All settings.
            value settings() -> window::Settings = desktop.settings();

            /// Changes those that are named; answers with all of them.
            value change_settings(changes: window::SettingsChanges) -> window::Settings
                = desktop.change_settings(&changes.0);

            /// Draws the system's menu. Where there is none, the page's own menu button has the same items.
            told set_menu(menus: Vec<window::Menu>);

            /// The window's title.
            told set_title(title: String);

            /// Whether the window fills the screen.
            value set_full_screen(is_full: bool);

            /// The names of what the program was started with, which `ready` will open: each ends as `opened`,
            /// `open-failed` or `model-given`. None from the second time that the page is loaded.
            value given() -> Vec<String> = Ok(shell.names_to_open());

            /// The first picture of the page is painted: show the window, and open what was given.
            told ready() = shell.begin();

            // Help

            /// The text of `doctor`, without file names unless asked.
            value diagnosis(with_file_names: bool) -> String = Ok(desktop.diagnosis(with_file_names, cancel));

            /// Opens the folder of log files.
            value show_logs();

            /// Onto the clipboard.
            value copy_text(text: String);
        }
    };
}

/// The names of the page's calls, from the list: `seam_calls!(call_names)`.
#[macro_export]
macro_rules! call_names {
    ($context:tt $($(#[$doc:meta])* $kind:ident $name:ident $arguments:tt
        $(-> $reply:ty)? $(, each $event:ty)? $(= $body:expr)?;)*) => { &[$(stringify!($name)),*] };
}
