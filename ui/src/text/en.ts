import type { ErrorCode, PresetName, Stage, StrategyName, Theme } from '../backend';
import { formatBytes, formatCount, formatRemaining, formatSecs } from '../lib/format';
import type { Command, Section } from '../lib/keys';

const plural = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const frames = (count: number) => plural(count, 'frame', 'frames');
const tokens = (count: number) => plural(count, 'token', 'tokens');

const preset: Record<PresetName, string> = {
  auto: 'Auto',
  own: "The model's own",
  frame: 'This frame',
  fast: 'Fast',
  balanced: 'Balanced',
  paper: 'Paper',
};

const strategy: Record<StrategyName, string> = {
  'every-patch': 'Every patch',
  sampled: 'Sampled patches',
  thumbnail: 'One thumbnail',
  thumbnails: 'Several thumbnails',
  'thumbnail-and-sampled': 'Thumbnail + patches',
  'slow-fast': 'Slow and fast',
  'image-grid': 'Image grid',
  pooled: 'Pooled frames',
  interleaved: 'Frames with times',
};

const stage: Record<Stage, string> = {
  waiting: 'Waiting for its turn',
  'loading-model': 'Loading the model',
  'reading-video': 'Reading the video',
  encoding: 'Looking at the frames',
  'reading-prompt': 'Reading what it saw',
  answering: 'Answering',
};

const command: Record<Command, string> = {
  open: 'Open a video…',
  'open-sample': 'Open the sample',
  'go-start': 'Show all videos',
  'new-chat': 'New conversation',
  'play-pause': 'Play or pause',
  slower: 'Slower',
  faster: 'Faster',
  'normal-speed': 'Normal speed',
  'next-frame': 'Next frame',
  'previous-frame': 'Previous frame',
  'forward-5': '5 seconds forward',
  'back-5': '5 seconds back',
  'forward-60': '1 minute forward',
  'back-60': '1 minute back',
  'next-given': 'Next frame the model gets',
  'previous-given': 'Previous frame the model gets',
  'first-frame': 'First frame',
  'last-frame': 'Last frame',
  'go-to': 'Go to time or frame…',
  'set-in': 'Range starts here',
  'set-out': 'Range ends here',
  'go-in': 'Go to start of range',
  'go-out': 'Go to end of range',
  'clear-range': 'Clear range',
  'pin-frame': 'Give this frame to the model',
  'remove-frame': 'Keep this frame from the model',
  'ask-frame': 'Ask about this frame only',
  'save-frame': 'Save frame as picture…',
  'zoom-in': 'Zoom timeline in',
  'zoom-out': 'Zoom timeline out',
  'zoom-whole': 'Show whole timeline',
  'full-screen': 'Full screen',
  'toggle-sees': 'What the model sees',
  'focus-question': 'Write a question',
  stop: 'Stop or close',
  models: 'Model and device…',
  theme: 'Theme',
  help: 'Keys',
  diagnosis: 'Copy diagnosis',
  'diagnosis-names': 'Copy diagnosis with file names',
  'show-logs': 'Show log files',
};

const section: Record<Section, string> = {
  play: 'Play',
  move: 'Move',
  range: 'Range and zoom',
  model: 'Model and questions',
  window: 'Window',
};

/** What the button under an error does, by the error's code; codes without one show none. */
const next_step: Partial<Record<ErrorCode, string>> = {
  'video-missing': 'Open another video…',
  'video-unreadable': 'Open another video…',
  'video-unsupported': 'Open another video…',
  'model-missing': 'Choose a model…',
  'model-mismatch': 'Choose other files…',
  'model-unsupported': 'Choose other files…',
  'out-of-memory': 'Choose a smaller model…',
  'context-too-long': 'Use the fast preset',
  'worker-ended': 'Ask again',
  unknown: 'Copy diagnosis',
};

const theme: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Names of codecs as people know them; others are shown as FFmpeg spells them. */
const codec: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  mpeg1video: 'MPEG-1',
  mpeg2video: 'MPEG-2',
  mpeg4: 'MPEG-4',
  prores: 'ProRes',
  mjpeg: 'Motion JPEG',
  gif: 'GIF',
};

