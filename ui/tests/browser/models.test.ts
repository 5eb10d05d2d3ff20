import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { DownloadScript } from '../double/downloads';
import { useWindows, type TestWindow } from './page';

const open = useWindows();
const SMALL = 'SmolVLM2 500M';

/** A window in which only the embedded model is on the machine. */
function alone(download: Partial<DownloadScript> = {}, answer = 'A red star.'): Promise<TestWindow> {
  return open({ script: { has_only_embedded: true, answer, download: download as DownloadScript } });
}

const entry = (page: Page, name: string) => page.getByRole('group', { name });
const download = (page: Page, name = SMALL) => entry(page, name).getByRole('button', { name: /^Download/u });
const started = (window: TestWindow) =>
  window.double((double) => double.calls.filter((call) => call.startsWith('startDownload')));

async function shop(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await page.getByRole('tab', { name: 'Get a model' }).click();
  await entry(page, SMALL).waitFor();
}

test('two clicks from the first page to a model that answers', async () => {
  const window = await alone();
  const { page } = window;
  const card = page.getByRole('region', { name: 'A model that knows more' });
  await card.getByText('SmolVLM2 500M, 640 MB, can answer about your videos.').waitFor();
  await card.getByRole('button', { name: 'Get a model' }).click();
  await download(page).click();
  await entry(page, SMALL).getByText('In use').waitFor();
  await expect.poll(() => started(window)).toEqual(['startDownload smolvlm2-500m:Q8_0']);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Model and device: SmolVLM2 500M Q8_0/u }).waitFor();
  await expect.poll(() => card.count()).toBe(0);
});

test('the latest answer of the embedded model offers one that knows more, which then answers the same', async () => {
  const window = await alone({ hold_at: 0.3 });
  await window.openSample();
  const { page } = window;
  const line = page.getByRole('region', { name: 'A model that knows more' });
  await expect.poll(() => line.count()).toBe(0);
  await window.ask('What is on the stove?');
  await line.getByText(/^nano knows moving shapes only.*SmolVLM2 500M, 640 MB\.$/u).waitFor();
  await window.ask('And what is the cook doing?');
  await expect.poll(() => page.locator('article .facts').count()).toBe(2);
  await expect.poll(() => line.count()).toBe(1);

  await line.getByRole('button', { name: 'Get a model' }).click();
  await download(page).click();
  await page.keyboard.press('Escape');
  await line.getByRole('progressbar', { name: 'SmolVLM2 500M Q8_0, Downloading' }).waitFor();
  await line.getByText('30%').waitFor();
  await window.double((double) => {
    double.script.download.hold_at = null;
    double.script.answer = 'The cook cracks two eggs.';
  });
  await line.getByRole('button', { name: 'Ask again with SmolVLM2 500M' }).click();
  await page.locator('.words', { hasText: 'The cook cracks two eggs.' }).waitFor();
  expect(await page.locator('.question p').allTextContents()).toEqual([
    'What is on the stove?',
    'And what is the cook doing?',
  ]);
  const models = await window.double((double) =>
    double.kept.flatMap((chat) => chat.turns.map((turn) => turn.answer?.facts?.model)),
  );
  expect(models).toEqual(['nano', 'SmolVLM2 500M Q8_0']);
  await expect.poll(() => line.count()).toBe(0);
});

test('the offer that was put away does not come back at the next answer', async () => {
  const window = await alone();
  await window.openSample();
  const { page } = window;
  const line = page.getByRole('region', { name: 'A model that knows more' });
  await window.ask('One');
  await line.getByRole('button', { name: 'Not now' }).click();
  await expect.poll(() => line.count()).toBe(0);
  await window.ask('Two');
  await expect.poll(() => page.locator('article .facts').count()).toBe(2);
  await expect.poll(() => line.count()).toBe(0);
});

test('nothing is fetched before a button that says so is pressed', async () => {
  const window = await alone({ partial: { 'internvl3-2b:Q4_K_M': 0.5 } });
  const { page } = window;
  await shop(page);
  await page.getByText('Nothing is fetched before you press Download').waitFor();
  await page
    .getByRole('combobox', { name: 'Quantization of SmolVLM2 500M' })
    .selectOption('smolvlm2-500m:F16');
  await page.getByRole('button', { name: 'Apache 2.0' }).first().click();
  await page.getByRole('tab', { name: 'On this machine' }).click();
  await page.keyboard.press('Escape');
  await window.openSample();
  await window.ask('What happens?');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  await expect.poll(() => started(window)).toEqual([]);
  expect(
    await window.double((double) => double.calls.filter((call) => /Download|remove/u.test(call))),
  ).toEqual([]);
});

