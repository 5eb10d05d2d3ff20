import { expect, test } from 'vitest';
import type { PlanRequest } from '../../src/backend';
import { useWindows, type TestWindow } from './page';

const open = useWindows();
const options = { model: 'large', settings: { shows_sees: true, knows_embedded: true } } as const;

async function pointAtToken(window: TestWindow, image: number, x: number, y: number) {
  const box = (await window.page.locator('.frames .picture').nth(image).boundingBox())!;
  await window.page.mouse.move(box.x + ((x + 0.5) / 24) * box.width, box.y + ((y + 0.5) / 24) * box.height);
}

test('presets say what they cost before they are chosen; choosing one changes marks and tokens', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page
    .getByRole('radio', { name: /^Paper: 50 frames, 3,456 tokens, first answer in about/u })
    .check({ force: true });
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(50);
  await page.getByRole('img', { name: /^4,010 of 4,096 positions used/u }).waitFor();
  await page.getByRole('radio', { name: /^Fast/u }).check({ force: true });
  await page.getByText('This preset shows the model the thumbnail alone').waitFor();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(6);
});

test('pointing at a patch names its token, frame and time, and a click goes there', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.locator('.frames .picture canvas.there').nth(1).waitFor();
  // Find a patch of the second picture that is read, from the plan itself.
  const place = await window.double(async (double) => {
    const plan = await double.plan(
      {
        ...{ video: 'clip', preset: 'auto', strategy: null, range: null, only_frame: null },
        ...{ pinned: [], removed: [] },
      } as PlanRequest,
      null,
      new AbortController().signal,
    );
    const token = plan.places.findIndex((one) => one?.image === 1);
    const found = plan.places[token]!;
    return {
      token,
      x: found.rect[0],
      y: found.rect[1],
      frame: plan.images[1]!.frames[0]!.index,
      n: plan.tokens.length,
    };
  });
  await pointAtToken(window, 1, place.x, place.y);
  const words = page.locator('.line .pointed');
  const [token, n_tokens] = [place.token + 1, place.n].map((n) => n.toLocaleString('en-GB'));
  await words.getByText(`Token ${token} of ${n_tokens}`).waitFor();
  await words.getByText(`Frame ${place.frame}`).waitFor();
  await words.getByText(`patch ${place.x + 1}, ${place.y + 1}`).waitFor();
  await expect.poll(() => page.locator(`[data-mark="${place.frame}"].pointed`).count()).toBe(1);
  await page.mouse.down();
  await page.mouse.up();
  await expect.poll(() => window.shownIndex()).toBe(place.frame);
});

test('frames can be pinned and kept out by hand, and that can be undone', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => window.shownIndex()).toBe(125);
  await page.keyboard.press('p');
  await expect.poll(() => page.locator('[data-mark="125"]').count()).toBe(1);
  await page.getByText('1 pinned').waitFor();
  await page.keyboard.press('Delete');
  await expect.poll(() => page.locator('[data-mark="125"]').count()).toBe(0);
  await page.getByText('1 kept out').waitFor();
  await page.getByRole('button', { name: 'Undo pins and removals' }).click();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(16);
});

test('only the frame on screen can be asked about', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => window.shownIndex()).toBe(125);
  await page.keyboard.press('a');
  await page.getByPlaceholder('Ask about the frame at 0:05.000').waitFor();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(1);
  await page.keyboard.type('What is this?');
  await page.keyboard.press('Enter');
  await page.getByText('1 frame · 576 tokens · 9.8 s').waitFor();
  await page.locator('.scope').getByRole('button', { name: 'Whole video' }).click();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(16);
});

