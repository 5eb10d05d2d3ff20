/** What can be done by key, menu or button. */
export type Command =
  | 'open'
  | 'open-sample'
  | 'go-start'
  | 'new-chat'
  | 'play-pause'
  | 'slower'
  | 'faster'
  | 'normal-speed'
  | 'next-frame'
  | 'previous-frame'
  | 'forward-5'
  | 'back-5'
  | 'forward-60'
  | 'back-60'
  | 'next-given'
  | 'previous-given'
  | 'first-frame'
  | 'last-frame'
  | 'go-to'
  | 'set-in'
  | 'set-out'
  | 'go-in'
  | 'go-out'
  | 'clear-range'
  | 'pin-frame'
  | 'remove-frame'
  | 'ask-frame'
  | 'save-frame'
  | 'copy-frame'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-whole'
  | 'full-screen'
  | 'toggle-sees'
  | 'focus-question'
  | 'stop'
  | 'models'
  | 'theme'
  | 'larger-text'
  | 'smaller-text'
  | 'help'
  | 'diagnosis'
  | 'diagnosis-names'
  | 'show-logs';

export interface Binding {
  command: Command;
  /** As shown: `Mod+O`, `Shift+I`, `,`. Mod is Command on macOS and Control elsewhere. */
  keys: string[];
  /** Also while words are being typed. */
  while_typing?: true;
}

export type Section = 'play' | 'move' | 'range' | 'model' | 'window';

/** The one table of keys: LosslessCut's, mpv's and FiftyOne's where they agree. */
export const BINDINGS: Record<Section, Binding[]> = {
  play: [
    { command: 'play-pause', keys: ['Space', 'K'] },
    { command: 'slower', keys: ['[', 'J'] },
    { command: 'faster', keys: [']', 'L'] },
    { command: 'normal-speed', keys: ['Backspace'] },
    { command: 'full-screen', keys: ['F', 'F11'] },
  ],
  move: [
    { command: 'previous-frame', keys: [','] },
    { command: 'next-frame', keys: ['.'] },
    { command: 'back-5', keys: ['ArrowLeft'] },
    { command: 'forward-5', keys: ['ArrowRight'] },
    { command: 'back-60', keys: ['ArrowDown'] },
    { command: 'forward-60', keys: ['ArrowUp'] },
    { command: 'previous-given', keys: ['Alt+ArrowLeft'] },
    { command: 'next-given', keys: ['Alt+ArrowRight'] },
    { command: 'first-frame', keys: ['Home'] },
    { command: 'last-frame', keys: ['End'] },
    { command: 'go-to', keys: ['G'] },
  ],
  range: [
    { command: 'set-in', keys: ['I'] },
    { command: 'set-out', keys: ['O'] },
    { command: 'go-in', keys: ['Shift+I', 'Shift+ArrowLeft'] },
    { command: 'go-out', keys: ['Shift+O', 'Shift+ArrowRight'] },
    { command: 'clear-range', keys: ['X'] },
    { command: 'zoom-in', keys: ['+', '='] },
    { command: 'zoom-out', keys: ['-'] },
    { command: 'zoom-whole', keys: ['Z', '0'] },
  ],
  model: [
    { command: 'toggle-sees', keys: ['E'] },
    { command: 'pin-frame', keys: ['P'] },
    { command: 'remove-frame', keys: ['Delete'] },
    { command: 'ask-frame', keys: ['A'] },
    { command: 'focus-question', keys: ['/', 'Mod+L'], while_typing: true },
    { command: 'stop', keys: ['Escape'], while_typing: true },
    { command: 'new-chat', keys: ['Mod+Shift+O'], while_typing: true },
  ],
  window: [
    { command: 'open', keys: ['Mod+O'], while_typing: true },
    { command: 'go-start', keys: ['Mod+Home'] },
    { command: 'save-frame', keys: ['C', 'S'] },
    { command: 'copy-frame', keys: ['Mod+Shift+C'] },
    { command: 'models', keys: ['Mod+M'], while_typing: true },
    { command: 'larger-text', keys: ['Mod+=', 'Mod++'], while_typing: true },
    { command: 'smaller-text', keys: ['Mod+-'], while_typing: true },
    { command: 'help', keys: ['?'] },
  ],
};

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Where a press happened. */
export interface KeyContext {
  is_typing: boolean;
  /** A button, a list, ...: keys that such things use themselves stay theirs. */
  is_on_control: boolean;
  /** A slider takes arrows, but Space plays. */
  is_on_slider: boolean;
  is_mac: boolean;
}

const OF_SLIDERS = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);
const OF_CONTROLS = new Set([...OF_SLIDERS, 'Space']);
const TABLE = Object.values(BINDINGS)
  .flat()
  .flatMap((binding) => binding.keys.map((keys) => ({ keys, binding })));

/** The command of a key press, or null where the press belongs to somebody else. */
export function commandFor(press: KeyPress, context: KeyContext): Command | null {
  const keys = spelled(press, context.is_mac);
  const found = TABLE.find((entry) => entry.keys === keys)?.binding;
  if (found === undefined) return null;
  if (context.is_typing) {
    const is_chord = keys.includes('Mod+') || keys === 'Escape';
    return found.while_typing === true && is_chord ? found.command : null;
  }
  if (context.is_on_control && OF_CONTROLS.has(keys)) return null;
  if (context.is_on_slider && OF_SLIDERS.has(keys)) return null;
  return found.command;
}

/** A press in the table's spelling. Shift is named only with letters and named keys: `?` already has it in it. */
export function spelled(press: KeyPress, is_mac: boolean): string {
  let key = press.key === ' ' ? 'Space' : press.key;
  const is_letter = /^\p{L}$/u.test(key);
  if (is_letter) key = key.toUpperCase();
  const mod = is_mac ? press.metaKey : press.ctrlKey;
  const other = is_mac ? press.ctrlKey : press.metaKey;
  const names_shift = press.shiftKey && (is_letter || key.length > 1);
  return `${other ? 'Other+' : ''}${mod ? 'Mod+' : ''}${press.altKey ? 'Alt+' : ''}${names_shift ? 'Shift+' : ''}${key}`;
}

const SIGNS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Delete: 'Del',
  Backspace: '⌫',
};

/** Keys as people read them: `Ctrl+O`, `⌘O`, `Shift+←`. */
export function shownKeys(keys: string, is_mac: boolean): string {
  return keys
    .split(/\+(?=.)/u)
    .map((part) => {
      if (part === 'Mod') return is_mac ? '⌘' : 'Ctrl';
      if (part === 'Shift') return is_mac ? '⇧' : 'Shift';
      if (part === 'Alt') return is_mac ? '⌥' : 'Alt';
      return SIGNS[part] ?? part;
    })
    .join(is_mac ? '' : '+');
}

/** The first key of a command; null where it has none. */
export function keyOf(command: Command, is_mac: boolean): string | null {
  const keys = TABLE.find((entry) => entry.binding.command === command)?.keys;
  return keys === undefined ? null : shownKeys(keys, is_mac);
}

/** A tooltip: what a control is called, and the key that does the same. */
export function withKey(name: string, command: Command, is_mac: boolean): string {
  const key = keyOf(command, is_mac);
  return key === null ? name : `${name}  (${key})`;
}