test('the one that suits the machine comes first, with its reason, and each says how it fits', async () => {
  const { page } = await alone();
  await shop(page);
  const names = await page.getByRole('tabpanel').getByRole('heading').allTextContents();
  expect(names.map((name) => name.replaceAll(/\s+/gu, ' ').trim())[0]).toBe(
    'SmolVLM2 500M Best for this machine',
  );
  expect(names).toHaveLength(9);
  await entry(page, SMALL).getByText('The first words come within 10 seconds').waitFor();
  await entry(page, SMALL).getByText('Fits with every preset, 1.1 GB of 11 GB free memory').waitFor();
  const vicuna = entry(page, 'LLaVA 1.6 Vicuna 7B');
  await vicuna.getByText('Fast, Balanced: fits, 7.7 GB of 11 GB free').waitFor();
  await vicuna.getByText('Paper: tight, 8.9 GB of 11 GB free').waitFor();
  const numbers = await vicuna.locator('[title]').first().getAttribute('title');
  expect(numbers).toContain('Balanced: 7.7 GB (4.7 GB weights, 2.4 GB context, 536 MB working)');
});

test('the licence stands beside the button, and its link can be read and taken along', async () => {
  // That it was copied is said for a moment.
  const window = await open({ script: { has_only_embedded: true }, has_stopped_clock: true });
  const { page } = window;
  await shop(page);
  const small = entry(page, SMALL);
  const link = small.getByText('https://www.apache.org/licenses/LICENSE-2.0');
  await expect.poll(() => link.count()).toBe(0);
  await small.getByRole('button', { name: 'Apache 2.0' }).click();
  await link.waitFor();
  await small.getByRole('button', { name: 'Copy link' }).click();
  await small.getByText('Link copied').waitFor();
  expect(await window.double((double) => double.copied)).toEqual([
    'https://www.apache.org/licenses/LICENSE-2.0',
  ]);
});

test('another quantization is another size, another fit and another download', async () => {
  const window = await alone({ hold_at: 0 });
  const { page } = window;
  await shop(page);
  const vicuna = entry(page, 'LLaVA 1.6 Vicuna 7B');
  await vicuna.getByRole('combobox').selectOption('llava-1.6-vicuna-7b:Q8_0');
  await vicuna.getByText('Paper: too large, 12 GB needed, 11 GB free').waitFor();
  await vicuna.getByRole('button', { name: 'Download 7.8 GB' }).click();
  await vicuna.getByRole('progressbar').waitFor();
  await expect.poll(() => started(window)).toEqual(['startDownload llava-1.6-vicuna-7b:Q8_0']);
});

