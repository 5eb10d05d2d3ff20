/**
 * Everything that crosses the seam between the page and the program, in one file.
 *
 * Field names are those of the wire (`snake_case`, units in the name); words of an enum are `kebab-case`; events carry
 * their name in `kind`. Times are seconds of presentation time, indices count displayable frames from 0, `null` means
 * "not known" or "not chosen", never zero. All but `Picture` is JSON. The meaning of each call stands in SEAM.md.
 */

/** A file that the user opened. The page never learns a path. */
export type VideoId = string;
export type ChatId = string;
export type TurnId = string;
/** A plan whose pictures can still be fetched. */
export type PlanId = string;
/** A pair of model files that the program knows. */
export type ModelId = string;

/** One word for each thing that the window does differently; everything else is `unknown`. */
export type ErrorCode =
  | 'video-missing'
  | 'video-unreadable'
  | 'video-unsupported'
  | 'model-missing'
  | 'model-mismatch'
  | 'model-unsupported'
  | 'out-of-memory'
  | 'disk-full'
  | 'context-too-long'
  | 'worker-ended'
  | 'store-newer'
  | 'busy'
  | 'cancelled'
  | 'unknown';

/** What a refused call rejects with. */
export interface ApiError {
  code: ErrorCode;
  /** What happened and to which file, one sentence without a full stop. */
  message: string;
  /** What to do about it. */
  hint: string | null;
}

// ---------------------------------------------------------------------------------------------------- videos

export interface VideoInfo {
  id: VideoId;
  /** The file's name without its folders. */
  name: string;
  container: string;
  codec: string;
  /** As displayed: rotation applied, pixel aspect not. */
  width: number;
  height: number;
  /** Width of a displayed pixel over its height. The viewer applies it and says so; the model's frames do not. */
  pixel_aspect: number;
  rotation_degrees: number;
  /** Exact or null; the frame times tell it as soon as they are there. */
  n_frames: number | null;
  duration_secs: number;
  average_fps: number | null;
  is_constant_rate: boolean | null;
  n_bytes: number;
  /** Complete sentences for a person, such as a missing end. */
  warnings: string[];
}

export interface RecentVideo {
  id: VideoId;
  name: string;
  duration_secs: number;
  /** Seconds since 1970. */
  opened_at_secs: number;
  /** Whether the file is still where it was. */
  is_there: boolean;
  chats: ChatSummary[];
}

/** A picture as it comes over the seam. */
export interface Picture {
  /** An image type that the page can decode, or `image/x-rgba`: width * height * 4 bytes, rows without padding. */
  mime: string;
  bytes: ArrayBuffer;
  width: number;
  height: number;
  /** Which frame it shows. */
  index: number;
  pts_secs: number;
  /** False where a neighbour stands in: only answers to `scrub` requests. */
  is_exact: boolean;
}

/**
 * What a frame is wanted for.
 * `scrub`: at once; the nearest cached or key frame will do. `still`: this very frame. `step`: this very frame, and the
 * neighbours are likely next. `play`: this very frame, and those after it follow in order.
 */
export type FramePurpose = 'scrub' | 'still' | 'step' | 'play';

export interface FrameRequest {
  video: VideoId;
  /** By number, or the frame on screen at a time: the last one whose time stamp is not later. */
  at: { index: number } | { secs: number };
  /** Longest side of the picture; never enlarged beyond the video's own. */
  max_edge_px: number;
  purpose: FramePurpose;
}

export interface FilmstripRequest {
  video: VideoId;
  /** One picture near each of these times; any picture of the neighbourhood will do. */
  at_secs: number[];
  height_px: number;
}

export interface SavedFile {
  /** Name of the file that was written, without its folders. */
  name: string;
}

// ----------------------------------------------------------------------------------------------------- plans

export type PresetName = 'auto' | 'frame' | 'fast' | 'balanced' | 'paper';

export type StrategyName =
  | 'every-patch'
  | 'sampled'
  | 'thumbnail'
  | 'thumbnails'
  | 'thumbnail-and-sampled'
  | 'slow-fast'
  | 'image-grid';

export interface Range {
  start_secs: number;
  /** Excluded. */
  end_secs: number;
}

/** What the model is to be shown. The same request gives the same plan as long as the model stays. */
export interface PlanRequest {
  video: VideoId;
  preset: PresetName;
  /** Instead of the preset's own strategy. */
  strategy: StrategyName | null;
  /** Only frames whose time stamps lie in it. */
  range: Range | null;
  /** Frames that are in whatever the preset chooses. */
  pinned: number[];
  /** Frames that are out. */
  removed: number[];
  /** This one alone, with all its patches: everything above but the video is then ignored. */
  only_frame: number | null;
}

