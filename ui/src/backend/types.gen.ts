// Written by scripts/bindings.sh from src/api/window. Do not edit: a test compares.

/**
 * One word for each thing that the window does differently; everything else is [`ErrorCode::Unknown`].
 */
export type ErrorCode = "video-missing" | "video-unreadable" | "video-unsupported" | "model-missing" | "model-mismatch" | "model-unsupported" | "out-of-memory" | "disk-full" | "context-too-long" | "worker-ended" | "store-newer" | "cancelled" | "unknown";

/**
 * What a refused call rejects with.
 */
export type ApiError = {
/**
 * What the window does about it.
 */
code: ErrorCode,
/**
 * What happened and to which file, one sentence without a full stop.
 */
message: string,
/**
 * What to do about it.
 */
hint: string | null, };

/**
 * Where the user was in a video, and what they chose in it: the next time it is opened so.
 */
export type VideoView = {
/**
 * The picture on screen, presentation time.
 */
position_secs: number,
/**
 * The part that questions are about.
 */
range: Range | null,
/**
 * Frames that are in whatever the preset chooses.
 */
pinned: Array<number>,
/**
 * Frames that are out.
 */
removed: Array<number>, };

/**
 * A file that the user opened. The page never learns its path.
 */
export type VideoInfo = {
/**
 * Its id.
 */
id: string,
/**
 * The file's name without its folders.
 */
name: string,
/**
 * The container's short name.
 */
container: string,
/**
 * The video codec's short name.
 */
codec: string,
/**
 * As displayed: rotation applied, pixel aspect not.
 */
width: number,
/**
 * As displayed.
 */
height: number,
/**
 * Width of a displayed pixel over its height.
 */
pixel_aspect: number,
/**
 * Clockwise rotation that was applied for display.
 */
rotation_degrees: number,
/**
 * How many frames are shown.
 */
n_frames: number | null,
/**
 * How long it runs.
 */
duration_secs: number,
/**
 * Frames a second on average; `null` for a single frame.
 */
average_fps: number | null,
/**
 * Whether frames follow each other at one pace.
 */
is_constant_rate: boolean | null,
/**
 * Size of the file.
 */
n_bytes: number,
/**
 * Complete sentences for a person.
 */
warnings: Array<string>,
/**
 * Whether it is the bundled clip, which the embedded model was made for.
 */
is_sample: boolean,
/**
 * How it was left; `null` where it was never open.
 */
view: VideoView | null, };

/**
 * What a frame is wanted for.
 */
export type FramePurpose = "scrub" | "still" | "step" | "play";

/**
 * A place in a video.
 */
export type Place = {
/**
 * From 0.
 */
index: number, } | {
/**
 * Presentation time.
 */
secs: number, };

/**
 * A picture for the viewer.
 */
export type FrameRequest = {
/**
 * The video's id.
 */
video: string,
/**
 * Which frame.
 */
at: Place,
/**
 * Longest side of the picture; never enlarged beyond the video's own.
 */
max_edge_px: number,
/**
 * What for.
 */
purpose: FramePurpose, };

/**
 * Small pictures along a video.
 */
export type FilmstripRequest = {
/**
 * The video's id.
 */
video: string,
/**
 * One picture near each of these times.
 */
at_secs: Array<number>,
/**
 * Pixels.
 */
height_px: number, };

/**
 * What stands beside the bytes of a picture.
 */
export type PictureInfo = {
/**
 * `image/jpeg` or `image/png`.
 */
mime: string,
/**
 * Pixels.
 */
width: number,
/**
 * Pixels.
 */
height: number,
/**
 * Which frame it shows; null while the frames are being counted.
 */
index: number | null,
/**
 * That frame's own time.
 */
pts_secs: number,
/**
 * False where a neighbour stands in.
 */
is_exact: boolean, };

/**
 * A file that was written.
 */
export type SavedFile = {
/**
 * Its name without its folders.
 */
name: string, };

/**
 * A preset as a user asks for it.
 */
export type PresetName = "auto" | "frame" | "fast" | "balanced" | "paper" | "own";

/**
 * A strategy by its name alone.
 */
export type StrategyName = "every-patch" | "sampled" | "thumbnail" | "thumbnails" | "thumbnail-and-sampled" | "slow-fast" | "image-grid" | "pooled" | "interleaved";

