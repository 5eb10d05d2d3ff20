import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();
/** An answer that stops after its first word. */
const SLOW = { answer: 'one two three four five six seven eight', holds: { word: 1 } };
const KITCHEN = 'Kitchen, take 4.mov';

const questions = (page: Page) => page.locator('.question p').allTextContents();
const list = (page: Page) => page.getByRole('button', { name: /^Conversations about this video/u });
const elsewhere = (page: Page) => page.getByRole('button', { name: /^1 answer is on its way, about/u });
const kitchen = (page: Page) => page.getByRole('button', { name: new RegExp(`^\\S*.*${KITCHEN}`, 'u') });

test('a conversation owns its running work: another one is empty, and nothing jumps into it', async () => {
  const window = await open({ script: SLOW });
  await window.openSample();
  const { page } = window;
  await window.ask('In the first');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => questions(page)).toEqual([]);
  await elsewhere(page).waitFor();
  await window.ask('In the second');
  await page.getByRole('article').getByText('Waiting for its turn').waitFor();
  expect(await questions(page)).toEqual(['In the second']);
  await list(page).click();
  const rows = page.getByRole('dialog', { name: 'Conversations about this video' }).getByRole('listitem');
  await expect
    .poll(() => rows.allInnerTexts())
    .toEqual([
      expect.stringMatching(/^In the second\s+Today · 1 question · Answering$/u),
      expect.stringMatching(/^In the first\s+Today · 1 question · Answering$/u),
    ]);

  // Back in the first: its question stands there once, with what was said meanwhile.
  await rows.nth(1).locator('[data-chat]').click();
  await expect.poll(() => questions(page)).toEqual(['In the first']);
  await page.locator('.answer', { hasText: /^\s*one\s*$/u }).waitFor();
  await window.go('word', 1);
  await page.locator('.answer', { hasText: /^\s*one two\s*$/u }).waitFor();
  await window.go('word');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  expect(await questions(page)).toEqual(['In the first']);
  const kept = await window.double((double) =>
    double.kept.map((chat) => chat.turns.map((turn) => turn.question)),
  );
  expect(kept).toEqual([['In the first'], ['In the second']]);
});

test('an answer is marked on the whole screen, and on the first page there', async () => {
  const window = await open({ recents: '1', script: SLOW });
  await window.openSample();
  const { page } = window;
  await window.ask('About the shapes');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.locator('.workspace').focus();
  await page.keyboard.press('f');
  await page.getByRole('button', { name: 'Leave full screen' }).waitFor();
  await elsewhere(page).waitFor();
  // Escape takes the screen back, and not the answer that cannot be seen.
  await page.keyboard.press('Escape');
  await page.locator('article[aria-busy=true] .answer').waitFor();
  expect(await elsewhere(page).count()).toBe(0);
  await page.locator('.workspace').focus();
  await page.keyboard.press('f');
  await elsewhere(page).waitFor();
  await window.double((double) => double.emit({ kind: 'command', command: 'go-start' }));
  await page.getByRole('listitem').filter({ hasText: 'Answering' }).waitFor();
  await elsewhere(page).click();
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await expect.poll(() => window.double((double) => double.calls)).toContain('setFullScreen false');
});

test('an answer goes on while another video is open, is marked everywhere, and says when it is there', async () => {
  const window = await open({ recents: '1', script: SLOW, has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await window.ask('About the shapes');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.getByRole('button', { name: 'Show all videos' }).click();
  await page.getByRole('listitem').filter({ hasText: 'Answering' }).waitFor();
  await kitchen(page).first().click();
  await page.getByRole('heading', { name: KITCHEN }).waitFor();
  await elsewhere(page).waitFor();
  await expect.poll(() => questions(page)).toEqual([]);

  await window.go('word');
  const notice = page.locator('.notice');
  await notice.getByText(/^Answer ready: .*\.mp4$/u).waitFor();
  await expect.poll(() => elsewhere(page).count()).toBe(0);
  await notice.getByRole('button', { name: 'Show' }).click();
  await page.locator('.words', { hasText: 'one two three four five six seven eight' }).waitFor();
  expect(await questions(page)).toEqual(['About the shapes']);
  await expect.poll(() => page.getByText('Stopped').count()).toBe(0);
});

test('an answer that nobody has looked at yet is marked until somebody does', async () => {
  const window = await open({ recents: '1', script: SLOW });
  await window.openSample();
  const { page } = window;
  await window.ask('About the shapes');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.getByRole('button', { name: 'Show all videos' }).click();
  await kitchen(page).first().waitFor();
  await window.go('word');
  const marked = page.getByRole('listitem').filter({ hasText: 'New answer' });
  await marked.getByText('About the shapes').waitFor();
  await marked.getByRole('button').first().click();
  await page.locator('.words', { hasText: 'eight' }).waitFor();
  await page.getByRole('button', { name: 'Show all videos' }).click();
  await kitchen(page).first().waitFor();
  await expect.poll(() => marked.count()).toBe(0);
});

test('stop is for what is on screen; what is forgotten is stopped', async () => {
  const window = await open({ recents: '1', script: SLOW });
  await window.openSample();
  const { page } = window;
  await window.ask('In the background');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => questions(page)).toEqual([]);
  await window.ask('On screen');
  await page.getByRole('article').getByText('Waiting for its turn').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Stopped').waitFor();
  await elsewhere(page).waitFor();
  await page.getByRole('button', { name: 'Show all videos' }).click();
  const busy = page.getByRole('listitem').filter({ hasText: 'Answering' });
  await busy.getByRole('button', { name: /^Forget/u }).click({ force: true });
  await page.getByRole('button', { name: 'Forget this video' }).click();
  await expect.poll(() => elsewhere(page).count()).toBe(0);
  await expect.poll(() => busy.count()).toBe(0);
});

test('a question that could not even begin keeps its words, and can be asked again', async () => {
  const window = await open({ script: { answer: 'ok' } });
  await window.openSample();
  const { page } = window;
  await window.ask('One');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
  await window.double((double) => {
    const { ask } = double;
    double.ask = () => {
      double.ask = ask;
      return Promise.reject({ code: 'disk-full', message: 'The disk is full', hint: null });
    };
  });
  await window.ask('Two');
  await page.getByText('The disk is full').first().waitFor();
  await page.getByRole('button', { name: 'Answer again' }).last().click();
  await expect.poll(() => page.locator('.words').allTextContents()).toEqual(['ok', 'ok']);
  expect(await questions(page)).toEqual(['One', 'Two']);
});
