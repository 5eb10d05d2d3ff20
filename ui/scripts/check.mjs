// Everything that can be checked of the window's page: `npm run check`, or `npm run check -- types unit` for some.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const steps = {
  format: () => run(bin('prettier'), ['--check', '--log-level', 'warn', '.']),
  types: () => run(bin('svelte-check'), ['--fail-on-warnings', '--output', 'human']),
  seam: () => run(process.execPath, ['scripts/seam.mjs']),
  imports: () => run(process.execPath, ['scripts/imports.mjs']),
  unit: () => run(bin('vitest'), ['run', '--project', 'unit']),
  build: () => run(bin('vite'), ['build', '--logLevel', 'warn']),
  browser: () => {
    if (findChromium() === null) return console.log('skipped: no Chromium on this machine (or set CHROMIUM)');
    run(bin('vitest'), ['run', '--project', 'browser', '--project', 'measured', '--project', 'twin']);
  },
};

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(bin('vite'))) {
  console.error('Run `npm ci` in ui/ first.');
  process.exit(2);
}
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(steps)) {
  if (!(name in steps)) {
    console.error(`There is no step ${name}; there are ${Object.keys(steps).join(', ')}.`);
    process.exit(2);
  }
  console.log(`-- ${name}`);
  steps[name]();
}