/**
 * A stretch of the clip: frames whose time stamps lie in `[start_secs, end_secs)`.
 */
export type Range = {
/**
 * First time included.
 */
start_secs: number,
/**
 * First time excluded.
 */
end_secs: number, };

/**
 * What the model is to be shown. The same request gives the same plan as long as the model stays.
 */
export type PlanRequest = {
/**
 * The video's id.
 */
video: string,
/**
 * Frames and strategy together.
 */
preset: PresetName,
/**
 * Instead of the preset's own strategy.
 */
strategy: StrategyName | null,
/**
 * Only frames whose time stamps lie in it.
 */
range: Range | null,
/**
 * Frames that are in whatever the preset chooses.
 */
pinned: Array<number>,
/**
 * Frames that are out.
 */
removed: Array<number>,
/**
 * This one alone, with all its patches: everything above but the video is then ignored.
 */
only_frame: number | null, };

/**
 * One displayable frame of the clip.
 */
export type FrameRef = {
/**
 * Position among the displayable frames, from 0.
 */
index: number,
/**
 * Presentation time stamp, which is the frame's identity.
 */
pts_secs: number, };

/**
 * How many tokens a plan gives the language model, texts apart.
 */
export type TokenCounts = {
/**
 * From images of single frames, sampled or pooled.
 */
sampled: number,
/**
 * From thumbnails.
 */
thumbnail: number,
/**
 * All of them.
 */
total: number, };

/**
 * Where a token comes from.
 */
export type Token = {
/**
 * Indices of the frames it shows: one; several where a patch lies across the border of thumbnail cells; none
 * for a learned newline.
 */
frames: Array<number>,
/**
 * The part of the first of `frames` that it shows: left, top, right, bottom as fractions of the source frame.
 * `null` where there is no frame, or nothing but padding.
 */
rect: [number, number, number, number] | null,
/**
 * The same for the other frames; left out where there are none.
 */
other_rects?: Array<[number, number, number, number] | null>,
/**
 * `patch`, `mean`, `max`, `blend`, `feature-mean`, `newline` or `text`.
 */
op: 'patch' | 'mean' | 'max' | 'blend' | 'feature-mean' | 'newline' | 'text',
/**
 * The words of a `text`; left out elsewhere.
 */
text?: string, };

/**
 * Where a token lies in a picture of the plan.
 */
export type TokenPlace = {
/**
 * Number in [`PlanView::images`].
 */
image: number,
/**
 * Left, top, right, bottom in patches of that picture.
 */
rect: [number, number, number, number], };

/**
 * What a picture of a plan is made of.
 */
export type PlanImageKind = "frame" | "thumbnail";

/**
 * A picture that goes through the vision tower.
 */
export type PlanImage = {
/**
 * What it is made of.
 */
kind: PlanImageKind,
/**
 * Cell by cell, row by row; one for a frame.
 */
frames: Array<FrameRef>,
/**
 * Cells side by side.
 */
n_columns: number,
/**
 * Cells above each other.
 */
n_rows: number,
/**
 * Whether its features are kept from before, or the model has read it already.
 */
is_encoded: boolean, };

/**
 * What a plan takes.
 */
export type Cost = {
/**
 * Of the visual part.
 */
n_tokens: number,
/**
 * Positions that the visual part, the fixed words and the answer's reserve leave for the chat.
 */
n_free: number,
/**
 * Pictures through the tower.
 */
n_images: number,
/**
 * From now until the first word, with what is kept from before already taken off.
 */
first_answer_secs: number,
/**
 * More than the loaded model already holds.
 */
memory_bytes: number,
/**
 * Why it cannot be run, in a sentence.
 */
refusal: string | null, };

/**
 * What a preset or a strategy would cost, before it is chosen.
 */
export type Offer = {
/**
 * The preset.
 */
preset: PresetName,
/**
 * Instead of the preset's own.
 */
strategy: StrategyName | null,
/**
 * Frames that it looks at.
 */
n_frames: number,
/**
 * What it takes.
 */
cost: Cost, };

/**
 * Positions of the context by what they are for.
 */
export type ContextUse = {
/**
 * All that the model has.
 */
n_positions: number,
/**
 * Words that stand around every question.
 */
n_fixed: number,
/**
 * Earlier turns as they would be sent now.
 */
n_chat: number,
/**
 * Kept for the answer.
 */
n_reserve: number, };