test('what does not fit names what does, and leads there; it can be fetched all the same', async () => {
  const { page } = await alone();
  await shop(page);
  const large = entry(page, 'LLaVA 1.6 Vicuna 13B');
  await large.getByText('Too large for this machine, 15 GB needed, 11 GB free').waitFor();
  await large.getByText('SmolVLM2 500M fits').waitFor();
  expect(await large.getByRole('button', { name: 'Download 8.5 GB' }).isEnabled()).toBe(true);
  await large.getByRole('button', { name: 'Show it' }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain(SMALL);
});

test('a download shows bytes, speed and time left, is paused, goes on from there, and loads by itself', async () => {
  const window = await alone({ hold_at: 0.4 });
  const { page } = window;
  await shop(page);
  await download(page).click();
  const small = entry(page, SMALL);
  await small.getByText('256 MB of 640 MB · 12 MB/s').waitFor();
  await small.getByText(/35 s left/u).waitFor();
  await expect.poll(() => small.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40');
  await small.getByRole('button', { name: 'Pause', exact: true }).click();
  await small.getByText('Paused · 256 MB of 640 MB').waitFor();
  expect(await window.double((double) => double.calls.at(-1))).toBe('pauseDownload smolvlm2-500m:Q8_0');
  await window.double((double) => void (double.script.download.hold_at = 0.6));
  await small.getByRole('button', { name: 'Resume' }).click();
  await small.getByText('384 MB of 640 MB').waitFor();
  await window.double((double) => void (double.script.download.hold_at = null));
  await small.getByText('In use').waitFor();
  await small.getByText('640 MB on disk').waitFor();
});

test('a server that does not answer is told of where the download is', async () => {
  const { page } = await alone({ hold_at: 0.4, is_retrying: true });
  await shop(page);
  await download(page).click();
  await entry(page, SMALL)
    .getByText('The server does not answer at the moment. It is asked again.')
    .waitFor();
});

const FAILURE = { code: 'disk-full', message: 'The disk is full', hint: 'Make 320 MB free.' } as const;

test('a download that stops says why, is heard, keeps what is here, and can be tried again', async () => {
  const window = await alone({ fail_fetch: FAILURE });
  const { page } = window;
  await shop(page);
  await download(page).click();
  const small = entry(page, SMALL);
  await small.getByText('The disk is full').waitFor();
  await small.getByText('Make 320 MB free.').waitFor();
  await small.getByText('320 MB of 640 MB').waitFor();
  const heard = page.getByRole('dialog').locator('[aria-live=polite]');
  await heard.getByText('The download of SmolVLM2 500M Q8_0 stopped. The disk is full').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'SmolVLM2 500M Q8_0: The download stopped' }).waitFor();
  const card = page.getByRole('region', { name: 'A model that knows more' });
  await card.getByText('The download stopped: The disk is full').waitFor();
  await window.double((double) => void (double.script.download.fail_fetch = null));
  await card.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('button', { name: /^Model and device: SmolVLM2 500M/u }).waitFor();
});

test('a download that is refused at once says so in its place', async () => {
  const { page } = await open({
    script: {
      has_only_embedded: true,
      download: {
        fail_start: {
          code: 'unknown',
          message: 'The network is switched off',
          hint: 'Unset HF_HUB_OFFLINE.',
        },
      } as DownloadScript,
    },
  });
  await shop(page);
  await download(page).click();
  await entry(page, SMALL).getByText('The network is switched off').waitFor();
  await entry(page, SMALL).getByText('Unset HF_HUB_OFFLINE.').waitFor();
  await entry(page, SMALL).getByRole('button', { name: 'Try again' }).waitFor();
});

test('a model that has no pair is checked and converted in sight, and is ready after that', async () => {
  const window = await alone({ hold_converting_at: 0.64 });
  await window.hold('verify');
  const { page } = window;
  await shop(page);
  const converted = entry(page, 'LLaVA-OneVision 0.5B');
  await converted.getByText('Converted on this machine after the download').waitFor();
  await download(page, 'LLaVA-OneVision 0.5B').click();
  await converted.getByText('Checking the files').waitFor();
  await window.go('verify');
  await converted.getByText('Converting · 64% · 35 s left').waitFor();
  await window.double((double) => void (double.script.download.hold_converting_at = null));
  await converted.getByText('In use').waitFor();
});

test('a part of an earlier run goes on where it was', async () => {
  const window = await alone({ hold_at: 0.9, partial: { 'smolvlm2-500m:Q8_0': 0.5 } });
  const { page } = window;
  const card = page.getByRole('region', { name: 'A model that knows more' });
  await card.getByText('Paused · 320 MB of 640 MB').waitFor();
  await card.getByRole('button', { name: 'Resume' }).click();
  await card.getByText('576 MB of 640 MB').waitFor();
});

test('what is here of a download is removed only once that is agreed to', async () => {
  const window = await alone({ hold_at: 0.4 });
  const { page } = window;
  await shop(page);
  await download(page).click();
  const small = entry(page, SMALL);
  await small.getByText('256 MB of 640 MB').waitFor();
  await small.getByRole('button', { name: 'Remove what is here' }).click();
  await small.getByText('Remove 256 MB?').waitFor();
  await small.getByRole('button', { name: 'Keep' }).click();
  await small.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe('Remove what is here');
  await page.keyboard.press('Enter');
  await small.getByRole('button', { name: 'Remove', exact: true }).click();
  await small.getByRole('button', { name: 'Download 640 MB' }).waitFor();
  const calls = await window.double((double) => double.calls.filter((call) => call.startsWith('discard')));
  expect(calls).toEqual(['discardDownload smolvlm2-500m:Q8_0']);
});

