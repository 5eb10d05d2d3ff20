import type { ErrorCode, PresetName, Stage, StrategyName, TextSize, Theme } from '../backend';
import type { Command, Section } from '../lib/keys';

export const preset: Record<PresetName, string> = {
  auto: 'Auto',
  own: "The model's own",
  frame: 'This frame',
  fast: 'Fast',
  balanced: 'Balanced',
  paper: 'Paper',
};

export const strategy: Record<StrategyName, string> = {
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

export const stage: Record<Stage, string> = {
  waiting: 'Waiting for its turn',
  'loading-model': 'Loading the model',
  'reading-video': 'Reading the video',
  encoding: 'Looking at the frames',
  'reading-prompt': 'Reading what it saw',
  answering: 'Answering',
};

export const command: Record<Command, string> = {
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
  'copy-frame': 'Copy picture',
  'zoom-in': 'Zoom timeline in',
  'zoom-out': 'Zoom timeline out',
  'zoom-whole': 'Show whole timeline',
  'full-screen': 'Full screen',
  'toggle-sees': 'What the model sees',
  'focus-question': 'Write a question',
  stop: 'Stop or close',
  models: 'Model and device…',
  theme: 'Theme',
  'larger-text': 'Larger text',
  'smaller-text': 'Smaller text',
  help: 'Keys',
  diagnosis: 'Copy diagnosis',
  'diagnosis-names': 'Copy diagnosis with file names',
  'show-logs': 'Show log files',
};

export const section: Record<Section, string> = {
  play: 'Play',
  move: 'Move',
  range: 'Range and zoom',
  model: 'Model and questions',
  window: 'Window',
};

/** What the button under an error does, by the error's code; codes without one show none. */
export const next_step: Partial<Record<ErrorCode, string>> = {
  'video-missing': 'Open another video…',
  'video-unreadable': 'Open another video…',
  'video-unsupported': 'Open another video…',
  'model-missing': 'Choose a model…',
  'model-mismatch': 'Choose other files…',
  'model-unsupported': 'Choose other files…',
  'out-of-memory': 'Choose a smaller model…',
  'context-too-long': `Use ${preset.fast}`,
  'worker-ended': 'Ask again',
  unknown: 'Copy diagnosis',
};

export const text_size: Record<TextSize, string> = {
  small: 'small',
  normal: 'normal',
  large: 'large',
  larger: 'largest',
};

export const theme: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Names of codecs as people know them; others are shown as FFmpeg spells them. */
export const codec: Record<string, string> = {
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