/**
 * What the model would be shown.
 */
export type PlanView = {
/**
 * Names it while its pictures can be fetched.
 */
id: string,
/**
 * The request that it answers.
 */
request: PlanRequest,
/**
 * What `auto` came to; otherwise as requested.
 */
preset: PresetName,
/**
 * How frames become tokens.
 */
strategy: StrategyName,
/**
 * Why `auto` chose it, in a sentence.
 */
reason: string | null,
/**
 * Name of the tower.
 */
tower: string,
/**
 * Side of the tower's square picture, pixels.
 */
side_px: number,
/**
 * Side of its patches, pixels.
 */
patch_px: number,
/**
 * In the order of time; short clips repeat some.
 */
frames: Array<FrameRef>,
/**
 * How many tokens.
 */
counts: TokenCounts,
/**
 * In the order that the language model reads them.
 */
tokens: Array<Token>,
/**
 * Where each of `tokens` lies in `images`.
 */
places: Array<TokenPlace | null>,
/**
 * Pictures that go through the tower.
 */
images: Array<PlanImage>,
/**
 * What it takes.
 */
cost: Cost,
/**
 * Of the loaded model.
 */
context: ContextUse,
/**
 * Every preset, and every strategy within the chosen preset.
 */
offers: Array<Offer>,
/**
 * Complete sentences for a person.
 */
notices: Array<string>, };

/**
 * What is being done; in this order, any may be skipped.
 */
export type Stage = "waiting" | "loading-model" | "reading-video" | "encoding" | "reading-prompt" | "answering";

/**
 * How far work is.
 */
export type StageInfo = {
/**
 * What is being done.
 */
stage: Stage,
/**
 * In pictures or tokens; both 0 where nothing can be counted.
 */
n_done: number,
/**
 * All of them.
 */
n_total: number,
/**
 * Of all that is left until the first word.
 */
remaining_secs: number | null, };

/**
 * What comes while a video is prepared.
 */
export type PrepareEvent = { "kind": "stage" } & StageInfo | { "kind": "encoded",
/**
 * Their numbers.
 */
frames: Array<number>, };

/**
 * A question as the page asks it.
 */
export type AskRequest = {
/**
 * The chat's id.
 */
chat: string,
/**
 * The user's words.
 */
question: string,
/**
 * Answers to choose from, without their letters; none for an open question.
 */
options: Array<string>,
/**
 * What the model is to be shown.
 */
plan: PlanRequest,
/**
 * Takes the place of this turn and of all after it.
 */
replaces: string | null, };

/**
 * What comes while a question is answered.
 */
export type AnswerEvent = { "kind": "stage" } & StageInfo | { "kind": "encoded",
/**
 * Their numbers.
 */
frames: Array<number>, } | { "kind": "began",
/**
 * Its id.
 */
turn: string, } | { "kind": "remembers-from",
/**
 * Its id.
 */
turn: string, } | { "kind": "text",
/**
 * Whole characters.
 */
text: string, } | { "kind": "restarting",
/**
 * Why.
 */
error: ApiError, };

/**
 * Seconds by stage, as somebody who waits sees them: the first five sum to `first_word_secs`, and with `answer_secs` to
 * `total_secs`. Answers of earlier versions have fewer stages.
 */
export type Timings = {
/**
 * Waiting until other work was done.
 */
wait_secs: number,
/**
 * Loading the model.
 */
load_secs: number,
/**
 * Fetching pictures from the video.
 */
video_secs: number,
/**
 * Pictures through the tower.
 */
encode_secs: number,
/**
 * Reading what stands before the answer.
 */
prompt_secs: number,
/**
 * From the question to its first word.
 */
first_word_secs: number,
/**
 * Writing.
 */
answer_secs: number,
/**
 * All of it.
 */
total_secs: number, };

/**
 * Why an answer ended.
 */
export type Ending = "finished" | "token-limit" | "context-full" | "repetition";

/**
 * How an answer came about, as it was.
 */
