// One window for hours: hundreds of videos are opened in it and thousands of questions asked. Memory, descriptors and the time
// to an answer stay what they were.
//
//   scripts/display.sh node tests/window/soak.mjs [VIDEOS=500] [QUESTIONS=2000]
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Home, processes, sample, tree } from './app.mjs';
import { until } from './webdriver.mjs';

/** What a process may grow by in the second half, when caches in memory are full: some hundred chats more are kept, and listed. */
const MAX_GROWTH_MB = 64;
/** And in part of what it had, where that is more. */
const MAX_GROWTH = 0.1;
/** Descriptors of a process; a few are open for a moment. */
const MAX_MORE_DESCRIPTORS = 8;
/** The median of the last hundred answers over that of the first hundred. */
const MAX_SLOWER = 1.1;
/** Questions before which nothing is held against anything. */
const N_WARM_UP = 20;
/** Longer no answer of the embedded model takes, on a machine that does other work. */
const MAX_ANSWER_MS = 180_000;
/** So many answers make a median. */
const N_COMPARED = 100;
const QUESTIONS = ['What do you see?', 'Which colour is it?', 'Is there a star?', 'How many shapes are there?', 'What happens at the end?'];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Memory of a process in MB, what it shares in part, and how many descriptors it has. */
function look({ pid, name, command }) {
  const worker = /worker (\w+)/u.exec(command)?.[1];
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'mu').exec(rollup)[1]) / 1024;
  // What is mapped of files is there for all, and comes as it is needed.
  return { role: worker ?? name, mb: mb('Pss'), anon_mb: mb('Pss_Anon'), n_descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** Milliseconds that these processes have had of the processor. */
function cpu_ms(processes) {
  const ticks = processes.map(({ pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10;
}

class Soak {
  constructor(n_videos, n_questions) {
    Object.assign(this, { n_videos, n_questions });
    this.home = new Home();
    this.latencies = [];
    /** What each video took of the processor, opening and answers: where a machine does other work, this says whose fault it is. */
    this.cpu_ms = [];
    /** By role, what was seen of it in order: { n, mb, n_descriptors }. */
    this.seen = new Map();
  }

  async run() {
    this.app = await App.start(this.home, []);
    this.session = this.app.session;
    this.pids = new Map();
    try {
      // When a question was sent is known to the page alone.
      await this.session.run(() => {
        addEventListener('keydown', (event) => { if (event.key === 'Enter') window.asked_at = performance.now(); }, true);
      });
      let n_asked = 0;
      let cpu_before = cpu_ms(tree(this.app.pid));
      for (let at = 0; at < this.n_videos; at += 1) {
        await this.open(at);
        const n_until = Math.round((this.n_questions * (at + 1)) / this.n_videos);
        for (let turn = 1; n_asked < n_until; turn += 1) {
          this.latencies.push(await this.ask(`${n_asked}. ${QUESTIONS[n_asked % QUESTIONS.length]}`, turn));
          n_asked += 1;
        }
        const cpu_now = cpu_ms(tree(this.app.pid));
        this.cpu_ms.push(cpu_now - cpu_before);
        cpu_before = cpu_now;
        const n_between = Math.max(1, Math.floor(this.n_videos / 100));
        if (at % n_between === n_between - 1) this.sample(at + 1);
      }
    } finally {
      await this.app.close().catch(() => {});
      await until('the end of all', () => !processes().some((one) => one.command.includes(this.home.folder))).catch(() => {});
      this.home.remove();
    }
  }

  async open(at) {
    const name = `video ${at}.mp4`;
    const file = join(this.home.folder, name);
    copyFileSync(sample, file);
    // Another video, not the same one under another name.
    writeFileSync(file, Buffer.concat([readFileSync(sample), Buffer.alloc(8 + at)]));
    const code = await this.app.startAgain([file]);
    if (code !== 0) throw new Error(`a second start ended with ${code}`);
    await until(name, () => this.app.titles().some((title) => title.startsWith(name)));
    await until('an empty chat', () => this.session.run(() => document.querySelectorAll('article').length === 0 && document.querySelector('[data-question]') !== null));
    // What was opened is known by its content; its file is not needed for long.
    if (at > 3) rmSync(join(this.home.folder, `video ${at - 3}.mp4`), { force: true });
  }

  /** Milliseconds from Enter to the end of the answer. */
  async ask(question, n_turns) {
    await this.app.ask(question);
    const { ms, problem } = await until(`answer ${this.latencies.length + 1}`, () => this.answered(n_turns), MAX_ANSWER_MS);
    if (problem !== null) throw new Error(`after ${this.latencies.length} answers: ${problem}`);
    return ms;
  }

  /** Waits for the end of the answer for some seconds, which is as long as one script may take; false where it is not yet there. */
  answered(n_turns) {
    return this.session.run(async (n_turns) => {
      const is_done = () => {
        const turns = [...document.querySelectorAll('article')];
        return turns.length >= n_turns && turns.every((one) => one.ariaBusy !== 'true');
      };
      if (!is_done()) {
        await new Promise((resolve) => {
          const over = setTimeout(resolve, 10_000);
          const observer = new MutationObserver(() => {
            if (!is_done()) return;
            observer.disconnect();
            clearTimeout(over);
            resolve();
          });
          observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-busy'] });
        });
      }
      return is_done() && { ms: performance.now() - window.asked_at, problem: document.querySelector('article .problem')?.innerText ?? null };
    }, n_turns);
  }

  sample(n) {
    const all = tree(this.app.pid).map(look);
    for (const { role, ...rest } of all) {
      if (!this.seen.has(role)) this.seen.set(role, []);
      this.seen.get(role).push({ n, ...rest });
    }
    const pids = tree(this.app.pid).map((one) => one.pid).sort();
    const text = all.map(({ role, mb, anon_mb, n_descriptors }) => `${role} ${mb.toFixed(0)} MB (${anon_mb.toFixed(1)} of no file) ${n_descriptors} fds`).join(', ');
    console.log(`${n} videos, ${this.latencies.length} answers, median of the last ${median(this.latencies.slice(-N_COMPARED))?.toFixed(0)} ms: ${text} [${pids.length} processes]`);
  }

  /** What did not stay as it was; empty is what is wanted. */
  grown() {
    const wrong = [];
    for (const [role, seen] of this.seen) {
      const part = Math.max(1, Math.floor(seen.length / 10));
      const half = Math.floor(seen.length / 2);
      const [before, after] = [seen.slice(half, half + part), seen.slice(-part)];
      const mean = (of, key) => of.reduce((sum, one) => sum + one[key], 0) / of.length;
      if (before.length === 0) continue;
      const [from_mb, to_mb] = [mean(before, 'mb'), mean(after, 'mb')];
      if (to_mb - from_mb > Math.max(MAX_GROWTH_MB, MAX_GROWTH * from_mb)) wrong.push(`${role} grew from ${from_mb.toFixed(0)} to ${to_mb.toFixed(0)} MB`);
      const more = mean(after, 'n_descriptors') - mean(before, 'n_descriptors');
      if (more > MAX_MORE_DESCRIPTORS) wrong.push(`${role} has ${more.toFixed(0)} more descriptors`);
      console.log(`${role}: ${from_mb.toFixed(1)} to ${to_mb.toFixed(1)} MB, ${mean(before, 'n_descriptors').toFixed(1)} to ${mean(after, 'n_descriptors').toFixed(1)} descriptors`);
    }
    const n = Math.min(N_COMPARED, Math.floor((this.latencies.length - N_WARM_UP) / 2));
    if (n > 0) {
      const [first, last] = [median(this.latencies.slice(N_WARM_UP, N_WARM_UP + n)), median(this.latencies.slice(-n))];
      console.log(`answers: median ${first.toFixed(0)} ms of the first ${n}, ${last.toFixed(0)} ms of the last`);
      if (last > first * MAX_SLOWER) wrong.push(`answers take ${(last / first).toFixed(2)} times as long`);
    }
    const n_first = Math.floor(this.cpu_ms.length / 5);
    if (n_first > 0) {
      const [first, last] = [median(this.cpu_ms.slice(1, 1 + n_first)), median(this.cpu_ms.slice(-n_first))];
      console.log(`a video with its answers: median ${first} ms of the processor of the first ${n_first}, ${last} ms of the last`);
    }
    return wrong;
  }
}

const [n_videos, n_questions] = process.argv.slice(2).map(Number);
const soak = new Soak(n_videos ?? 500, n_questions ?? 2000);
const began = Date.now();
await soak.run();
const wrong = soak.grown();
console.log(`${soak.n_videos} videos and ${soak.latencies.length} answers in ${((Date.now() - began) / 60_000).toFixed(1)} min: ${wrong.length === 0 ? 'all stayed as it was' : wrong.join('; ')}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
