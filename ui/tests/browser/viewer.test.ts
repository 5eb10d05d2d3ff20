import { expect, test } from 'vitest';
import { useWindows, type TestWindow } from './page';

const open = useWindows();

/** Time stamp of what is on screen, from the clip's 25 frames a second. */
const until = async (window: TestWindow, index: number) => {
  await expect.poll(() => window.shownIndex(), { timeout: 30_000 }).toBe(index);
};

/** Plays on until a frame after `index` is shown, and says which. */
const playedFrom = async (window: TestWindow, index: number) => {
  let shown = 0;
  await expect
    .poll(async () => {
      await window.pass(20);
      return (shown = await window.shownIndex());
    })
    .toBeGreaterThan(index);
  return shown;
};

/** Lets so much of the clip's time pass, and what is fetched meanwhile come in its own. */
const playFor = async (window: TestWindow, secs: number) => {
  for (let passed_ms = 0; passed_ms < secs * 1000; passed_ms += 20) {
    await window.pass(20);
    await window.page.evaluate(async () => (await fetch('/clip/facts')).json());
  }
};

test('the sample opens on its first frame, with the workspace ready for keys', async () => {
  const window = await open();
  await window.openSample();
  expect(await window.shownIndex()).toBe(0);
  await window.page.keyboard.press('.');
  await until(window, 1);
});

test('the keys that players share move to exactly the frames they name', async () => {
  const window = await open();
  await window.openSample();
  for (const [key, index] of [
    ['.', 1],
    ['.', 2],
    [',', 1],
    ['ArrowRight', 126],
    ['ArrowLeft', 1],
    ['End', 174],
    ['.', 174],
    ['Home', 0],
    [',', 0],
  ] as const) {
    await window.page.keyboard.press(key);
    await until(window, index);
  }
});

test('go to takes a time or a frame, and says what it did not understand', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('g');
  await page.keyboard.type('0:03.2');
  await page.keyboard.press('Enter');
  await until(window, 80);
  await page.keyboard.press('g');
  // Letters that follow at once would be a word.
  await page.getByRole('textbox', { name: 'Go to' }).waitFor();
  await page.keyboard.type('nonsense');
  await page.keyboard.press('Enter');
  await page.getByText('Write a time such as').waitFor();
  await page.getByRole('textbox', { name: 'Go to' }).fill('#42');
  await page.keyboard.press('Enter');
  await until(window, 42);
  await expect.poll(() => page.locator('dialog').count()).toBe(0);
});

test('while scrubbing a nearby picture is shown with its own time, then the very frame', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await window.hold('frame');
  const ruler = (await page.locator('.ruler').boundingBox())!;
  const x = (secs: number) => ruler.x + (secs / 7) * ruler.width;
  await page.mouse.move(x(1), ruler.y + 10);
  await page.mouse.down();
  await page.mouse.move(x(3.42), ruler.y + 10, { steps: 6 });
  await page.getByText(/Nearby picture, 0:03\.\d{3}/u).waitFor();
  // On its way the pointer passes a frame whose coarse picture is the very one.
  await page.locator('.screen .picture[data-index="75"][data-exact="false"]').waitFor();
  await window.go('frame');
  // A coarse picture of that very frame may come before it.
  await page.locator('.screen .picture[data-index="85"][data-exact="true"]').waitFor();
  await page.mouse.up();
  await expect.poll(() => page.getByText('Nearby picture').count()).toBe(0);
  await expect
    .poll(() => window.double((double) => double.calls.filter((call) => call.startsWith('setScrubbing'))))
    .toEqual(['setScrubbing true', 'setScrubbing false']);
});

test('scrubbing over a slow video never queues: where the pointer stops is shown at once', async () => {
  const window = await open({ script: { has_near_pictures: false } });
  await window.openSample();
  const { page } = window;
  await window.hold('frame');
  const ruler = (await page.locator('.ruler').boundingBox())!;
  await page.mouse.move(ruler.x + 5, ruler.y + 10);
  await page.mouse.down();
  await page.mouse.move(ruler.x + ruler.width - 5, ruler.y + 10, { steps: 120 });
  await page.mouse.up();
  // No more than what is under way already stands before it.
  await window.go('frame', 4);
  await until(window, 173);
});