export type AnswerFacts = {
/**
 * The model's name.
 */
model: string,
/**
 * What it computed on.
 */
device: string,
/**
 * What `auto` came to; otherwise as requested.
 */
preset: PresetName,
/**
 * How frames became tokens.
 */
strategy: StrategyName,
/**
 * The part of the video that frames were taken from.
 */
range: Range | null,
/**
 * The only frame, where only one was asked about.
 */
only_frame: number | null,
/**
 * In the order of time.
 */
frames: Array<FrameRef>,
/**
 * Tokens of the video.
 */
counts: TokenCounts,
/**
 * Tokens of the words around the video, earlier turns included.
 */
n_prompt_tokens: number,
/**
 * Of these, tokens of earlier turns.
 */
n_history_tokens: number,
/**
 * Of all that stands before the answer, tokens that had been read before.
 */
n_reused_tokens: number,
/**
 * Tokens of the answer.
 */
n_answer_tokens: number,
/**
 * The prompt with a mark where the visual tokens stand; empty where it was not recorded.
 */
prompt: string,
/**
 * Sampling and the like: name and value, ready to show.
 */
settings: Array<[string, string]>,
/**
 * Seconds by stage.
 */
timings: Timings,
/**
 * Complete sentences for a person.
 */
notices: Array<string>,
/**
 * Whether the model inside the program gave it, which knows one little world.
 */
is_embedded: boolean,
/**
 * Why it ended; `null` where it was cut short, or an earlier version did not say.
 */
ending: Ending | null, };

/**
 * How an answer ended.
 */
export type AnswerState = "done" | "stopped" | "failed";

/**
 * What came of a question.
 */
export type Answer = {
/**
 * How it ended.
 */
state: AnswerState,
/**
 * What was said, however it ended.
 */
text: string,
/**
 * Number in the question's options.
 */
choice: number | null,
/**
 * How likely the model found each of the question's options; they sum to 1. Empty for open questions.
 */
probabilities: Array<number>,
/**
 * How it came about; none where it did not come so far.
 */
facts: AnswerFacts | null,
/**
 * Why it failed.
 */
error: ApiError | null, };

/**
 * A question with what came of it.
 */
export type Turn = {
/**
 * Its id.
 */
id: string,
/**
 * The user's words.
 */
question: string,
/**
 * Answers to choose from; none for an open question.
 */
options: Array<string>,
/**
 * Seconds since 1970.
 */
asked_at_secs: number,
/**
 * `null` where the program ended before there was one, and while it is written.
 */
answer: Answer | null,
/**
 * The questions that were asked in this place, this one among them, as they were asked: one where none was changed or
 * asked again.
 */
alternatives: Array<string>, };

/**
 * A conversation in a list.
 */
export type ChatSummary = {
/**
 * Its id.
 */
id: string,
/**
 * What the user calls it; where they do not, the first question, shortened.
 */
title: string,
/**
 * How many questions it is shown with.
 */
n_turns: number,
/**
 * Seconds since 1970.
 */
changed_at_secs: number, };

/**
 * A conversation.
 */
export type Chat = {
/**
 * Its id.
 */
id: string,
/**
 * The video's id.
 */
video: string,
/**
 * What the user calls it; where they do not, the first question, shortened.
 */
title: string,
/**
 * One after the other, the oldest first: of several that were asked in one place, the one that was chosen.
 */
turns: Array<Turn>,
/**
 * The earliest turn that the model still gets; `null` while it gets all.
 */
remembers_from: string | null, };

/**
 * A video that was opened before.
 */
export type RecentVideo = {
/**
 * Its id.
 */
id: string,
/**
 * The file's name without its folders.
 */
name: string,
/**
 * How long it runs.
 */
duration_secs: number,
/**
 * Seconds since 1970.
 */
opened_at_secs: number,
/**
 * Whether the file is still where it was.
 */
is_there: boolean,
/**
 * Those with a question in them, the latest first.
 */
chats: Array<ChatSummary>, };

/**
 * What a model computes on.
 */
export type Device = {
/**
 * For people, such as `CPU`.
 */
name: string,
/**
 * Threads and the like.
 */
detail: string,
/**
 * Why it is this one, in a sentence.
 */
reason: string, };

/**
 * Memory by what it is for.
 */
export type MemoryEstimate = {
/**
 * Weights, as they are in the files.
 */
weights_bytes: number,
/**
 * Keys and values of the positions that are held.
 */
cache_bytes: number,
/**
 * What a step of the model needs beside them.
 */
working_bytes: number,
/**
 * All of it.
 */
total_bytes: number,
/**
 * What the machine has free now, with the loaded model given back.
 */
available_bytes: number, };

