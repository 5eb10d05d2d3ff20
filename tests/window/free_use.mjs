// Somebody who uses the real window freely: presses keys, clicks, drags, opens, asks, closes, kills workers, resizes. What
// the window shows is held, after every step, against what the program keeps.
//
//   scripts/display.sh node tests/window/free_use.mjs SEED... (SECONDS=180 for each)
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Home, processes, sample } from './app.mjs';
import { KEY, sleep, until } from './webdriver.mjs';

/** So long the window may take to show what the program says. */
const SETTLE_MS = 6000;
/** What the model of a window's user is asked; each has a number, so that every question is one's own. */
const QUESTIONS = ['What do you see?', 'Which colour is it?', 'A) red B) blue C) green: which?', 'Is there a star', 'מה רואים כאן?'];
const KEYS = [...' kjl[],.giIxozZ+-epaOfcst?', KEY.ArrowLeft, KEY.ArrowRight, KEY.Home, KEY.End, KEY.Escape];
/** These open a dialog of the system or another program, which nobody here could answer. */
const LEFT_ALONE = /open (a |another )?(video|file)|choose|add |save|licen|log files|copy|^open$|files…|folder…|full screen/iu;
/** After these, conversations may be gone. */
const REMOVES = /delete|forget|remove|discard/iu;