export const en = {
  name: 'Videre',
  tokens,
  preset,
  strategy,
  stage,
  command,
  section,
  next_step,
  theme,
  theme_now: (now: Theme) => `${command.theme}: ${theme[now]}`,
  close: 'Close',
  cancel: 'Cancel',
  go: 'Go',
  remaining: (secs: number) => `${formatRemaining(secs)} left`,
  no_host: 'This is the window of Videre. Start the application to use it.',

  start: {
    title: 'Ask a video',
    lead: 'Drop a video here and ask about it. Everything stays on this machine.',
    open: 'Open a video…',
    opening: 'Opening…',
    sample: 'Try the sample',
    recent: 'Recent',
    no_recent: 'Videos that you open appear here, with their conversations.',
    missing: 'The file is no longer where it was',
    forget: (name: string) => `Forget ${name}`,
    forget_question: (name: string) => `Forget ${name}?`,
    forget_what: 'Its conversations and everything kept about it are deleted. The video file itself stays.',
    forget_do: 'Forget this video',
    chats: (count: number) => plural(count, 'conversation', 'conversations'),
    embedded: 'A small built-in model is ready. It knows only simple moving shapes.',
    embedded_more: 'Load a larger model…',
    today: 'Today',
    yesterday: 'Yesterday',
  },

  drop: {
    title: 'Drop to open',
    hint: 'One video or several',
    others: (count: number) =>
      count === 1
        ? '1 more video is on the first page'
        : `${formatCount(count)} more videos are on the first page`,
  },

  bar: {
    menu: 'Menu',
    start: 'Show all videos',
    model: 'Model and device:',
    no_model: 'No model',
    loading: (name: string) => `Loading ${name}`,
    failed: (name: string) => `${name} could not be loaded`,
    sees: 'What the model sees',
    chat: 'Conversation',
    chat_busy: 'Conversation, an answer is on its way',
    size: (width: number, height: number) => `${width} × ${height}`,
    shown_size: (size: string, shown: string) => `${size}, shown as ${shown}`,
    codec: (name: string) => codec[name] ?? name,
    fps: (fps: number) => `${Number(fps.toFixed(2))} fps`,
    variable_rate: 'variable rate',
  },

  menu: { file: 'File', view: 'View', playback: 'Playback', range: 'Range', help: 'Help' },

  viewer: {
    picture: (name: string) => `Picture of ${name}`,
    opening: 'Opening the video',
    nearby: (time: string) => `Nearby picture, ${time}`,
    frame: (index: number) => `Frame ${formatCount(index)}`,
    counting: 'Counting frames',
    aspect: 'Shown with its pixel aspect; the model gets square pixels',
    play: 'Play',
    pause: 'Pause',
    speed: (speed: number) => `${speed}×`,
    speed_label: (speed: number) => `Speed: ${speed} times`,
    in: 'In',
    out: 'Out',
    saved: (name: string) => `Saved ${name}`,
    exit_full_screen: 'Leave full screen',
    go_to_title: 'Go to',
    go_to_hint: 'A time such as 1:12.5, or a frame such as #812',
    go_to_wrong: 'Write a time such as 1:12.5, or a frame such as #812',
    no_picture: 'The picture could not be read',
  },

  timeline: {
    position: 'Position',
    range_start: 'Start of range',
    range_end: 'End of range',
    clear_range: 'Clear range',
    marks: 'Frames the model gets',
    mark: (time: string, index: number) => `${time}, frame ${formatCount(index)}`,
    mark_many: (count: number, time: string) => `${frames(count)} from ${time}`,
    encoded: 'looked at',
    chosen: 'chosen',
    pinned: 'pinned',
    prepared: 'The model has looked at these frames',
    stop_preparing: 'Stop looking ahead',
    start_preparing: 'Look at the frames now',
    cost: (n_frames: number, n_tokens: number) => `${frames(n_frames)} · ${tokens(n_tokens)}`,
    zoomed: (from: string, to: string) => `Shows ${from} – ${to}`,
  },

  sees: {
    title: 'What the model sees',
    preset: 'Preset',
    strategy: 'How frames become tokens',
    strategy_of_preset: (name: string) => `${name} (preset)`,
    secs: (secs: number) => `~${formatRemaining(secs)}`,
    offer_label: (name: string, n_frames: number, n_tokens: number, secs: number, memory: string) =>
      `${name}: ${frames(n_frames)}, ${tokens(n_tokens)}, first answer in about ${formatRemaining(secs)}, ${memory}`,
    cost: (n_frames: number, n_images: number) =>
      `${frames(n_frames)} in ${plural(n_images, 'picture', 'pictures')}`,
    first_answer: (secs: number) => `first answer in about ${formatRemaining(secs)}`,
    ready: 'ready to answer',
    memory: (bytes: number) => (bytes <= 0 ? 'no more memory' : `${formatBytes(bytes)} more memory`),
    thumbnail: (columns: number, rows: number) => `Thumbnail, ${columns} × ${rows}`,
    thumbnail_alt: (count: number) => `Thumbnail of ${frames(count)} as it enters the vision tower`,
    n_patches: (count: number) => `${formatCount(count)} patches`,
    picture: (time: string, index: number, count: number) =>
      `${time}, frame ${formatCount(index)}, ${tokens(count)}`,
    patch: (column: number, row: number) => `patch ${column}, ${row}`,
    patches: (columns: [number, number], rows: [number, number]) =>
      `patches ${columns[0]} to ${columns[1]}, ${rows[0]} to ${rows[1]}`,
    op: {
      mean: 'their mean',
      max: 'their largest values',
      blend: 'blended',
      'feature-mean': 'their mean',
    },
    said: (words: string) => `after the words “${words}”`,
    thumbnail_only:
      'This preset shows the model the thumbnail alone: one picture, one pass, every patch of it read.',
    frame_only_note: 'The model gets this one frame, whole: one picture, one pass, every patch of it read.',
    past: 'As it was for',
    back_to_now: 'Back to now',
    token: (number: number, total: number) => `Token ${formatCount(number)} of ${formatCount(total)}`,
    hover_hint: 'Point at a patch to see its frame, time and token',
    pin: 'Give this frame to the model',
    unpin: 'Pinned: no longer insist on it',
    remove: 'Keep this frame from the model',
    reset: 'Undo pins and removals',
    pinned: (count: number) => `${formatCount(count)} pinned`,
    removed: (count: number) => `${formatCount(count)} kept out`,
    frame_only: (time: string) => `Only the frame at ${time}`,
    all_frames: 'Whole video again',
    context: 'Context',
    context_label: (used: number, all: number) =>
      `${formatCount(used)} of ${formatCount(all)} positions used`,
    fixed: 'Fixed words',
    from_frames: 'Sampled',
    from_thumbnail: 'Thumbnail',
    from_chat: 'Earlier turns',
    reserve: 'Kept for the answer',
    free: 'Free',
    notes: (count: number) => plural(count, 'note', 'notes'),
    tower: (tower: string, side: number) => `${tower}, ${side} × ${side}`,
    failed: 'What the model sees could not be worked out',
    updating: 'Updating',
    does_not_fit: 'Does not fit',
  },

  chat: {
    label: 'Conversation',
    ask: 'Ask about this video',
    ask_range: (from: string, to: string) => `Ask about ${from} to ${to}`,
    ask_frame: (time: string) => `Ask about the frame at ${time}`,
    send: 'Ask',
    stop: 'Stop',
    regenerate: 'Answer again',
    edit: 'Edit and ask again',
    edit_do: 'Ask again',
    edit_note: 'Replaces this and what follows',
    copy: 'Copy answer',
    copied: 'Copied',
    you: 'Your question',
    answer: 'Answer',
    choices: 'Multiple choice',
    choices_open: 'Ask as an open question',
    choices_found: (count: number) => `${formatCount(count)} options found`,
    stopped: 'Stopped',
    failed: 'No complete answer',
    restarting: 'The model ended and is starting again. What it said so far is kept.',
    forgot: 'Turns above no longer fit and are not sent to the model',
    not_given: 'not from the video’s frames',
    not_given_note: (count: number) =>
      count === 1
        ? 'One time in this answer is not from the video’s frames: the model was given no frame of that moment.'
        : `${formatCount(count)} times in this answer are not from the video’s frames: the model was given no frame of those moments.`,
    go_to: (time: string) => `Go to ${time}`,
    evidence: 'How this answer came about',
    facts: (n_frames: number, n_tokens: number, secs: number) =>
      `${frames(n_frames)} · ${tokens(n_tokens)} · ${formatSecs(secs)}`,
    no_answer: 'The window was closed before there was an answer',
    suggestions: 'You could ask',
    suggested: [
      'What happens in this video?',
      'What changes from beginning to end?',
      'Describe what is on screen.',
    ],
    chats: 'Conversations about this video',
    untitled: 'New conversation',
    delete_chat: 'Delete this conversation',
    delete_question: 'Delete this conversation?',
    delete_do: 'Delete',
    use_preset: (name: string, n_tokens: number) => `Use ${name}, ${tokens(n_tokens)}`,
    hint: 'Enter asks, Shift+Enter starts a new line',
    finished: (text: string) => `Answer: ${text}`,
    embedded: 'The built-in model knows only simple moving shapes. Expect little of it on other videos.',
    embedded_more: 'Load a larger model…',
    embedded_ok: 'Understood',
    preparing: 'You can ask while the model looks at the video.',
  },

  facts: {
    model: 'Model',
    device: 'Device',
    preset: 'Preset',
    range: 'Range',
    whole_video: 'Whole video',
    frame_only: 'One frame',
    tokens: 'Tokens',
    tokens_value: (sampled: number, thumbnail: number) =>
      `${formatCount(sampled)} sampled, ${formatCount(thumbnail)} thumbnail`,
    prompt_tokens: (prompt: number, answer: number) =>
      `${tokens(prompt)} read, ${formatCount(answer)} written`,
    words: 'Prompt and answer',
    video: 'Fetching frames',
    encode: 'Looking at frames',
    prompt_read: 'Reading',
    first_word: 'First word after',
    writing: 'Writing',
    total: 'Together',
    prompt: 'Prompt',
    frames: 'Frames given',
    show_in_panel: 'Show exactly what it saw',
    rate: (per_sec: number) => `${per_sec.toFixed(1)} tokens a second`,
  },

  models: {
    title: 'Model and device',
    device: 'Device',
    why: 'Why',
    available: 'On this machine',
    load: 'Load',
    loading: 'Loading',
    loaded: 'In use',
    load_files: 'Load two files…',
    load_folder: 'Load a folder…',
    load_hint: 'A model is a pair: the language model and its mmproj file, both GGUF.',
    embedded: 'Built in',
    embedded_label: 'Knows only simple moving shapes. There to try everything without a download.',
    memory: 'Memory',
    memory_needed: (needed: number, available: number) =>
      `${formatBytes(needed)} needed, ${formatBytes(available)} free`,
    memory_parts: (weights: number, cache: number, working: number) =>
      `${formatBytes(weights)} weights, ${formatBytes(cache)} context, ${formatBytes(working)} working`,
    too_much: 'More than is free',
    context: (count: number) => `${formatCount(count)} positions`,
    per_image: (count: number) => `${tokens(count)} a picture`,
    none: 'No model is loaded',
    failed: 'Could not be loaded',
    cancel_load: 'Cancel loading',
    remembers: 'Remember earlier turns of a conversation',
    remembers_off: 'Off: every question is asked as if it were the first',
    prepares: 'Look at the frames as soon as a video is open',
  },

  help: {
    title: 'Keys',
    scrub: 'Drag on the ruler to scrub, on the filmstrip to set a range. Scroll to step, with Ctrl to zoom.',
  },

  errors: {
    open_some: 'The video could not be opened',
    open_title: (name: string) => `${name} could not be opened`,
    worker: {
      media: 'The video reader stopped and was started again',
      model: 'The model stopped and was started again',
    },
    dismiss: 'Dismiss',
    copied_diagnosis: 'Diagnosis copied, without file names',
    copied_diagnosis_names: 'Diagnosis copied, with file names',
    unexpected: 'Something unexpected happened',
  },
};

export type Text = typeof en;