/**
 * Terms of use.
 */
export type Licence = {
/**
 * Such as `Apache 2.0`.
 */
name: string,
/**
 * Where its text is.
 */
link: string, };

/**
 * How a model goes into the memory that is free.
 */
export type Fit = "fits" | "tight" | "too-large";

/**
 * Whether a model runs on this machine with a preset.
 */
export type PresetFit = {
/**
 * With this preset.
 */
preset: PresetName,
/**
 * In a word.
 */
fit: Fit,
/**
 * In numbers.
 */
memory: MemoryEstimate, };

/**
 * Where a variant is.
 */
export type VariantState = { "kind": "absent" } | { "kind": "partial",
/**
 * Of `download_bytes`.
 */
n_bytes: number, } | { "kind": "here",
/**
 * The model's id, as [`ModelInfo`](super::ModelInfo) has it.
 */
model: string,
/**
 * What it takes on the disk.
 */
n_bytes: number, };

/**
 * A model in one quantization.
 */
export type OfferedVariant = {
/**
 * Its id in the catalogue.
 */
id: string,
/**
 * As model pages name it, such as `Q4_K_M`.
 */
quantisation: string,
/**
 * What is fetched; `null` where the catalogue does not know yet.
 */
download_bytes: number | null,
/**
 * Whether it is turned into a pair here after it was fetched.
 */
is_converted: boolean,
/**
 * Whether it runs here, for each preset.
 */
fits: Array<PresetFit>,
/**
 * The id of a smaller choice that has room, where this one has none with any preset.
 */
instead: string | null,
/**
 * Where it is.
 */
state: VariantState, };

/**
 * A model of the catalogue.
 */
export type OfferedModel = {
/**
 * Its id in the catalogue.
 */
id: string,
/**
 * Its name for people.
 */
name: string,
/**
 * What it is good for, in one line.
 */
good_for: string,
/**
 * Under which terms it comes; shown before anything is fetched.
 */
licence: Licence,
/**
 * Positions that it reads at most.
 */
n_context: number,
/**
 * Tokens that one picture becomes.
 */
n_tokens_per_image: number,
/**
 * Its quantizations, the one that suits this machine best first.
 */
variants: Array<OfferedVariant>,
/**
 * Why this one suits the machine, in a sentence; only with the one that suits it best, which comes first.
 */
reason: string | null, };

/**
 * How far a download is.
 */
export type DownloadState = { "kind": "asking" } | { "kind": "fetching",
/**
 * Smoothed; `null` until it can be told.
 */
bytes_per_sec: number | null,
/**
 * Until everything is here.
 */
remaining_secs: number | null,
/**
 * The hub does not answer at the moment, and is asked again.
 */
is_retrying: boolean, } | { "kind": "verifying" } | { "kind": "converting",
/**
 * From 0 to 1.
 */
share: number,
/**
 * Until it is ready.
 */
remaining_secs: number | null, } | { "kind": "paused" } | { "kind": "failed",
/**
 * Why.
 */
error: ApiError, } | { "kind": "done",
/**
 * The model's id.
 */
model: string, };

/**
 * A model that is being fetched, or was until something stopped it.
 */
export type Download = {
/**
 * The variant's id.
 */
variant: string,
/**
 * The model's name for people, with its quantization.
 */
name: string,
/**
 * Bytes that are here.
 */
n_bytes: number,
/**
 * All of them; 0 while nobody knows.
 */
total_bytes: number,
/**
 * How far it is.
 */
state: DownloadState, };

/**
 * What the user points at to pick a model.
 */
export type PickFrom = "files" | "folder";

/**
 * A model that the program knows.
 */