test('playing runs at the clip’s own speed and ends on the last frame', async () => {
  const window = await open({ has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('Space');
  const from = await playedFrom(window, 5);
  const secs = 1;
  await playFor(window, secs);
  const rate = ((await window.shownIndex()) - from) / secs;
  expect(rate).toBeGreaterThan(20);
  expect(rate).toBeLessThan(26);
  await expect
    .poll(async () => {
      await window.pass(400);
      return page.getByRole('button', { name: 'Play', exact: true }).count();
    })
    .toBe(1);
  expect(await window.shownIndex()).toBe(174);
});

test('pictures that come too slowly are passed over, and time keeps its speed', async () => {
  const window = await open({ script: { play_ms: 110 }, has_stopped_clock: true });
  await window.openSample();
  await window.page.keyboard.press('Space');
  const n_asked = () => window.double((double) => double.calls.filter((one) => one === 'frame play').length);
  const [from, before] = [await playedFrom(window, 15), await n_asked()];
  const secs = 2;
  await playFor(window, secs);
  const [to, after] = [await window.shownIndex(), await n_asked()];
  // Twenty-five frames of the clip in a second, of which nine can be had.
  expect((to - from) / secs).toBeGreaterThan(20);
  expect((after - before) / secs).toBeLessThan(12);
});

test('a range is one drag, or two keys, and can be moved by key', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const strip = (await page.locator('.strip').boundingBox())!;
  const x = (secs: number) => strip.x + (secs / 7) * strip.width;
  await page.mouse.move(x(2.01), strip.y + 20);
  await page.mouse.down();
  await page.mouse.move(x(4.01), strip.y + 20, { steps: 5 });
  await page.mouse.up();
  const start = page.getByRole('slider', { name: 'Start of range' });
  const end = page.getByRole('slider', { name: 'End of range' });
  const range = () => Promise.all([start, end].map((handle) => handle.getAttribute('aria-valuetext')));
  await expect.poll(range).toEqual(['0:02.000', '0:04.040']);
  await end.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(range).toEqual(['0:02.000', '0:04.000']);
  await page.keyboard.press('ArrowRight');
  await expect.poll(range).toEqual(['0:02.000', '0:04.040']);
  await page.getByRole('button', { name: 'Clear range' }).click();
  await expect.poll(() => start.count()).toBe(0);

  await page.keyboard.press('Home');
  await page.keyboard.press('.');
  await page.keyboard.press('i');
  await page.keyboard.press('.');
  await page.keyboard.press('o');
  await expect.poll(range).toEqual(['0:00.040', '0:00.120']);
});

test('the marks are the frames of the plan, within the range, and lead there', async () => {
  const window = await open({ settings: { shows_sees: true } });
  await window.openSample();
  const { page } = window;
  const marks = page.locator('[data-mark]');
  await expect.poll(() => marks.count()).toBe(16);
  const at = (secs: number) =>
    page
      .locator('.ruler')
      .boundingBox()
      .then((box) => box!.x + (secs / 7) * box!.width);
  const y = (await page.locator('.strip').boundingBox())!.y + 20;
  await page.mouse.move(await at(2), y);
  await page.mouse.down();
  await page.mouse.move(await at(5), y, { steps: 5 });
  await page.mouse.up();
  await expect
    .poll(async () => Number(await marks.first().getAttribute('data-mark')))
    .toBeGreaterThanOrEqual(50);
  await expect
    .poll(async () => Number(await marks.last().getAttribute('data-mark')))
    .toBeLessThanOrEqual(126);
  const index = Number(await marks.nth(3).getAttribute('data-mark'));
  await marks.nth(3).click();
  await until(window, index);
});

test('zooming keeps the number of nodes small', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const strip = (await page.locator('.strip').boundingBox())!;
  await page.evaluate(() => {
    const counted = globalThis as unknown as { n_turns: number };
    counted.n_turns = 0;
    document.addEventListener('wheel', () => (counted.n_turns += 1));
  });
  await page.mouse.move(strip.x + 400, strip.y + 20);
  await page.keyboard.down('Control');
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  await expect.poll(() => page.evaluate('window.n_turns')).toBe(8);
  await expect.poll(() => page.locator('.tiles canvas').count()).toBeLessThanOrEqual(16);
  await expect.poll(() => page.locator('.tick').count()).toBeLessThan(80);
  await expect.poll(() => page.locator('.tick.major').count()).toBeGreaterThan(1);
});

test('a picture that cannot be read says so and goes away when it can', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await window.double((double) => {
    double.script.fail_frame = {
      code: 'video-unreadable',
      message: 'frame 125 of sample.mp4 is damaged',
      hint: null,
    };
  });
  await page.keyboard.press('ArrowRight');
  await page.getByText('frame 125 of sample.mp4 is damaged').waitFor();
  await window.double((double) => {
    double.script.fail_frame = null;
  });
  await page.keyboard.press('.');
  await until(window, 126);
  await expect.poll(() => page.getByText('is damaged').count()).toBe(0);
});
