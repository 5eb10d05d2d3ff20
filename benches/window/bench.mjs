// benches/window/run.sh: one part of the figures of the window.
//
//   bench.mjs PART CLIP [PAIR]      PART: start, scrub, exact, step, play, memory, long, film; with a pair encoding, streaming
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing } from '../../tests/window/needs.mjs';
import * as parts from './parts.mjs';

const [part, clip, pair] = process.argv.slice(2);
const out = process.env.OUT && join(process.env.OUT, `${part}.json`);
const lacking = missing();
if (lacking) throw new Error(lacking);
if (parts[part] === undefined || clip === undefined) throw new Error('usage: bench.mjs PART CLIP [PAIR]');
const figures = await parts[part](clip, pair);
console.log(part, JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value), 1));
if (out !== undefined) writeFileSync(out, JSON.stringify(figures));