export type Model = {
/**
 * Its id.
 */
id: string,
/**
 * Its name for people.
 */
name: string,
/**
 * As model pages name it, such as `Q4_K_M`.
 */
quantisation: string,
/**
 * Weights of its language model; 0 where its files cannot be read.
 */
n_params: number,
/**
 * File names without folders; none for the embedded model.
 */
files: Array<string>,
/**
 * Bytes of these files.
 */
file_bytes: number,
/**
 * The folder they lie in, by its name and its parent's; `null` for those that nobody put there by hand.
 */
folder: string | null,
/**
 * Whether it is in the list because it was loaded before: it can be taken off, and its files stay.
 */
is_listed: boolean,
/**
 * Whether it is the one inside the program.
 */
is_embedded: boolean,
/**
 * Where it comes from, for people: `Ollama`, `LM Studio`, `downloaded`; `null` for files that the user chose.
 */
found_in: string | null,
/**
 * What removing it would free; `null` where its files are not this program's to remove.
 */
removable_bytes: number | null,
/**
 * Of its language model, such as `llama`.
 */
architecture: string,
/**
 * What its vision tower is, for people.
 */
tower: string,
/**
 * Tokens that one picture becomes.
 */
n_tokens_per_image: number,
/**
 * Positions that it reads at most.
 */
n_context: number,
/**
 * What it will take.
 */
memory: MemoryEstimate,
/**
 * Why it cannot be loaded.
 */
refusal: ApiError | null,
/**
 * Questions that it can be expected to answer; may be empty.
 */
suggestions: Array<string>, };

/**
 * What the model that answers is doing.
 */
export type ModelState = { "kind": "none" } | { "kind": "loading",
/**
 * Which one.
 */
model: Model,
/**
 * Of what can be counted; both 0 where nothing can.
 */
n_done: number,
/**
 * All of it.
 */
n_total: number,
/**
 * Until it is ready.
 */
remaining_secs: number | null, } | { "kind": "ready",
/**
 * Which one.
 */
model: Model,
/**
 * What it computes on.
 */
device: Device, } | { "kind": "failed",
/**
 * Which one.
 */
model: Model,
/**
 * Why.
 */
error: ApiError, };

/**
 * Light or dark.
 */
export type Theme = "system" | "light" | "dark";

/**
 * Size of the window's words, beside what the system says.
 */
export type TextSize = "small" | "normal" | "large" | "larger";

/**
 * Everything that is kept between runs. What was never chosen has the value of [`Settings::default`].
 */
export type Settings = {
/**
 * Light or dark.
 */
theme: Theme,
/**
 * Size of the words.
 */
text_size: TextSize,
/**
 * The preset of a newly opened video.
 */
preset: PresetName,
/**
 * Off: every question is asked as if it were the first.
 */
remembers_turns: boolean,
/**
 * Encoding starts when a video is opened.
 */
prepares_on_open: boolean,
/**
 * The note about the embedded model was put away.
 */
knows_embedded: boolean,
/**
 * Width of the chat, pixels of the page.
 */
chat_width_px: number,
/**
 * Whether the panel of what the model sees is open.
 */
shows_sees: boolean, };

/**
 * Some of the settings by their names. Names and values are checked where they are changed.
 */
export type SettingsChanges = Partial<Settings>;

/**
 * A line of a menu.
 */
export type MenuItem = { "kind": "separator" } | { "kind": "command",
/**
 * What comes back when it is chosen.
 */
command: string,
/**
 * Its name.
 */
label: string,
/**
 * Such as `Mod+Shift+O`; Mod is Command on macOS and Control elsewhere. `null` where the page alone hears it.
 */
accelerator: string | null,
/**
 * Whether it can be chosen now.
 */
enabled: boolean, };

/**
 * A menu of the window.
 */
export type Menu = {
/**
 * Its name.
 */
label: string,
/**
 * What is in it.
 */
items: Array<MenuItem>, };

/**
 * One of the two workers.
 */
export type WorkerRole = "media" | "model";

/**
 * What happens without the page having asked.
 */
export type AppEvent = { "kind": "command",
/**
 * The name that the page gave it.
 */
command: string, } | { "kind": "drag",
/**
 * Whether they do.
 */
is_over: boolean, } | { "kind": "opened",
/**
 * What was opened.
 */
videos: Array<VideoInfo>, } | { "kind": "open-failed",
/**
 * The file's name without its folders.
 */
name: string,
/**
 * Why.
 */
error: ApiError, } | { "kind": "model-given",
/**
 * Which.
 */
model: Model, } | { "kind": "model",
/**
 * What.
 */
state: ModelState, } | { "kind": "download",
/**
 * How far it is now.
 */
download: Download, } | { "kind": "worker-ended",
/**
 * Which.
 */
role: WorkerRole,
/**
 * Why.
 */
error: ApiError, };
