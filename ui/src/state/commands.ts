import { flushSync } from 'svelte';
import type { Menu, MenuItem, Theme } from '../backend';
import { BINDINGS, type Command } from '../lib/keys';
import { text } from '../text';
import { lastBefore } from '../lib/frames';
import { formatTime } from '../lib/time';
import type { OpenVideo } from './open.svelte';
import type { WindowState } from './window.svelte';

/** Does what a key, a menu or a button says. Those about the video do nothing while none is open. */
export function carryOut(command: Command, window: WindowState): void {
  if (!ofWindow(command, window)) ofVideo(command, window);
}

function ofWindow(command: Command, window: WindowState): boolean {
  switch (command) {
    case 'open':
      void window.openWithDialog();
      return true;
    case 'open-sample':
      void window.openSample();
      return true;
    case 'go-start':
      window.showStart();
      return true;
    case 'models':
      window.showModels('here');
      return true;
    case 'help':
      window.sheet = window.sheet === 'help' ? null : 'help';
      return true;
    case 'theme':
      window.nextTheme();
      return true;
    case 'larger-text':
    case 'smaller-text':
      window.changeTextSize(command === 'larger-text' ? 1 : -1);
      return true;
    case 'full-screen':
      void setFullScreen(window, !window.is_full_screen);
      return true;
    case 'show-logs':
      void window.attempt(() => window.backend.showLogs());
      return true;
    case 'diagnosis':
      void copyDiagnosis(window, false);
      return true;
    case 'diagnosis-names':
      void copyDiagnosis(window, true);
      return true;
    case 'stop':
      stop(window);
      return true;
    default:
      return false;
  }
}

function ofVideo(command: Command, window: WindowState): void {
  const open = window.open;
  if (open === null) return;
  const { viewer, sees, conversation } = open;
  const step = (by: 1 | -1) => {
    const given = sees.given;
    const here = viewer.index;
    const next = by > 0 ? given.find((one) => one.index > here) : given.findLast((one) => one.index < here);
    if (next !== undefined) viewer.seekIndex(next.index);
  };
  switch (command) {
    case 'play-pause':
      return viewer.playback.toggle();
    case 'slower':
    case 'faster':
    case 'normal-speed':
      viewer.playback.changeSpeed(command === 'slower' ? -1 : command === 'faster' ? 1 : 0);
      return open.note.show(text.viewer.speed(viewer.playback.speed));
    case 'next-frame':
      return viewer.step(1);
    case 'previous-frame':
      return viewer.step(-1);
    case 'forward-5':
      return viewer.jump(5);
    case 'back-5':
      return viewer.jump(-5);
    case 'forward-60':
      return viewer.jump(60);
    case 'back-60':
      return viewer.jump(-60);
    case 'first-frame':
      return viewer.seek(0);
    case 'last-frame':
      return viewer.seek(viewer.duration_secs);
    case 'next-given':
      return step(1);
    case 'previous-given':
      return step(-1);
    case 'set-in':
      viewer.setIn();
      return open.note.show(text.timeline.starts_at(formatTime(viewer.range?.start_secs ?? 0, true)));
    case 'set-out':
      viewer.setOut();
      return open.note.show(
        text.timeline.ends_at(formatTime(viewer.range?.end_secs ?? viewer.duration_secs, true)),
      );
    case 'clear-range':
      if (viewer.range !== null) open.note.show(text.timeline.cleared);
      return viewer.setRange(null);
    case 'go-in':
      return viewer.seek(viewer.range?.start_secs ?? 0);
    case 'go-out': {
      const end = viewer.range?.end_secs ?? viewer.duration_secs;
      if (viewer.times === null) return viewer.seek(end);
      return viewer.seekIndex(lastBefore(viewer.times, end));
    }
    case 'zoom-in':
      return viewer.zoom('in');
    case 'zoom-out':
      return viewer.zoom('out');
    case 'zoom-whole':
      return viewer.zoom('whole');
    case 'pin-frame':
      sees.togglePin(viewer.index);
      return open.note.show(
        sees.pinned.includes(viewer.index) ? text.sees.is_pinned : text.sees.is_not_pinned,
      );
    case 'remove-frame':
      sees.toggleRemoved(viewer.index);
      return open.note.show(
        sees.removed.includes(viewer.index) ? text.sees.is_removed : text.sees.is_not_removed,
      );
    case 'ask-frame':
      sees.askOnlyFrame(sees.only_frame === viewer.index ? null : viewer.index);
      open.note.show(scopeOf(open));
      focusQuestion(window);
      return;
    case 'toggle-sees':
      window.toggleSees();
      return;
    case 'go-to':
      window.sheet = 'go-to';
      return;
    case 'focus-question':
      focusQuestion(window);
      return;
    case 'new-chat':
      void conversation.startNew().then(() => {
        focusQuestion(window);
      });
      return;
    case 'copy-frame':
      void window.attempt(async () => {
        await window.backend.copyFrame(open.info.id, viewer.index);
        open.note.show(text.viewer.copied);
      });
      return;
    case 'save-frame':
      void window.attempt(async () => {
        const saved = await window.backend.saveFrame(open.info.id, viewer.index);
        if (saved !== null) window.brief(text.viewer.saved(saved.name));
      });
      return;
    default:
  }
}

