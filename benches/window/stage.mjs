// The window on its stage: started, settled, moved about in by real pointers and keys.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Home, tree } from '../../tests/window/app.mjs';
import { sleep, until } from '../../tests/window/webdriver.mjs';
import { install, take } from './probe.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export const FPS = 30;
const GOP = 250;
/** Of the measured clip, and of each of the copies of it that the clip of hours is made of. */
const N_FRAMES = 1800;
export const frameAt = (secs) => Math.floor(secs * FPS + 1e-3);
/** What the measured clip is: made so by benches/media/make_clip.sh. */
export const clipFacts = {
  frameAt,
  nearestKey: (index) => Math.min(Math.floor((N_FRAMES - 1) / GOP), Math.round(index / GOP)) * GOP,
};
export const filmFacts = {
  frameAt,
  nearestKey(index) {
    const copy = index - (index % N_FRAMES);
    const within = clipFacts.nearestKey(index - copy);
    // The next copy begins with a key frame as well; after the last one there is none, but nobody points there.
    return copy + (N_FRAMES - (index - copy) < Math.abs(index - copy - within) ? N_FRAMES : within);
  },
};

export class Stage {
  /** The window with `clip` open, its start over, noting. */
  static async open(clip, { pair, at_once = false } = {}) {
    const home = new Home();
    try {
      if (pair !== undefined) {
        const models = join(home.environment.XDG_DATA_HOME, 'videre', 'models');
        mkdirSync(models, { recursive: true, mode: 0o700 });
        symlinkSync(pair, join(models, 'pair'));
      }
      const app = await App.start(home, [clip]);
      const stage = new Stage(home, app);
      await until('the first picture', () =>
        app.session.run(() => document.querySelector('.ruler')?.ariaValueMax > 0 && document.querySelector('.screen .picture')?.dataset.exact === 'true'));
      if (at_once) await app.session.run(install);
      else if (pair === undefined) await stage.settle();
      else await stage.#load();
      if (!at_once) await app.session.run(install);
      stage.ruler = await app.box('.ruler');
      return stage;
    } catch (error) {
      home.remove();
      throw error;
    }
  }

  constructor(home, app) {
    Object.assign(this, { home, app });
  }

  /** Has the pair loaded, by the page's own calls. */
  async #load() {
    await this.app.session.run(async () => {
      const invoke = (command, args) => window.__TAURI_INTERNALS__.invoke(command, args);
      const models = await invoke('models', { call: 1 });
      await invoke('load_model', { call: 2, model: models.find((one) => !one.is_embedded).id });
    });
  }

  async close() {
    await this.app.close();
    this.home.remove();
  }

  /** Until nothing of it computes any more. */
  async settle(timeout_ms = 30_000) {
    let last = this.#ticks();
    await until('the window to settle', async () => {
      await sleep(500);
      const now = this.#ticks();
      const busy = now - last;
      last = now;
      return busy <= 3;
    }, timeout_ms).catch(() => console.error('it did not settle'));
  }

  /** Whether the model's worker computes. */
  async modelIsBusy() {
    const model = [{ pid: this.app.worker('model') }];
    const before = this.#ticks(model);
    await sleep(500);
    return this.#ticks(model) - before > 15;
  }

  /** Processor time of some processes, of the whole tree where none are named, in hundredths of a second. */
  #ticks(processes = tree(this.app.pid)) {
    return processes.reduce((sum, { pid }) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return sum + Number(fields[11]) + Number(fields[12]);
      } catch {
        return sum;
      }
    }, 0);
  }

  take() {
    return this.app.session.run(take);
  }

  /** Where a part of the timeline is, in pixels of the page. */
  at(part) {
    return { x: Math.round(this.ruler.x + this.ruler.width * part), y: Math.round(this.ruler.y + this.ruler.height / 2) };
  }

  /** A press, moves through `parts` of the timeline with `each_ms` between them, and letting go. */
  async drag(parts, each_ms) {
    const moves = parts.map((part) => ({ type: 'pointerMove', ...this.at(part), duration: each_ms, origin: 'viewport' }));
    const down = { type: 'pointerDown', button: 0 };
    await this.#pointer([moves[0], down, ...moves.slice(1)]);
    await sleep(150);
    await this.#pointer([{ type: 'pointerUp', button: 0 }]);
  }

  /** A click at a part of the timeline; resolves once its very frame is on screen. */
  async click(part) {
    await this.#pointer([
      { type: 'pointerMove', ...this.at(part), duration: 0, origin: 'viewport' },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]);
    await this.untilExact();
  }

  #pointer(actions) {
    return this.app.session.send('POST', '/actions', {
      actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }],
    });
  }

  /** Until the frame that was asked for last is painted. */
  async untilExact() {
    await until('the very frame', () => this.app.session.run(() => {
      const picture = document.querySelector('.screen .picture');
      const wanted = Math.floor(Number(document.querySelector('.ruler').ariaValueNow) * 30 + 1e-3);
      return picture.dataset.exact === 'true' && Number(picture.dataset.index) === wanted;
    }));
  }
}

/** What libavcodec alone needs for these frames, milliseconds. */
export function floor(clip, indices) {
  const python = process.env.PYTHON ?? 'python3';
  const said = execFileSync(python, [join(here, 'floor.py'), clip, indices.join(',')], { encoding: 'utf8' });
  return JSON.parse(said).access_ms;
}

/** Proportional memory of processes, MB. */
export function pssMb(pids) {
  return pids.reduce((sum, pid) => {
    const kb = /^Pss:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1];
    return sum + Number(kb) / 1024;
  }, 0);
}
