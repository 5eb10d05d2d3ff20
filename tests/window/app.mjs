// Starting the real window under WebDriver, with folders of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Driver, KEY, sleep, until } from './webdriver.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const built = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug');
export const window_binary = join(built, 'videre-window');
export const videre_binary = join(built, 'videre');
export const built_example = (name) => join(built, 'examples', name);
export const sample = join(root, 'assets', 'sample.mp4');

/** Folders for everything that the application keeps. They outlive a restart, and go with `remove`. */
export class Home {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'videre-window-'));
    this.environment = { ...process.env, HOME: this.folder };
    for (const [name, folder] of Object.entries({
      XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: 'config', XDG_CACHE_HOME: 'cache', XDG_STATE_HOME: 'state',
    })) {
      mkdirSync(join(this.folder, folder), { mode: 0o700 });
      this.environment[name] = join(this.folder, folder);
    }
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The window, open and driven. */
export class App {
  /** `files` are given as arguments. */
  static async start(home, files = []) {
    const driver = await Driver.start(home.environment);
    try {
      const session = await driver.open(window_binary, files);
      const app = new App(home, driver, session);
      await session.find('.window');
      app.pid = processes().find((one) => one.parent === driver.child.pid && one.name.startsWith('videre-window'))?.pid;
      return app;
    } catch (error) {
      driver.stop();
      throw error;
    }
  }