/** Numbers from a seed: mulberry32. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class FreeUse {
  constructor(seed, seconds) {
    this.seed = seed;
    this.end = Date.now() + seconds * 1000;
    this.next = random(seed);
    this.home = new Home();
    this.files = ['kitchen.mp4', 'a street at night.mp4', 'שלום.mp4'].map((name) => join(this.home.folder, name));
    for (const file of this.files) copyFileSync(sample, file);
    // Other videos, not the same one under other names.
    for (const [at, file] of this.files.entries()) writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(8 + at)]));
    this.odd = ['broken.mp4', 'notes.txt'].map((name) => join(this.home.folder, name));
    writeFileSync(this.odd[0], readFileSync(sample).subarray(0, 9000));
    writeFileSync(this.odd[1], 'no video at all');
    this.steps = [];
    this.n_asked = 0;
    /** What the program kept when it was looked at last: turns by their chat. */
    this.kept = new Map();
    this.may_remove = false;
    this.tally = { chats: 0, with_turns: 0, answering: 0, answering_elsewhere: 0, counts_compared: 0 };
  }

  chance(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  async run() {
    await this.start();
    try {
      while (Date.now() < this.end) {
        const [name, act] = this.pick(ACTIONS);
        this.steps.push(name);
        await act.call(this);
        await this.check();
      }
      await this.close_and_start();
      await this.check();
    } catch (error) {
      const { OUT } = process.env;
      if (OUT !== undefined) {
        this.app.screenshot(join(OUT, `free-use-${this.seed}.png`));
        const told = { steps: this.steps, abandoned: [...this.abandoned], seen: this.seen };
        writeFileSync(join(OUT, `free-use-${this.seed}.json`), JSON.stringify(told, null, 1));
      }
      throw new Error(`seed ${this.seed}, step ${this.steps.length}: ${error.message}\nlast steps: ${this.steps.slice(-12).join(', ')}`);
    } finally {
      await this.app.close().catch(() => {});
      const left = () => processes().filter((one) => one.command.includes(this.home.folder));
      await until(`the end of what seed ${this.seed} started`, () => left().length === 0).finally(() => this.home.remove());
    }
    return { n_steps: this.steps.length, n_asked: this.n_asked, ...this.tally };
  }

  async start(files = [this.files[0]]) {
    this.app = await App.start(this.home, files);
    this.session = this.app.session;
    await this.session.run(() => {
      window.page_errors = [];
      addEventListener('error', (event) => window.page_errors.push(`${event.message} ${event.filename}:${event.lineno}`));
      addEventListener('unhandledrejection', (event) => window.page_errors.push(String(event.reason?.stack ?? event.reason?.message ?? JSON.stringify(event.reason))));
    });
  }

  async restart() {
    await this.app.close();
    await this.start(this.chance(0.5) ? [this.pick(this.files)] : []);
  }

  // ------------------------------------------------------------------------------------------------ the model check

  /** What the program keeps, and what the window shows. */
  look() {
    return this.session.run(async () => {
      let call = Date.now() * 1000 + Math.floor(Math.random() * 1000) + 500_000;
      const ask = (name, args = {}) => window.__TAURI_INTERNALS__.invoke(name, { call: call++, ...args });
      const chats = [];
      for (const video of await ask('recent_videos')) {
        for (const { id } of video.chats) {
          const chat = await ask('chat', { chat: id });
          chats.push({ id, video: video.id, turns: chat.turns.map(({ id, question, answer, alternatives }) => ({ id, question, is_open: answer === null, alternatives })) });
        }
      }
      const all = (css) => [...document.querySelectorAll(css)];
      const tokensIn = (css) => /([\d,]+) tokens?\b/u.exec(document.querySelector(css)?.innerText ?? '')?.[1] ?? null;
      return {
        chats,
        errors: window.page_errors,
        shown: document.querySelector('div.chat[data-chat]')?.dataset.chat ?? null,
        turns: all('article[data-turn]').map((one) => ({ id: one.dataset.turn, is_busy: one.ariaBusy === 'true' })),
        marked: all('[data-running]').flatMap((one) => one.dataset.running.split(' ')),
        tokens_at_foot: tokensIn('.quiet.cost:not(.stale)'),
        tokens_of_preset: document.querySelector('.strategy select')?.value === '' ? tokensIn('.offers label:has(input:checked)') : null,
        is_empty: document.body.innerText.trim() === '',
      };
    });
  }

  async check() {
    const end = Date.now() + SETTLE_MS;
    for (;;) {
      const seen = await this.look();
      this.seen = seen;
      const wrong = this.violations(seen);
      if (wrong.length === 0) {
        this.kept = new Map(seen.chats.map((chat) => [chat.id, new Set(chat.turns.flatMap((turn) => turn.alternatives))]));
        this.may_remove = false;
        this.count(seen);
        return;
      }
      // The page learns of what the program does a moment later.
      if (Date.now() > end) throw new Error(wrong.join('; '));
      await sleep(150);
    }
  }

  /** How much there was to be wrong: a check of an empty window says nothing. */
  count(seen) {
    this.tally.chats = Math.max(this.tally.chats, seen.chats.length);
    if (seen.turns.length > 0) this.tally.with_turns += 1;
    if (seen.turns.some((turn) => turn.is_busy)) this.tally.answering += 1;
    if (seen.marked.length > 0) this.tally.answering_elsewhere += 1;
    if (seen.tokens_at_foot !== null && seen.tokens_of_preset !== null) this.tally.counts_compared += 1;
  }

  violations(seen) {
    const wrong = [];
    if (seen.errors.length > 0) wrong.push(`the page failed: ${seen.errors.join(' | ')}`);
    if (seen.is_empty) wrong.push('the window is empty');
    const owners = new Map();
    for (const chat of seen.chats) {
      for (const id of chat.turns.flatMap((turn) => turn.alternatives)) {
        if (owners.has(id) && owners.get(id) !== chat.id) wrong.push(`turn ${id} is in two conversations`);
        owners.set(id, chat.id);
      }
    }
    const shown = seen.chats.find((chat) => chat.id === seen.shown);
    if (seen.shown !== null) {
      const [kept, visible] = [shown?.turns.map((turn) => turn.id) ?? [], seen.turns.map((turn) => turn.id)];
      if (kept.join() !== visible.join()) wrong.push(`conversation ${seen.shown} has turns ${kept.join()}, the window shows ${visible.join()}`);
    }
    for (const chat of seen.chats) {
      const n_open = chat.turns.filter((turn) => turn.is_open && !this.abandoned.has(turn.id)).length;
      const is_marked = chat.id === seen.shown ? seen.turns.some((turn) => turn.is_busy) : seen.marked.includes(chat.id);
      if (n_open > 0 && !is_marked) wrong.push(`conversation ${chat.id} is being answered, and nothing shows it`);
      if (n_open === 0 && is_marked && chat.id === seen.shown) wrong.push(`conversation ${chat.id} looks busy, and is not`);
    }
    for (const [id, turns] of this.kept) {
      if (this.may_remove) break;
      const now = new Set(seen.chats.find((chat) => chat.id === id)?.turns.flatMap((turn) => turn.alternatives) ?? []);
      const shown_now = seen.chats.find((chat) => chat.id === id);
      // A turn on another branch is not on the path that is shown, so only whole conversations and first turns are looked for.
      if (shown_now === undefined) wrong.push(`conversation ${id} is gone with ${turns.size} turns`);
      else if (now.size === 0) wrong.push(`conversation ${id} lost its turns`);
    }
    const { tokens_at_foot, tokens_of_preset } = seen;
    if (tokens_at_foot !== null && tokens_of_preset !== null && tokens_at_foot !== tokens_of_preset) {
      wrong.push(`${tokens_at_foot} tokens below the timeline, and ${tokens_of_preset} at the chosen preset`);
    }
    return wrong;
  }

  /** Turns that were open when the program ended: they stay without an answer. */
  abandoned = new Set();

  async abandon() {
    const { chats } = await this.look();
    for (const chat of chats) for (const turn of chat.turns) if (turn.is_open) this.abandoned.add(turn.id);
  }

  // ------------------------------------------------------------------------------------------------------- actions

  async ask() {
    const has_field = await this.session.run(() => {
      const field = document.querySelector('[data-question]');
      field?.focus();
      return field !== null && field.checkVisibility();
    });
    if (!has_field) return;
    this.n_asked += 1;
    await this.session.press(...`${this.n_asked}. ${this.pick(QUESTIONS)}`, KEY.Enter);
  }

  async key() {
    const n = 1 + Math.floor(this.next() * 4);
    for (let at = 0; at < n; at += 1) await this.session.press(this.pick(KEYS));
  }

  async click() {
    const chosen = this.next();
    const label = await this.session.run((chosen, left_alone) => {
      const is_left = new RegExp(left_alone, 'iu');
      const buttons = [...document.querySelectorAll('button, summary, [role=option], [role=menuitem], a')].filter(
        (one) => one.checkVisibility() && !one.disabled && !is_left.test(`${one.ariaLabel ?? ''} ${one.innerText}`.trim()),
      );
      const button = buttons[Math.floor(chosen * buttons.length)];
      if (button === undefined) return null;
      button.click();
      return `${button.ariaLabel ?? ''} ${button.innerText}`.trim();
    }, chosen, LEFT_ALONE.source);
    this.steps[this.steps.length - 1] = `click “${label?.replaceAll('\n', ' ').slice(0, 40)}”`;
    if (label !== null && REMOVES.test(label)) this.may_remove = true;
  }

  async drag() {
    const css = this.pick(['.screen', '.timeline', 'div.chat[data-chat]']);
    const box = await this.session.run((css) => {
      const found = document.querySelector(css)?.getBoundingClientRect();
      return found === undefined ? null : { x: found.x, y: found.y, width: found.width, height: found.height };
    }, css);
    if (box === null || box.width < 20 || box.height < 4) return;
    const point = () => [box.x + 4 + this.next() * (box.width - 8), box.y + 2 + this.next() * (box.height - 4)];
    await this.session.drag([point(), point(), point()]).catch(() => {});
  }

  async open() {
    const file = this.chance(0.15) ? this.pick(this.odd) : this.pick(this.files);
    const code = await this.app.startAgain([file]);
    if (code !== 0) throw new Error(`a second start ended with ${code}`);
  }

  async start_page() {
    await this.session.press(KEY.Escape);
    await this.session.run(() => document.activeElement?.blur());
    await this.session.send('POST', '/actions', {
      actions: [{ type: 'key', id: 'keys', actions: [{ type: 'keyDown', value: '\uE009' }, { type: 'keyDown', value: KEY.Home }, { type: 'keyUp', value: KEY.Home }, { type: 'keyUp', value: '\uE009' }] }],
    });
  }

  async recent() {
    await this.start_page();
    await sleep(200);
    const chosen = this.next();
    await this.session.run((chosen) => {
      const all = [...document.querySelectorAll('button.card:not(:disabled)')];
      all[Math.floor(chosen * all.length)]?.click();
    }, chosen);
  }

  async new_chat() {
    await this.session.run(() => document.querySelector('[aria-label^="New conversation"]')?.click());
  }

  async kill() {
    const pid = this.app.worker(this.pick(['media', 'model']));
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }

  async resize() {
    const [width, height] = this.pick([[1280, 800], [900, 600], [720, 480], [1500, 900]]);
    await this.session.send('POST', '/window/rect', { width, height }).catch(() => {});
  }

  async close_and_start() {
    await this.abandon();
    await this.restart();
  }

  async wait() {
    await sleep(200 + this.next() * 2500);
  }
}

const times = (n, name) => Array.from({ length: n }, () => [name, FreeUse.prototype[name]]);
const ACTIONS = [
  ...times(16, 'key'), ...times(22, 'click'), ...times(10, 'ask'), ...times(8, 'drag'), ...times(4, 'open'), ...times(3, 'recent'),
  ...times(4, 'new_chat'), ...times(3, 'resize'), ...times(2, 'kill'), ...times(6, 'wait'), ...times(1, 'close_and_start'), ...times(1, 'start_page'),
];

if (process.argv[1] === import.meta.filename) {
  const seconds = Number(process.env.SECONDS ?? 180);
  let n_failed = 0;
  for (const seed of process.argv.slice(2).map(Number)) {
    try {
      const { n_steps, ...tally } = await new FreeUse(seed, seconds).run();
      console.log(`seed ${seed}: ${n_steps} steps, no violation; ${JSON.stringify(tally)}`);
    } catch (error) {
      n_failed += 1;
      console.log(error.message);
    }
  }
  process.exitCode = n_failed === 0 ? 0 : 1;
}