export interface FrameRef {
  index: number;
  pts_secs: number;
}

export interface TokenCounts {
  sampled: number;
  thumbnail: number;
  /** All, learned newlines included. */
  total: number;
}

/** Where a token comes from. */
export interface Token {
  /** Frames that it shows; several where a patch straddles cells of the thumbnail; none for a learned newline. */
  frames: number[];
  /** The part of the first of `frames`: left, top, right, bottom as fractions of the source frame. */
  rect: [number, number, number, number] | null;
  other_rects?: ([number, number, number, number] | null)[];
  op: 'patch' | 'mean' | 'max' | 'newline' | 'text';
}

/** Where a token lies in a picture of the plan: left, top, right, bottom in patches of that picture. */
export interface TokenPlace {
  /** Number in `PlanView.images`. */
  image: number;
  rect: [number, number, number, number];
}

/** A picture that goes through the vision tower: one frame, or a thumbnail of several. */
export interface PlanImage {
  kind: 'frame' | 'thumbnail';
  /** Cell by cell, row by row; one for a frame. */
  frames: FrameRef[];
  n_columns: number;
  n_rows: number;
  /** Whether its features are kept from before. */
  is_encoded: boolean;
}

export interface Cost {
  /** Of the visual part. */
  n_tokens: number;
  /** Positions of the context that the visual part, the fixed words and the answer's reserve leave for the chat. */
  n_free: number;
  n_images: number;
  /** From now until the first word, with what is kept from before already taken off. */
  first_answer_secs: number;
  /** More than the loaded model already holds. */
  memory_bytes: number;
  /** Why it cannot be run, in a sentence; null where it can. */
  refusal: string | null;
}

/** What a preset or a strategy would cost on this video and model, before it is chosen. */
export interface Offer {
  preset: PresetName;
  strategy: StrategyName | null;
  n_frames: number;
  cost: Cost;
}

export interface PlanView {
  id: PlanId;
  /** The request that it answers. */
  request: PlanRequest;
  /** What `auto` came to; otherwise as requested. */
  preset: PresetName;
  strategy: StrategyName;
  /** Why `auto` chose it, in a sentence. */
  reason: string | null;
  tower: string;
  /** Side of the tower's square picture and of its patches. */
  side_px: number;
  patch_px: number;
  /** In the order of time; short clips repeat some. */
  frames: FrameRef[];
  counts: TokenCounts;
  /** In the order that the language model reads them, with `places` beside it. */
  tokens: Token[];
  places: (TokenPlace | null)[];
  images: PlanImage[];
  cost: Cost;
  context: {
    n_positions: number;
    /** Words that stand around every question. */
    n_fixed: number;
    /** Earlier turns as they would be sent now. */
    n_chat: number;
    n_reserve: number;
  };
  /** Every preset, and every strategy within the chosen preset. */
  offers: Offer[];
  /** Complete sentences for a person. */
  notices: string[];
}

// ---------------------------------------------------------------------------------------- preparing and asking

/** In the order in which they happen; any may be skipped. */
export type Stage =
  'waiting' | 'loading-model' | 'reading-video' | 'encoding' | 'reading-prompt' | 'answering';

export interface StageEvent {
  kind: 'stage';
  stage: Stage;
  /** In pictures, tokens or bytes; both 0 where nothing can be counted. */
  n_done: number;
  n_total: number;
  /** Of all that is left until the first word. */
  remaining_secs: number | null;
}

/** These frames have gone through the tower; sent once for each frame, kept ones first. */
export interface EncodedEvent {
  kind: 'encoded';
  frames: number[];
}

export type PrepareEvent = StageEvent | EncodedEvent;

export interface AskRequest {
  chat: ChatId;
  question: string;
  /** Answers to choose from, without their letters; empty for an open question. */
  options: string[];
  plan: PlanRequest;
  /** Takes the place of this turn and of all after it: asking again, or an edited question. */
  replaces: TurnId | null;
}

export type AnswerEvent =
  | StageEvent
  | EncodedEvent
  /** The first event: the turn exists and is kept. */
  | { kind: 'began'; turn: TurnId }
  /** The chat's earliest turn that the model still gets. */
  | { kind: 'remembers-from'; turn: TurnId }
  /** Whole characters; at most about thirty a second. */
  | { kind: 'text'; text: string }
  /** The model's process ended and is started again; what was said so far stays. */
  | { kind: 'restarting'; error: ApiError };