test('a model is removed only once that is agreed to; the embedded one takes its place', async () => {
  const window = await alone();
  const { page } = window;
  await shop(page);
  await download(page).click();
  await entry(page, SMALL).getByText('In use').waitFor();
  await page.getByRole('tab', { name: 'On this machine' }).click();
  const here = page.getByRole('listitem').filter({ hasText: SMALL });
  await here.getByText('downloaded', { exact: true }).waitFor();
  await here.getByText('640 MB on disk').waitFor();
  await here.getByRole('button', { name: 'Remove files of SmolVLM2 500M Q8_0' }).click();
  await here.getByText('Remove 640 MB?').waitFor();
  await here.getByRole('button', { name: 'Keep' }).click();
  await here.getByText('In use').waitFor();
  expect(await window.double((double) => double.calls.some((call) => call.startsWith('removeModel')))).toBe(
    false,
  );
  await here.getByRole('button', { name: 'Remove files of SmolVLM2 500M Q8_0' }).click();
  await here.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect.poll(() => here.count()).toBe(0);
  await page.getByRole('listitem').filter({ hasText: 'nano' }).getByText('In use').waitFor();
  const heard = page.getByRole('dialog').locator('[aria-live=polite]');
  await heard.getByText('SmolVLM2 500M Q8_0 is removed; 640 MB are free again').waitFor();
  await page.getByRole('tab', { name: 'Get a model' }).click();
  await download(page).waitFor();
});

test('models say where they were found, and only fetched ones can be removed', async () => {
  const { page } = await open();
  await page.getByRole('button', { name: /^Model and device/u }).click();
  const found = page.getByRole('listitem').filter({ hasText: 'LLaVA 1.6 34B' });
  await found.getByText('LM Studio').waitFor();
  await expect.poll(() => page.getByRole('button', { name: /^Remove/u }).count()).toBe(0);
});

test('the download goes on while one watches and asks, and the bar shows how far it is', async () => {
  const window = await alone({ hold_at: 0.4 });
  const { page } = window;
  await shop(page);
  await download(page).click();
  await page.getByText('You can close this and go on watching').waitFor();
  await page.keyboard.press('Escape');
  await window.openSample();
  const progress = page.getByRole('button', { name: /^SmolVLM2 500M Q8_0: Downloading, 40%, 3\d s left$/u });
  await progress.waitFor();
  await window.ask('What happens?');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  await progress.click();
  await entry(page, SMALL).getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await window.double((double) => void (double.script.download.hold_at = null));
  await page.getByText('SmolVLM2 500M Q8_0 is downloaded').first().waitFor();
  await page.getByRole('button', { name: /^Model and device: SmolVLM2 500M/u }).waitFor();
  await expect.poll(() => progress.count()).toBe(0);
});

