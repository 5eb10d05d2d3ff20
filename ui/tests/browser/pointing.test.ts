import { expect, test } from 'vitest';
import { TOGETHER_MS } from '../../src/lib/typing';
import { useWindows, type TestWindow } from './page';

const open = useWindows();
const options = { model: 'large', settings: { shows_sees: true, knows_embedded: true } } as const;

const until = async (window: TestWindow, index: number) => {
  await expect.poll(() => window.shownIndex(), { timeout: 30_000 }).toBe(index);
};

test('pointing at a mark lights its frame in the strip and in the panel, and says what it is', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  const mark = page.locator('[data-mark]').nth(12);
  await mark.waitFor();
  const index = Number(await mark.getAttribute('data-mark'));
  await mark.hover();
  await page.locator('.hint.given').getByText(`Frame ${index} · looked at`).waitFor();
  await page.locator('.tiles canvas.pointed').waitFor();
  // The panel brings that frame into sight by itself.
  await expect.poll(() => page.locator('.frames .picture.pointed').count()).toBe(1);
  await page.mouse.move(400, 100);
  await expect.poll(() => page.locator('.pointed:not(.quiet)').count()).toBe(0);
});

test('pointing at the timeline says which moment lies there, and does not move the picture', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const strip = (await page.locator('.strip').boundingBox())!;
  await page.mouse.move(strip.x + (3.01 / 7) * strip.width, strip.y + 20);
  await page.locator('.hint').getByText('0:03.000 · Frame 75').waitFor();
  expect(await window.shownIndex()).toBe(0);
});

test('pointing at a time in an answer lights the mark of the frame that it means', async () => {
  const window = await open({ script: { answer: 'At 0:01 the circle moves.' } });
  await window.openSample();
  const { page } = window;
  await window.ask('What happens?');
  await page.getByRole('button', { name: 'Go to 0:01', exact: true }).hover();
  await expect.poll(() => page.locator('[data-mark].pointed').count()).toBe(1);
});

test('pointing at a preset says what it would cost, in time and memory, before it is chosen', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.locator('.offers label', { hasText: 'Paper' }).hover();
  const cost = page.locator('.line .cost');
  await expect
    .poll(() => cost.textContent())
    .toMatch(/^Paper · 50 frames in \d+ pictures · first answer in about .+ GB extra memory$/u);
  await page.mouse.move(400, 100);
  await expect.poll(() => cost.textContent()).toMatch(/^16 frames in 17 pictures/u);
});

test('the cost follows while a range is dragged, and pictures are left to the viewer meanwhile', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.locator('.frames canvas.there').nth(2).waitFor();
  await expect.poll(() => page.locator('.frames canvas:not(.there)').count()).toBe(0);
  const strip = (await page.locator('.strip').boundingBox())!;
  const x = (secs: number) => strip.x + (secs / 7) * strip.width;
  await page.mouse.move(x(2.01), strip.y + 20);
  await page.mouse.down();
  await page.mouse.move(x(2.3), strip.y + 20, { steps: 4 });
  await page.locator('.foot .cost').getByText('8 frames').waitFor();
  const n_before = await window.double(
    (double) => double.calls.filter((one) => one === 'planPicture').length,
  );
  await page.mouse.move(x(2.5), strip.y + 20, { steps: 4 });
  await expect.poll(() => page.locator('.foot .cost').textContent()).toContain('13 frames');
  const n_after = await window.double((double) => double.calls.filter((one) => one === 'planPicture').length);
  expect(n_after).toBe(n_before);
  await page.mouse.up();
  await expect.poll(() => page.locator('.frames canvas.there').count()).toBeGreaterThan(2);
});

test('after a click on a control the keys are the video’s again', async () => {
  // What is played stays where it is, so that it does not end before it is looked at.
  const window = await open({ script: { holds: { play: 0 } } });
  await window.openSample();
  const { page } = window;
  await page.getByRole('button', { name: 'Next frame', exact: true }).click();
  await until(window, 1);
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await page.keyboard.press('Space');
  const ruler = (await page.locator('.ruler').boundingBox())!;
  await page.mouse.click(ruler.x + (1.01 / 7) * ruler.width, ruler.y + 10);
  await until(window, 25);
  await page.keyboard.press('ArrowRight');
  await until(window, 150);
});

test('a timeline that is zoomed says so, and shows all again with a click', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const chip = page.getByRole('button', { name: 'Show whole timeline' });
  await expect.poll(() => chip.count()).toBe(0);
  for (let press = 0; press < 3; press++) await page.keyboard.press('+');
  await chip.getByText('Shows 0:00 – 0:01').waitFor();
  await chip.click();
  await expect.poll(() => chip.count()).toBe(0);
});

test('what was pointed at stops being lit when it goes away under the pointer', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  const lit = () => page.locator('[data-mark].pointed, .tiles canvas.pointed, .hint.given').count();
  const picture = page.locator('.frames .picture').nth(3);

  // The panel is closed by its key while the pointer rests on a picture in it.
  await picture.hover();
  await expect.poll(lit).toBe(3);
  await page.keyboard.press('e');
  await expect.poll(() => page.locator('.frames .picture').count()).toBe(0);
  await expect.poll(lit).toBe(0);

  // Another mode: that picture is not among its pictures.
  await page.keyboard.press('e');
  await picture.hover();
  await expect.poll(lit).toBe(3);
  // On a quick machine the three letters would be a word.
  await page.waitForTimeout(TOGETHER_MS + 50);
  await page.keyboard.press('a');
  await expect.poll(() => page.locator('.frames .picture').count()).toBe(1);
  await expect.poll(lit).toBe(0);
});

test('a time of another conversation lights nothing in this one', async () => {
  const window = await open({ script: { answer: 'At 0:01 the circle moves.' } });
  await window.openSample();
  const { page } = window;
  await window.ask('What happens?');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  await page.getByRole('button', { name: 'Go to 0:01', exact: true }).hover();
  await expect.poll(() => page.locator('[data-mark].pointed').count()).toBe(1);
  await page.keyboard.press('Control+Shift+O');
  await expect.poll(() => page.getByRole('article').count()).toBe(0);
  await expect.poll(() => page.locator('[data-mark].pointed').count()).toBe(0);
});