  /** As a user starts it: nothing drives it, and only processes and the screen tell of it. */
  static async startUndriven(home, files) {
    const child = spawn(window_binary, files, { env: home.environment, stdio: 'inherit' });
    const app = new App(home, null, null);
    app.pid = child.pid;
    app.stop = async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    };
    return app;
  }

  constructor(home, driver, session) {
    Object.assign(this, { home, driver, session });
  }

  /** Starts the application once more beside the one that runs; resolves with the exit code. */
  async startAgain(files) {
    const child = spawn(window_binary, files, { env: this.home.environment, stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    return code;
  }

  async close() {
    await this.session.close();
    // Without its driver it would stay.
    await until('the end of the application', () => !processes().some((one) => one.pid === this.pid)).finally(() => this.driver.stop());
  }

  /** The process id of a worker: `media` or `model`. Undefined while there is none. */
  worker(role) {
    return processes().find((one) => one.parent === this.pid && one.command.includes(`worker ${role}`))?.pid;
  }

  /** Number of the frame on screen, once it is exactly the one that was asked for. */
  shownFrame() {
    return this.session.run(() => {
      const picture = document.querySelector('.screen .picture');
      return picture?.dataset.exact === 'true' ? Number(picture.dataset.index) : null;
    });
  }

  async untilFrame(index) {
    await until(`frame ${index} on screen`, async () => (await this.shownFrame()) === index);
  }

  /** What is painted: width, height and RGBA, row by row. */
  async painted() {
    const { width, height, base64 } = await this.session.run(() => {
      const canvas = document.querySelector('.screen canvas');
      const { width, height } = canvas;
      const bytes = canvas.getContext('2d').getImageData(0, 0, width, height).data;
      let text = '';
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return { width, height, base64: btoa(text) };
    });
    return { width, height, rgba: Buffer.from(base64, 'base64') };
  }

  /** Rectangle of the first element that fits, in pixels of the page. */
  async box(css) {
    await this.session.find(css);
    return this.session.run((css) => {
      const { x, y, width, height } = document.querySelector(css).getBoundingClientRect();
      return { x, y, width, height };
    }, css);
  }

  text(css) {
    return this.session.run((css) => document.querySelector(css)?.textContent ?? null, css);
  }

  /** Waits for a text anywhere in the window. */
  async untilText(text, timeout_ms) {
    const shown = () => this.session.run(() => document.body.innerText);
    let last = '';
    try {
      await until(`“${text}”`, async () => (last = await shown()).includes(text), timeout_ms);
    } catch (error) {
      throw new Error(`${error.message}\nThe window says:\n${last}`);
    }
  }

  async ask(question) {
    this.n_turns_before = await this.session.run(() => document.querySelectorAll('article').length);
    await this.session.type('[data-question]', question + KEY.Enter);
  }

  /** Gives the keys back to the video. */
  leaveField() {
    return this.session.run(() => document.activeElement.blur());
  }

  async untilBusy() {
    await this.session.find('article[aria-busy=true]');
  }

  /** Waits until the chat has this many turns and the last one is finished; one that failed is told at once. */
  async answered(n_turns) {
    const state = () =>
      this.session.run((n_turns) => {
        const turns = [...document.querySelectorAll('article')];
        const problem = turns.at(-1)?.querySelector('.problem');
        if (problem) return { failed: problem.innerText };
        return { is_done: turns.length === n_turns && turns.every((one) => one.ariaBusy !== 'true'), says: turns.at(-1)?.innerText };
      }, n_turns);
    let last;
    try {
      await until(`answer ${n_turns}`, async () => (last = await state()).is_done || last.failed !== undefined, 180_000);
    } catch (error) {
      throw new Error(`${error.message}; the last turn says: ${last?.says}`);
    }
    if (last.failed !== undefined) throw new Error(`the answer failed: ${last.failed}`);
  }

  /**
   * Lets the model work in moments, and leaves it stopped once the answer under way has its first words. Answers of the
   * embedded model are over too soon to be caught otherwise; one that is over all the same, on a busy machine, is asked for
   * again.
   */
  async inMidAnswer(model) {
    process.kill(model, 'SIGSTOP');
    await until('the first words of an answer', async () => {
      const is_over = await this.session.run(
        (n_before) => document.querySelectorAll('article').length > n_before && document.querySelector('article[aria-busy=true]') === null,
        this.n_turns_before,
      );
      if (is_over) {
        await this.session.click('article.last [aria-label="Answer again"]');
        await this.untilBusy();
      }
      process.kill(model, 'SIGCONT');
      await sleep(4);
      process.kill(model, 'SIGSTOP');
      const words = await this.text('article[aria-busy=true] .answer');
      return words !== null && words.trim() !== '';
    }, 120_000);
  }

  /** Counts, from now on, how often words are added to an answer under way. */
  watchGrowing() {
    return this.session.run(() => {
      window.grown = new Set();
      new MutationObserver(() => {
        const words = document.querySelector('article[aria-busy=true] .answer')?.textContent.trim();
        if (words) window.grown.add(words);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  }

  grown() {
    return this.session.run(() => [...window.grown]);
  }

  /** Keeps what breaks the page's content policy from now on. */
  watchPolicy() {
    return this.session.run(() => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
    });
  }

  violations() {
    return this.session.run(() => window.violations);
  }

  /** Drags with the real pointer from the middle of another program's window onto the middle of this one. */
  async dragFrom(title) {
    const find = (...query) => xdotool('search', '--onlyvisible', ...query).split('\n').find((id) => id !== '');
    const from = middle(await until(title, () => find('--name', title)));
    const to = middle(await until('this window', () => find('--pid', String(this.pid), '--name', 'Videre')));
    xdotool('mousemove', String(from.x), String(from.y), 'mousedown', '1');
    const n_steps = 20;
    for (let step = 1; step <= n_steps; step += 1) {
      const along = (a, b) => String(Math.round(a + ((b - a) * step) / n_steps));
      xdotool('mousemove', along(from.x, to.x), along(from.y, to.y));
      await sleep(20);
    }
    await sleep(200);
    xdotool('mouseup', '1');
  }

  /** What its windows are called. */
  titles() {
    const windows = xdotool('search', '--onlyvisible', '--pid', String(this.pid)).split(/\s+/u).filter(Boolean);
    return windows.map((window) => xdotool('getwindowname', window).trim());
  }

  /** A picture of the screen, for people. */
  screenshot(file) {
    execFileSync('import', ['-window', 'root', file], { env: process.env });
  }
}

function xdotool(...args) {
  try {
    return execFileSync('xdotool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    // It also fails where a search finds nothing.
    return error.stdout;
  }
}

function middle(window) {
  const shown = xdotool('getwindowgeometry', '--shell', window);
  const value = (name) => Number(new RegExp(`^${name}=(-?\\d+)$`, 'mu').exec(shown)[1]);
  return { x: value('X') + Math.round(value('WIDTH') / 2), y: value('Y') + Math.round(value('HEIGHT') / 2) };
}

/** All processes of this machine that can be seen: { pid, parent, name, command }. */
export function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return after[0] === 'Z' ? [] : [{ pid: Number(pid), parent: Number(after[1]), name, command }];
      } catch {
        return [];
      }
    });
}

/** A process with all that it started. */
export function tree(pid) {
  const all = processes();
  const members = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of all) {
      if (members.has(one.parent) && !members.has(one.pid)) grew = members.add(one.pid) !== undefined;
    }
  }
  return all.filter((one) => members.has(one.pid));
}
