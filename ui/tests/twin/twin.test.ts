import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import type { PlanRequest, PlanView } from '../../src/backend';
import { findChromium } from '../../scripts/chromium.mjs';
import { settled } from '../browser/page';

let browser: Browser;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(async () => browser?.close());
afterEach(async () => {
  await page.context().close();
  expect(faults.splice(0)).toEqual([]);
});

/** A window with the sample clip, on the program as earlier tests left it. */
async function open(): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(inject('address'));
  await page.waitForFunction(() => window.twin?.done.includes('ready'));
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.locator('.picture[data-exact=true]').waitFor();
}

async function seriousOffences(): Promise<string[]> {
  // Colours on their way to others are no finding.
  await settled(page);
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const found = await axe.run(document);
    return found.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}`));
  });
}

async function ask(words: string): Promise<void> {
  await page.locator('[data-question]').fill(words);
  await page.keyboard.press('Enter');
}

const REQUEST: Omit<PlanRequest, 'video'> = {
  ...{ preset: 'balanced', strategy: null, range: null },
  ...{ pinned: [], removed: [], only_frame: null },
};

/** The plan of the open clip as the program gives it. */
async function plan(): Promise<PlanView> {
  return page.evaluate(async (request) => {
    const [video] = await window.twin.recentVideos();
    const never = new AbortController().signal;
    return window.twin.plan({ ...request, video: video!.id }, null, never);
  }, REQUEST);
}

test('the sample opens, and steps from frame to frame', async () => {
  await open();
  await page.locator('.frame', { hasText: /^\s*Frame \d/u }).waitFor();
  const shown = () => page.locator('.screen .picture').getAttribute('data-index');
  const first = Number(await shown());
  await page.keyboard.press('.');
  await expect.poll(shown).toBe(String(first + 1));
  expect(await seriousOffences()).toEqual([]);
});

test('a picture of the plan is what the program says enters the tower', async () => {
  await open();
  const view = await plan();
  expect(view.cost.refusal).toBeNull();
  const drawn = await page.evaluate(async (id) => {
    const picture = await window.twin.planPicture(id, 0, new AbortController().signal);
    const bitmap = await createImageBitmap(new Blob([picture.bytes], { type: picture.mime }));
    return { mime: picture.mime, width: bitmap.width, height: bitmap.height };
  }, view.id);
  expect(drawn).toEqual({ mime: 'image/png', width: view.side_px, height: view.side_px });
  await page.evaluate(() => window.twin.changeSettings({ shows_sees: true, knows_embedded: true }));
  await page.context().close();
  await open();
  await page.locator('.frames .picture canvas.there').first().waitFor();
  expect(await seriousOffences()).toEqual([]);
});

test('the embedded model answers about the sample, and the conversation is there afterwards', async () => {
  await open();
  await ask('Which shapes appear?');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  const said = await page.locator('.words').last().textContent();
  expect(said?.trim()).not.toBe('');
  const kept = await page.evaluate(async () => {
    const [video] = await window.twin.recentVideos();
    const [summary] = await window.twin.chats(video!.id);
    return (await window.twin.chat(summary!.id)).turns.at(-1)!;
  });
  expect(kept.question).toBe('Which shapes appear?');
  expect(kept.answer?.state).toBe('done');
  expect(kept.answer?.facts?.prompt).toContain('Which shapes appear?');
  await page.getByRole('button', { name: 'How this answer came about' }).click();
  expect(await seriousOffences()).toEqual([]);
});

test('a question is stopped, and what is kept says so', async () => {
  await open();
  await page.evaluate(async () => {
    // Forgotten, so that there is something to encode that can be stopped.
    for (const video of await window.twin.recentVideos()) await window.twin.forgetVideo(video.id);
  });
  await page.context().close();
  await open();
  await page.locator('[data-question]').fill('Describe everything');
  // One right after the other: on a quick machine the answer is there soon.
  await Promise.all([page.keyboard.press('Enter'), page.keyboard.press('Escape')]);
  await page.getByText('Stopped').waitFor();
  const state = await page.evaluate(async () => {
    const [video] = await window.twin.recentVideos();
    const [summary] = await window.twin.chats(video!.id);
    return (await window.twin.chat(summary!.id)).turns.at(-1)!.answer?.state;
  });
  expect(state).toBe('stopped');
});

test('models are listed with the embedded one; a pair is picked, loaded and answers', async () => {
  await open();
  const models = await page.evaluate(() => window.twin.models());
  expect(models[0]).toMatchObject({ is_embedded: true, refusal: null });
  const loaded = await page.evaluate(async () => {
    const states: string[] = [];
    window.twin.listen((event) => {
      if (event.kind === 'model') states.push(event.state.kind);
    });
    // The listener is there once the program has answered something after it.
    await window.twin.settings();
    const picked = (await window.twin.pickModel('folder'))!;
    await window.twin.loadModel(picked.id, new AbortController().signal);
    return { picked, states, now: await window.twin.modelState() };
  });
  expect(loaded.picked.files).toHaveLength(2);
  expect(loaded.picked.memory.total_bytes).toBeGreaterThan(0);
  expect(loaded.now).toMatchObject({ kind: 'ready', model: { id: loaded.picked.id } });
  const diagnosis = await page.evaluate(() => window.twin.diagnosis(false));
  expect(diagnosis).toContain('FFmpeg');
  expect(diagnosis).not.toContain('gguf');
});
