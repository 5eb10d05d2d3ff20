// From the parts' figures to RESULTS.md: each beside its bar and its floor, and what is not reached.
//
//   report.mjs FOLDER
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2];
const here = dirname(fileURLToPath(import.meta.url));
const read = (part) => {
  const file = join(folder, `${part}.json`);
  // JSON has no infinity: what never came is null.
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'), (_, value) => value ?? Infinity) : null;
};
const ms = (value) => (Number.isFinite(value) ? `${Math.round(value)} ms` : 'never');
const both = (one) => `${ms(one.p50)} / ${ms(one.p95)} (n ${one.n})`;

const rows = [];
const missed = [];
function row(what, bar, measured, is_reached, floor = '') {
  rows.push(`| ${what} | ${bar} | ${measured} | ${floor} | ${is_reached ? 'yes' : '**no**'} |`);
  if (!is_reached) missed.push(`${what}: ${measured} (bar: ${bar})`);
}
const within = (what, spread, limit, floor) =>
  row(what, `p95 ${limit} ms`, both(spread), spread.p95 <= limit, floor);

function dragging(found, times, where) {
  for (const [name, spread] of Object.entries(found)) within(`true picture under the pointer, ${name}${where}`, spread, 50 * times);
}
function stepping(found, times, where) {
  for (const name of ['forward', 'back']) {
    within(`step ${name}${where}`, found[name], 60 * times, `the first: ${ms(found[`${name}, the first`])}`);
  }
}

const scrub = read('scrub');
if (scrub) dragging(scrub, 1, '');
const exact = read('exact');
if (exact) {
  within('the very frame, seen before', exact.seen, 50);
  row(
    'the very frame, new', '1.3 times the floor', `${both(exact.new)}; frame by frame ${exact.ratio.p50.toFixed(2)} / ${exact.ratio.p95.toFixed(2)} of the floor`,
    exact.ratio.p95 <= 1.3, both(exact.floor),
  );
}
const step = read('step');
if (step) stepping(step, 1, '');
const play = read('play');
if (play) {
  const measured = `${(play.share * 100).toFixed(1)} % of ${play.n_due} due in ${play.secs.toFixed(1)} s`;
  row('dropped in playback of 1080p30', 'under 2 %', measured, play.share < 0.02);
}
const start = read('start');
if (start) row('cold start to a usable window, over a bare one', 'under 2 s', `${both(start.over)}; in all ${both(start.ours)}`, start.over.p95 < 2000, both(start.bare));
const memory = read('memory');
if (memory) {
  const { opened, scrubbed, bare } = memory;
  row(
    'memory (PSS) without workers', 'under 300 MB', `${opened.window.toFixed(0)} MB with a clip, ${scrubbed.window.toFixed(0)} MB scrubbed through; workers ${scrubbed.workers.toFixed(0)} MB`,
    scrubbed.window < 300, `${bare.toFixed(0)} MB`,
  );
}
const long = read('long');
if (long) row('first frame of a 2-hour clip', 'under 1 s', `${ms(long.new)}; with its list kept ${ms(long.again)}`, long.new < 1000);
const film = read('film');
if (film) {
  for (const [name, one] of Object.entries(film)) {
    const before = one.n_unlisted > 0 ? `; ${one.n_unlisted} of ${one.n_drawn} pictures before the frames were listed` : '';
    row(`true picture under the pointer in a 2-hour clip, ${name}`, 'p95 50 ms', `${both(one)}${before}`, one.p95 <= 50);
  }
}
const encoding = read('encoding');
if (encoding) {
  const where = ', while encoding';
  dragging(encoding.dragging, 2, where);
  stepping(encoding.stepping, 2, where);
  if (!encoding.was_busy_to_the_end) missed.push('encoding ended before the measurement did');
}
const streaming = read('streaming');
if (streaming) {
  const where = ', while an answer streams';
  dragging(streaming.dragging, 2, where);
  stepping(streaming.stepping, 2, where);
  within(`typing a letter${where}`, streaming.typing, 100);
  row(`stop${where}`, '100 ms', ms(streaming.stop), streaming.stop <= 100);
  if (!streaming.still_streams) missed.push('the answer ended before the measurement did');
}

const notes = join(here, 'notes.md');
console.log(`# The window, measured

Written by \`benches/window/run.sh\`; run it again to replace it.

- The real window at 1280 x 800 under Xvfb (software rendering), driven by WebDriver: real pointer and key events, times noted in the page
- Clip: a minute of 1080p30 H.264, GOP 250, B-frames, about 5 Mbit/s, made by \`benches/media/make_clip.sh\`; two hours of it for what says so
- Machine: ${cpus().length} cores, ${cpus()[0].model.trim()}; load average ${loadavg()[0].toFixed(1)} at the end. Built with the development profile, which is optimised
- p50 / p95. "True picture": the very frame, or one at least as near as the nearest key frame, marked with its own time. Floors in the same run: libavcodec alone (PyAV) from the key frame to the same frames, nothing converted; WebKitGTK's MiniBrowser with an empty page
- While encoding and streaming: a pair of 1.1 billion random weights (TinyLlama's sizes, Q4_K_M, CLIP-L/336), bars doubled

| figure | bar | measured | floor | reached |
|---|---|---|---|---|
${rows.join('\n')}

${missed.length === 0 ? 'Every bar is reached.' : missed.map((one) => `Not reached: ${one}`).join('\n\n')}
${existsSync(notes) ? `\n${readFileSync(notes, 'utf8')}` : ''}`);