test('the frame that is asked about is named by its time everywhere, and can be moved to the one on screen', async () => {
  const window = await open(options);
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('p');
  await page.getByText('1 pinned').waitFor();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => window.shownIndex()).toBe(125);
  await page.getByRole('radio', { name: /^This frame/u }).check({ force: true });

  const says = async (time: string) => {
    const chosen = page.getByRole('radio', {
      name: new RegExp(`^Frame at ${time}: 1 frame, 576 tokens`, 'u'),
    });
    await expect.poll(() => chosen.isChecked()).toBe(true);
    await page.locator('.offers label:has(:checked)', { hasText: '576 tokens' }).waitFor();
    await page.getByPlaceholder(`Ask about the frame at ${time}`).waitFor();
    await page.locator('.scope').getByText(`Frame at ${time}`).waitFor();
    await page.locator('.foot').getByText(`Only the frame at ${time}`).waitFor();
    await page.locator('.foot .cost').getByText('1 frame · 576 tokens').waitFor();
    await page.getByText(`The model gets the frame at ${time} alone`).waitFor();
  };
  await says('0:05.000');
  await expect.poll(() => page.getByRole('button', { name: 'Use this one' }).count()).toBe(0);

  // The picture moves on, the choice stays, and says so.
  await page.keyboard.press('.');
  await expect.poll(() => window.shownIndex()).toBe(126);
  await says('0:05.000');
  await page.locator('.scope').getByRole('button', { name: 'Use this one' }).click();
  await says('0:05.040');
  await page.keyboard.press('.');
  await expect.poll(() => window.shownIndex()).toBe(127);
  await page.locator('.alone').getByRole('button', { name: 'Use this one' }).click();
  await says('0:05.080');
});

test('looking ahead begins by itself, fills the marks, can be stopped and taken up again', async () => {
  const window = await open({ ...options, script: { holds: { encode: 3 } } });
  await window.openSample();
  const { page } = window;
  await page.getByRole('progressbar', { name: 'Looking at the frames' }).waitFor();
  await page
    .getByLabel(/looked at$/u)
    .nth(2)
    .waitFor();
  await page.getByRole('button', { name: 'Stop looking ahead' }).click();
  await page.getByRole('button', { name: 'Look at the frames now' }).waitFor();
  await window.go('encode');
  await expect.poll(() => page.getByLabel(/, looked at$/u).count()).toBe(3);
  await page.getByRole('button', { name: 'Look at the frames now' }).click();
  await page.getByText('The model has looked at these frames').waitFor();
});

test('an answer opens exactly what it was given, as it was', async () => {
  const window = await open({ ...options, script: { answer: 'ok' } });
  await window.openSample();
  const { page } = window;
  await window.ask('First question');
  await page.getByRole('button', { name: 'How this answer came about' }).click();
  await page.getByRole('radio', { name: /^Fast/u }).check({ force: true });
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(6);
  await page.getByRole('button', { name: 'Show exactly what it saw' }).click();
  await page.getByText('As it was for').waitFor();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(16);
  await page.getByRole('button', { name: 'Back to now' }).click();
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(6);
});

test('what is counted is named: pictures are not frames, and one picture is no count', async () => {
  const window = await open({ ...options, script: { holds: { encode: 0 } } });
  await window.openSample();
  const { page } = window;
  await page.locator('.foot .cost').getByText('16 frames · 2,304 tokens').waitFor();
  await page
    .locator('.foot')
    .getByText(/^Looking at picture \d+ of 17$/u)
    .waitFor();
  expect(await page.locator('.foot').textContent()).not.toMatch(/\d\/\d/u);
  await page.getByRole('radio', { name: /^Fast/u }).check({ force: true });
  await page.locator('.foot .cost').getByText('6 frames · 576 tokens').waitFor();
  await page.locator('.foot').getByText('Looking at the frames', { exact: true }).waitFor();
});

test('a remaining time runs down by itself', async () => {
  const window = await open({
    ...options,
    settings: { preset: 'fast', shows_sees: false, knows_embedded: true },
    script: { encode_ms: 8000, holds: { encode: 0 } },
    has_stopped_clock: true,
  });
  await window.openSample();
  await window.pass(400);
  const foot = window.page.locator('.foot');
  for (const secs of [8, 7, 6]) {
    await foot.getByText(`${secs} s left`).waitFor();
    await window.pass(1000);
  }
});