/** What the next question is about, where that was just chosen. */
function scopeOf({ sees }: OpenVideo): string {
  if (sees.only_secs === null) return text.sees.all_frames;
  return text.sees.frame_only(formatTime(sees.only_secs, true));
}

/** Escape takes back one thing at a time, the smallest first. */
function stop(window: WindowState): void {
  const conversation = window.open?.conversation;
  if (window.sheet !== null) window.sheet = null;
  else if (window.notice !== null) window.notice = null;
  else if (conversation !== undefined && conversation.editing !== null) {
    conversation.endEdit(conversation.editing);
  } else if (window.is_full_screen) void setFullScreen(window, false);
  else if (conversation?.stop() === true) return;
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

export async function setFullScreen(window: WindowState, is_full: boolean): Promise<void> {
  await window.attempt(async () => {
    await window.backend.setFullScreen(is_full);
    window.is_full_screen = is_full;
  });
}

async function copyDiagnosis(window: WindowState, with_names: boolean): Promise<void> {
  await window.attempt(async () => {
    await window.backend.copyText(await window.backend.diagnosis(with_names));
    window.brief(with_names ? text.errors.copied_diagnosis_names : text.errors.copied_diagnosis);
  });
}

/** Puts the caret behind what is written of the question; false where there is no field for it. */
export function focusQuestion(window: WindowState): boolean {
  window.shows_chat = true;
  // In a narrow window the field appears first, and at once, so that no typed letter is taken for a key.
  flushSync();
  const field = document.querySelector<HTMLTextAreaElement>('[data-question]');
  if (field === null) return false;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

const MENUS: { label: string; commands: (Command | null)[] }[] = [
  {
    label: text.menu.file,
    commands: ['open', 'open-sample', 'go-start', null, 'new-chat', 'save-frame', 'copy-frame'],
  },
  {
    label: text.menu.view,
    commands: ['toggle-sees', 'full-screen', 'theme', 'larger-text', 'smaller-text', null, 'models'],
  },
  {
    label: text.menu.playback,
    commands: [
      'play-pause',
      'previous-frame',
      'next-frame',
      'slower',
      'faster',
      'normal-speed',
      null,
      'go-to',
    ],
  },
  {
    label: text.menu.range,
    commands: ['set-in', 'set-out', 'clear-range', null, 'pin-frame', 'remove-frame', 'ask-frame'],
  },
  { label: text.menu.help, commands: ['help', null, 'show-logs', 'diagnosis', 'diagnosis-names'] },
];

const WITHOUT_VIDEO = new Set<Command>([
  'open',
  'open-sample',
  'full-screen',
  'theme',
  'larger-text',
  'smaller-text',
  'models',
  'help',
  'show-logs',
  'diagnosis',
  'diagnosis-names',
]);

/** The menus with their keys. Plain letters are heard by the page alone: a system's menu would take them from fields. */
export function menus(has_video: boolean, theme: Theme): Menu[] {
  const keys = new Map(
    Object.values(BINDINGS).flatMap((list) => list.map((one) => [one.command, one.keys] as const)),
  );
  const item = (command: Command | null): MenuItem =>
    command === null
      ? { kind: 'separator' }
      : {
          kind: 'command',
          command,
          label: command === 'theme' ? text.theme_now(theme) : text.command[command],
          accelerator: keys.get(command)?.find((one) => one.startsWith('Mod+')) ?? null,
          enabled: has_video || WITHOUT_VIDEO.has(command),
        };
  return MENUS.map((menu) => ({ label: menu.label, items: menu.commands.map(item) }));
}
