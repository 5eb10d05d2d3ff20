// Pictures of every state of the window, dark and light: `npm run screens -- FOLDER [NAME...]`. CLIP=FILE shows another
// clip than the bundled one, SIZE=1440x900 another window than each state's own, TEXT=larger another size of text.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.mjs';
import { serve } from './serve.mjs';
import { STATES } from './states.mjs';

const [folder = 'screens', ...names] = process.argv.slice(2);
const executablePath = findChromium();
if (executablePath === null) {
  console.error('There is no Chromium on this machine. Set CHROMIUM to one.');
  process.exit(2);
}
const unknown = names.filter((name) => !(name in STATES));
if (unknown.length > 0) {
  console.error(`There is no state ${unknown.join(', ')}; there are ${Object.keys(STATES).join(', ')}.`);
  process.exit(2);
}
const out = resolve(folder);
mkdirSync(out, { recursive: true });

const [width, height] = (process.env.SIZE ?? '').split('x').map(Number);
const size = width > 0 && height > 0 ? { width, height } : null;

const text_size = process.env.TEXT;

/** The options of a state, with what is set for all. */
function optionsOf({ options = {} }) {
  if (text_size === undefined) return options;
  return { ...options, settings: JSON.stringify({ ...JSON.parse(options.settings ?? '{}'), text_size }) };
}

const { address, close } = await serve();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  for (const name of names.length > 0 ? names : Object.keys(STATES)) {
    for (const colorScheme of ['dark', 'light']) {
      const state = STATES[name];
      const page = await browser.newPage({
        viewport: size ?? state.size ?? { width: 1280, height: 800 },
        colorScheme,
        reducedMotion: 'reduce',
      });
      page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
      await page.goto(`${address}?${new URLSearchParams(optionsOf(state))}`);
      await page.waitForFunction(() => window.double?.calls.includes('ready'));
      await state.make?.(page);
      await page.waitForTimeout(700);
      await page.screenshot({ path: join(out, `${name}-${colorScheme}.png`) });
      await page.close();
    }
    console.log(name);
  }
} finally {
  await browser.close();
  await close();
}
