import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();

interface Counts {
  LayoutCount: number;
  Nodes: number;
}

/** How often the page was laid out, and how many nodes came to stay, while `work` ran. */
async function counted(page: Page, work: () => Promise<void>): Promise<Counts> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const read = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    return (name: keyof Counts) => metrics.find((one) => one.name === name)?.value ?? NaN;
  };
  const before = await read();
  await work();
  const after = await read();
  return {
    LayoutCount: after('LayoutCount') - before('LayoutCount'),
    Nodes: after('Nodes') - before('Nodes'),
  };
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds that the processor worked for it. */
  tdur?: number;
}

/**
 * The longest that the page's thread worked at a stretch while `work` ran. Milliseconds of the processor: how long other
 * programs had it in between says nothing of the page.
 */
async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
  await work();
  await page.evaluate(() => new Promise((done) => setTimeout(() => done(performance.mark('own-thread')))));
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const own = traceEvents.find((one) => one.name === 'own-thread')!;
  const tasks = traceEvents.filter(({ pid, tid }) => pid === own.pid && tid === own.tid);
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur }) => tdur ?? 0)) / 1000;
}

const N_MOVES = 100;

test('scrubbing lays the page out a few times for each move at most, and leaves no nodes behind', async () => {
  const window = await open({ model: 'large', settings: { shows_sees: true, preset: 'paper' } });
  await window.openSample();
  const { page } = window;
  await page.getByText('The model has looked at these frames').waitFor();
  const ruler = (await page.locator('.ruler').boundingBox())!;
  const { LayoutCount, Nodes } = await counted(page, async () => {
    await page.mouse.move(ruler.x + 5, ruler.y + 10);
    await page.mouse.down();
    for (let move = 1; move <= N_MOVES; move++) await page.mouse.move(ruler.x + 5 + move * 6, ruler.y + 10);
    await page.mouse.up();
    await page.locator('.picture[data-exact=true]').waitFor();
  });
  expect(LayoutCount).toBeLessThan(N_MOVES * 4);
  expect(Nodes).toBeLessThan(300);
});

test('an answer of some hundred words, with lists and times, holds nobody up who types', async () => {
  const words = Array.from({ length: 300 }, (_, at) =>
    at % 20 === 0 ? `\n- at 0:0${at % 7} **so**` : 'word',
  );
  const window = await open({ model: 'large', script: { answer: words.join(' '), holds: { word: 20 } } });
  await window.openSample();
  const { page } = window;
  await window.ask('Describe it');
  await page.locator('article .answer', { hasText: 'word' }).waitFor();
  const typed = 'What else is there to be seen in this video?';
  const longest = await longestTask(page, async () => {
    for (const letter of typed) {
      await page.locator('[data-question]').pressSequentially(letter);
      await window.go('word', 3);
      await window.go('word', 3);
    }
    // A few at a time also to the end: together they would be one piece of work.
    for (let n_told = 0; n_told < words.length / 3; n_told += 3) await window.go('word', 3);
    // Found by its class: a search by name takes the page longer than all that is measured here.
    await page.locator('.facts').waitFor();
  });
  await expect.poll(() => page.locator('[data-question]').inputValue()).toBe(typed);
  // Far above what it takes, for slow machines; a page that redraws all of it takes more.
  expect(longest).toBeLessThan(150);
});

test('fifty frames in the panel and on the timeline need no more nodes than fit the screen', async () => {
  const window = await open({ model: 'large', settings: { shows_sees: true, preset: 'paper' } });
  await window.openSample();
  const { page } = window;
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(50);
  await expect.poll(() => page.locator('.frames .picture').count()).toBeLessThan(10);
  await expect.poll(() => page.locator('.tiles canvas').count()).toBeLessThanOrEqual(16);
  // Scrolled to the end, it is the last ones instead.
  await page.locator('.frames .scroll').evaluate((scroll) => (scroll.scrollLeft = scroll.scrollWidth));
  await page.locator('.frames figcaption', { hasText: '0:06.960' }).waitFor();
  await expect.poll(() => page.locator('.frames .picture').count()).toBeLessThan(10);
});
