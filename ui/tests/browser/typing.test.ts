import { expect, test } from 'vitest';
import { useWindows, type TestWindow } from './page';

const open = useWindows();
/** Letters are a word where they follow each other at once: none of the time of a slow machine lies between them. */
const at_once = { has_stopped_clock: true } as const;

/** What was chosen, as far as the window shows it. */
const choices = async ({ page }: TestWindow) => ({
  speed: await page.getByLabel(/^Speed:/u).inputValue(),
  is_playing: (await page.getByRole('button', { name: 'Pause', exact: true }).count()) > 0,
  n_pinned: await page.getByText(/\d pinned/u).count(),
  shows_panel: (await page.getByRole('region', { name: 'What the model sees' }).count()) > 0,
  has_range: (await page.getByRole('slider', { name: 'Start of range' }).count()) > 0,
  is_one_frame: (await page.locator('.scope').count()) > 0,
});

test.each(['please describe it', 'is it a star?', 'are there people?', 'how many?', 'look at the circle'])(
  'words typed outside of the field are a question and change nothing else: %s',
  async (words) => {
    const window = await open(at_once);
    await window.openSample();
    const before = await choices(window);
    for (const letter of words) {
      await window.page.keyboard.type(letter);
      await window.pass(60);
    }
    await expect.poll(() => window.page.locator('[data-question]').inputValue()).toBe(words);
    await expect.poll(() => choices(window)).toEqual(before);
    await window.pass(400);
    await expect.poll(() => window.page.locator('dialog').count()).toBe(0);
  },
);

test('words go on with what is in the field, also where they begin with a space', async () => {
  const window = await open(at_once);
  await window.openSample();
  const { page } = window;
  const before = await choices(window);
  await page.locator('[data-question]').fill('Tell me');
  await page.locator('.ruler').focus();
  await page.keyboard.type(' please');
  await expect.poll(() => page.locator('[data-question]').inputValue()).toBe('Tell me please');
  await expect.poll(() => choices(window)).toEqual(before);
});

test('in a narrow window the first letter opens the conversation, and is in it', async () => {
  const window = await open({ ...at_once, context: { viewport: { width: 800, height: 600 } } });
  await window.openSample();
  await window.page.keyboard.type('what?');
  await expect.poll(() => window.page.locator('[data-question]').inputValue()).toBe('what?');
  expect(await window.page.locator('[data-question]').isVisible()).toBe(true);
});

test('a key that changes something says so over the picture', async () => {
  const window = await open(at_once);
  await window.openSample();
  const { page } = window;
  const note = page.locator('.screen .note');
  for (const [key, words] of [
    ['l', '1.25×'],
    ['j', '1×'],
    ['i', 'Range starts at 0:00.000'],
    ['ArrowRight', null],
    ['o', 'Range ends at 0:05.040'],
    ['x', 'Range cleared'],
    ['p', 'Pinned: the model gets this frame'],
    ['p', 'Unpinned'],
    ['Delete', 'Kept out: the model does not get this frame'],
    ['a', 'Only the frame at 0:05.000'],
  ] as const) {
    await page.keyboard.press(key);
    await window.pass(350);
    if (words !== null) await note.getByText(words, { exact: true }).waitFor();
  }
  await window.pass(1400);
  await expect.poll(() => note.count()).toBe(0);
});
