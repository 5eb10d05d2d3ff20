// One set for the whole window: Phosphor, regular at 16 px, filled where a thing is on or moves.
import arrowClockwise from '@phosphor-icons/core/assets/regular/arrow-clockwise.svg?raw';
import arrowLeft from '@phosphor-icons/core/assets/regular/arrow-left.svg?raw';
import arrowUp from '@phosphor-icons/core/assets/bold/arrow-up-bold.svg?raw';
import arrowsHorizontal from '@phosphor-icons/core/assets/regular/arrows-out-line-horizontal.svg?raw';
import camera from '@phosphor-icons/core/assets/regular/camera.svg?raw';
import caretDown from '@phosphor-icons/core/assets/regular/caret-down.svg?raw';
import caretLeft from '@phosphor-icons/core/assets/regular/caret-left.svg?raw';
import caretRight from '@phosphor-icons/core/assets/regular/caret-right.svg?raw';
import chat from '@phosphor-icons/core/assets/regular/chat-text.svg?raw';
import check from '@phosphor-icons/core/assets/regular/check.svg?raw';
import copy from '@phosphor-icons/core/assets/regular/copy.svg?raw';
import cornersIn from '@phosphor-icons/core/assets/regular/corners-in.svg?raw';
import cornersOut from '@phosphor-icons/core/assets/regular/corners-out.svg?raw';
import cpu from '@phosphor-icons/core/assets/regular/cpu.svg?raw';
import download from '@phosphor-icons/core/assets/regular/download-simple.svg?raw';
import eye from '@phosphor-icons/core/assets/regular/eye.svg?raw';
import eyeFill from '@phosphor-icons/core/assets/fill/eye-fill.svg?raw';
import file from '@phosphor-icons/core/assets/regular/file.svg?raw';
import filmStrip from '@phosphor-icons/core/assets/regular/film-strip.svg?raw';
import folder from '@phosphor-icons/core/assets/regular/folder-open.svg?raw';
import info from '@phosphor-icons/core/assets/regular/info.svg?raw';
import list from '@phosphor-icons/core/assets/regular/list.svg?raw';
import minus from '@phosphor-icons/core/assets/regular/minus.svg?raw';
import pause from '@phosphor-icons/core/assets/fill/pause-fill.svg?raw';
import pencil from '@phosphor-icons/core/assets/regular/pencil-simple.svg?raw';
import pin from '@phosphor-icons/core/assets/regular/push-pin.svg?raw';
import pinFill from '@phosphor-icons/core/assets/fill/push-pin-fill.svg?raw';
import play from '@phosphor-icons/core/assets/fill/play-fill.svg?raw';
import plus from '@phosphor-icons/core/assets/regular/plus.svg?raw';
import skipBack from '@phosphor-icons/core/assets/fill/skip-back-fill.svg?raw';
import skipForward from '@phosphor-icons/core/assets/fill/skip-forward-fill.svg?raw';
import stop from '@phosphor-icons/core/assets/fill/stop-fill.svg?raw';
import trash from '@phosphor-icons/core/assets/regular/trash.svg?raw';
import warning from '@phosphor-icons/core/assets/regular/warning.svg?raw';
import x from '@phosphor-icons/core/assets/regular/x.svg?raw';

const SOURCES = {
  'arrow-clockwise': arrowClockwise,
  'arrow-left': arrowLeft,
  'arrow-up': arrowUp,
  'arrows-horizontal': arrowsHorizontal,
  camera,
  'caret-down': caretDown,
  'caret-left': caretLeft,
  'caret-right': caretRight,
  chat,
  check,
  copy,
  'corners-in': cornersIn,
  'corners-out': cornersOut,
  cpu,
  download,
  eye,
  'eye-fill': eyeFill,
  file,
  'film-strip': filmStrip,
  folder,
  info,
  list,
  minus,
  pause,
  pencil,
  pin,
  'pin-fill': pinFill,
  play,
  plus,
  'skip-back': skipBack,
  'skip-forward': skipForward,
  stop,
  trash,
  warning,
  x,
} as const;

export type IconName = keyof typeof SOURCES;

/** The outlines of an icon, in a square of 256. */
export function iconPaths(name: IconName): string[] {
  return [...SOURCES[name].matchAll(/ d="([^"]+)"/gu)].map((match) => match[1] ?? '');
}