export interface Timings {
  /** Fetching pictures from the video. */
  video_secs: number;
  encode_secs: number;
  /** Reading what stands before the answer. */
  prompt_secs: number;
  /** From the question to its first word. */
  first_word_secs: number;
  answer_secs: number;
  total_secs: number;
}

/** How an answer came about, as it was. */
export interface AnswerFacts {
  model: string;
  device: string;
  preset: PresetName;
  strategy: StrategyName;
  range: Range | null;
  only_frame: number | null;
  frames: FrameRef[];
  counts: TokenCounts;
  n_prompt_tokens: number;
  n_answer_tokens: number;
  /** The prompt with a mark where the visual tokens stand. */
  prompt: string;
  /** Sampling and the like: name and value, ready to show. */
  settings: [string, string][];
  timings: Timings;
  notices: string[];
}

export interface Answer {
  state: 'done' | 'stopped' | 'failed';
  text: string;
  /** Number in the question's options. */
  choice: number | null;
  facts: AnswerFacts | null;
  error: ApiError | null;
}

export interface Turn {
  id: TurnId;
  question: string;
  options: string[];
  asked_at_secs: number;
  /** Null where the program ended before there was one. */
  answer: Answer | null;
}

export interface ChatSummary {
  id: ChatId;
  /** The first question, shortened, unless it was named. */
  title: string;
  n_turns: number;
  changed_at_secs: number;
}

export interface Chat {
  id: ChatId;
  video: VideoId;
  title: string;
  turns: Turn[];
  /** The earliest turn that the model still gets; null while it gets all. */
  remembers_from: TurnId | null;
}

// ---------------------------------------------------------------------------------------------------- models

export interface Device {
  /** `CPU`, `NVIDIA RTX 4070`, ... */
  name: string;
  /** Threads, instruction sets, memory. */
  detail: string;
  /** Why it is this one, in a sentence. */
  reason: string;
}

export interface Model {
  id: ModelId;
  /** `LLaVA 1.6 Vicuna 7B`. */
  name: string;
  /** `Q4_K_M`. */
  quantisation: string;
  /** File names without folders; none for the embedded model. */
  files: string[];
  is_embedded: boolean;
  architecture: string;
  tower: string;
  n_tokens_per_image: number;
  n_context: number;
  memory: MemoryEstimate;
  /** Why it cannot be loaded. */
  refusal: ApiError | null;
  /** Questions that it can be expected to answer; may be empty. */
  suggestions: string[];
}

export interface MemoryEstimate {
  weights_bytes: number;
  /** Keys and values at the whole context. */
  cache_bytes: number;
  working_bytes: number;
  total_bytes: number;
  /** What the machine has free now, with the loaded model given back. */
  available_bytes: number;
}

export type ModelState =
  | { kind: 'none' }
  | { kind: 'loading'; model: Model; n_done: number; n_total: number; remaining_secs: number | null }
  | { kind: 'ready'; model: Model; device: Device }
  | { kind: 'failed'; model: Model; error: ApiError };

// --------------------------------------------------------------------------------- the window and its settings

export type Theme = 'system' | 'light' | 'dark';

export interface Settings {
  theme: Theme;
  preset: PresetName;
  /** Off: every question is asked as if it were the first. */
  remembers_turns: boolean;
  /** Encoding starts when a video is opened. */
  prepares_on_open: boolean;
  /** The note about the embedded model was put away. */
  knows_embedded: boolean;
  chat_width_px: number;
  shows_sees: boolean;
}

/** A menu of the window; the page owns the words, the shell draws it and sends `command` events. */
export interface Menu {
  label: string;
  items: MenuItem[];
}

export type MenuItem =
  | { kind: 'separator' }
  | {
      kind: 'command';
      command: string;
      label: string;
      /** Such as `Mod+Shift+O`; Mod is Command on macOS and Control elsewhere. Null where the page alone hears it. */
      accelerator: string | null;
      enabled: boolean;
    };

/** What happens without the page having asked. */
export type AppEvent =
  | { kind: 'command'; command: string }
  /** Files lie over the window, or no longer do. */
  | { kind: 'drag'; is_over: boolean }
  /** By drop, argument, second start or menu; the first is to be shown. */
  | { kind: 'opened'; videos: VideoInfo[] }
  | { kind: 'open-failed'; name: string; error: ApiError }
  | { kind: 'model'; state: ModelState }
  /** A worker ended; `error` says why. It is already being started again. */
  | { kind: 'worker-ended'; role: 'media' | 'model'; error: ApiError };