test('by key alone: the focus stays where the download is, and goes back to where the sheet was opened', async () => {
  const window = await alone({ hold_at: 0.4 });
  const { page } = window;
  const focused = () => page.evaluate(() => document.activeElement?.textContent.trim());
  await page.getByRole('button', { name: 'Get a model' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(focused).toContain('Nothing is fetched');
  await page.keyboard.press('Tab');
  await expect.poll(() => focused()).toBe('Download 640 MB');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('Pause');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('Resume');
  await page.keyboard.press('Escape');
  // The button that opened the sheet is another by now: what stands in its place.
  await expect.poll(focused).toBe('Resume');
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await page.getByRole('tab', { name: 'On this machine' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => focused()).toBe('Get a model');
  await entry(page, SMALL).getByRole('button', { name: 'Resume' }).waitFor();
});

test('a list that cannot be read says why', async () => {
  const window = await alone();
  const { page } = window;
  await window.double((double) =>
    Object.assign(double, {
      catalogue: async () => {
        throw { code: 'unknown', message: 'more.toml, line 3: no such family', hint: 'Correct the line.' };
      },
    }),
  );
  await page.getByRole('button', { name: 'Get a model' }).click();
  await page.getByText('more.toml, line 3: no such family').waitFor();
  await page.getByText('Correct the line.').waitFor();
});

test('where the built-in model only repeats itself stands the way to one that can answer', async () => {
  const window = await open({
    script: { has_only_embedded: true, answer: 'white '.repeat(32), ending: 'repetition' },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('What is on the stove?');
  const line = page.getByRole('region', { name: 'A model that knows more' });
  await line.getByText(/^nano knows moving shapes only.*SmolVLM2 500M, 640 MB\.$/u).waitFor();
  await expect.poll(() => line.count()).toBe(1);
  await expect.poll(() => page.locator('article .words:visible').count()).toBe(0);
  await page.getByText('Show what it said').click();
  expect((await page.locator('article .words').textContent())?.trim()).toBe('white');
  await line.getByRole('button', { name: 'Get a model that can' }).click();
  await entry(page, SMALL).waitFor();
});

test('another model that repeats itself is shown once, and said so', async () => {
  const window = await open({
    model: 'large',
    script: { answer: `A kitchen. ${'white '.repeat(32)}`, ending: 'repetition' },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('What is on the stove?');
  await page.getByText('It only repeated itself from here on, and was stopped.').waitFor();
  expect((await page.locator('article .words').textContent())?.trim()).toBe('A kitchen. white');
});

test('of a clip that the built-in model cannot know it suggests nothing, and a model that can comes first', async () => {
  const window = await open({ recents: '1', script: { has_only_embedded: true } });
  const { page } = window;
  await page
    .getByRole('button', { name: /Kitchen, take 4/u })
    .first()
    .click();
  await page.locator('.picture[data-exact=true]').waitFor();
  const line = page.getByRole('region', { name: 'A model that knows more' });
  await line.getByText(/^nano knows moving shapes only/u).waitFor();
  await expect.poll(() => page.locator('.suggestion').count()).toBe(0);
  await line.getByRole('button', { name: 'Get a model that can' }).click();
  await entry(page, SMALL).waitFor();
});

test('models of one name are told apart, and a listed one can be taken off the list', async () => {
  const window = await open();
  const { page } = window;
  await page.getByRole('button', { name: /^Model and device/u }).click();
  const vicuna = page.getByRole('listitem').filter({ hasText: 'Vicuna 7B' });
  await vicuna.getByText('6.7 B parameters · 4.7 GB on disk · in models/vicuna').waitFor();
  await expect.poll(() => page.getByRole('button', { name: /^Remove/u }).count()).toBe(0);
  await page.getByRole('button', { name: 'Take LLaVA 1.6 Vicuna 7B Q4_K_M off the list' }).click();
  await expect.poll(() => vicuna.count()).toBe(0);
  // One that was found there, or is built in, has nothing to be taken off.
  await expect.poll(() => page.getByRole('button', { name: /off the list$/u }).count()).toBe(0);
});

test('what is no model is not listed: it is said why, and what to do', async () => {
  const window = await open();
  const { page } = window;
  await window.double(
    (double) =>
      void (double.script.picked = (double.constructor as typeof import('../double/backend').Double).wrong),
  );
  await page.getByRole('button', { name: /^Model and device/u }).click();
  const entries = page.getByRole('dialog').getByRole('listitem');
  const count = await entries.count();
  await page.getByRole('button', { name: 'Add two files…' }).click();
  const told = page.getByRole('alert');
  await told.getByText('The two files belong to different models').waitFor();
  await expect.poll(() => entries.count()).toBe(count);
  await told.getByRole('button', { name: 'Dismiss' }).click();
  await expect.poll(() => told.count()).toBe(0);
});

test('a model that is dropped on the window is loaded; files that are none say why, and lead to the models', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await window.double((double) => {
    const { wrong } = double.constructor as typeof import('../double/backend').Double;
    double.emit({ kind: 'model-given', model: wrong });
  });
  const told = page.getByRole('alert');
  await told.getByText('The two files belong to different models').waitFor();
  await told.getByText('mistral-7b-instruct.Q4_K_M.gguf + mmproj-vicuna13b-f16.gguf').first().waitFor();
  await told.getByRole('button', { name: 'Choose other files…' }).click();
  await page.getByRole('dialog', { name: 'Model and device' }).waitFor();
  await page.keyboard.press('Escape');
  await window.double((double) => {
    const given = double.models().then((all) => all.find((one) => one.id === 'vicuna')!);
    void given.then((model) => double.emit({ kind: 'model-given', model }));
  });
  await page.getByRole('button', { name: /^Model and device: LLaVA 1\.6 Vicuna 7B/u }).waitFor();
  // The video stays where it is.
  await page.locator('.picture[data-exact=true]').waitFor();
});
