import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();
/** The first question is held until it is stopped, and the others wait for it. */
const HELD = { answer: 'ok', encode_ms: 3_600_000 };

const field = (page: Page) => page.locator('[data-question]');
const written = (page: Page) => field(page).inputValue();
const editor = (page: Page) => page.getByRole('textbox', { name: 'Edit and ask again' });
const pencil = (page: Page, at: number) =>
  page.getByRole('article').nth(at).getByRole('button', { name: 'Edit and ask again' });
const questions = (page: Page) => page.locator('.question p').allTextContents();
const toStart = (page: Page) => page.getByRole('button', { name: 'Show all videos' }).click();
const fromStart = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ hasText: name }).getByRole('button').first().click();

async function show(page: Page, title: string) {
  await page.getByRole('button', { name: /^Conversations about this video/u }).click();
  await page.getByRole('dialog').locator('[data-chat]', { hasText: title }).click();
}

test('words that were not asked are there again in their conversation and their video', async () => {
  const window = await open({ recents: '1', script: { answer: 'ok' } });
  await window.openSample();
  const { page } = window;
  await window.ask('One');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
  await field(page).fill('Which? A) The circle B) The star');
  await page.getByLabel('Ask as an open question').check();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => written(page)).toBe('');
  await field(page).fill('Something new');

  await toStart(page);
  await fromStart(page, 'Kitchen');
  await page.getByRole('heading', { name: /Kitchen/u }).waitFor();
  await page.locator('.empty').waitFor();
  expect(await written(page)).toBe('');
  await field(page).fill('About the kitchen');

  await toStart(page);
  await fromStart(page, 'sample.mp4');
  await expect.poll(() => written(page)).toBe('Something new');
  expect(await questions(page)).toEqual([]);
  await show(page, 'One');
  await expect.poll(() => written(page)).toBe('Which? A) The circle B) The star');
  expect(await page.getByLabel('Ask as an open question').isChecked()).toBe(true);

  await toStart(page);
  await fromStart(page, 'Kitchen');
  await expect.poll(() => written(page)).toBe('About the kitchen');
  // What is asked is no longer a draft.
  await field(page).press('Enter');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => questions(page)).toEqual([]);
  expect(await written(page)).toBe('');
});

test('a question that was being changed is found so again, and nothing takes the focus', async () => {
  const window = await open({ recents: '1', script: { answer: 'ok' } });
  await window.openSample();
  const { page } = window;
  await window.ask('One');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
  await pencil(page, 0).click();
  await editor(page).fill('One, or rather two');
  await toStart(page);
  await fromStart(page, 'sample.mp4');
  await expect.poll(() => editor(page).inputValue()).toBe('One, or rather two');
  expect(await editor(page).evaluate((one) => one === document.activeElement)).toBe(false);

  // Put away by key, it is as it was, and the focus is where it was pressed.
  await editor(page).focus();
  await page.keyboard.press('Escape');
  await expect.poll(() => questions(page)).toEqual(['One']);
  await expect.poll(() => pencil(page, 0).evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  expect(await editor(page).inputValue()).toBe('One');
});

test('a question that waits is changed in its place, and leaves no version that says nothing', async () => {
  const window = await open({ script: HELD });
  await window.openSample();
  const { page } = window;
  for (const words of ['First', 'Second', 'Third']) await window.ask(words);
  await expect.poll(() => questions(page)).toEqual(['First', 'Second', 'Third']);
  await field(page).fill('Not asked yet');

  await pencil(page, 1).click();
  await editor(page).fill('Second, changed');
  await page.getByRole('button', { name: 'Ask this instead' }).click();
  await expect.poll(() => questions(page)).toEqual(['First', 'Second, changed', 'Third']);
  expect(await field(page).evaluate((one) => one === document.activeElement)).toBe(true);

  // The first one as well, which has begun and has not said anything.
  await pencil(page, 0).click();
  await editor(page).fill('First, changed');
  await window.double((double) => void (double.script.encode_ms = 0));
  await editor(page).press('Enter');
  const wanted = ['First, changed', 'Second, changed', 'Third'];
  await expect.poll(() => questions(page)).toEqual(wanted);
  await expect.poll(() => page.locator('.words').allTextContents()).toEqual(['ok', 'ok', 'ok']);
  expect(await page.getByText('Stopped').count()).toBe(0);
  expect(await page.getByRole('group', { name: 'Versions of this question' }).count()).toBe(0);
  expect(await written(page)).toBe('Not asked yet');
  const kept = await window.double((double) => double.kept[0]?.turns.map((turn) => turn.question));
  expect(kept).toEqual(wanted);
});

test('what a question got to hear stays a version of it when it is changed while it is answered', async () => {
  // It says no more than its first word until it is stopped.
  const window = await open({ script: { answer: 'one more', holds: { word: 1 } } });
  await window.openSample();
  const { page } = window;
  await window.ask('Count');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await page.getByRole('article').hover();
  await pencil(page, 0).click();
  await editor(page).fill('Count on');
  await window.double((double) => void (double.script.answer = 'one two three'));
  await editor(page).press('Enter');
  await window.go('word');
  await page.locator('.words', { hasText: 'one two three' }).waitFor();
  const versions = page.getByRole('group', { name: 'Versions of this question' });
  await versions.getByText('2/2', { exact: true }).waitFor();
  await versions.getByRole('button', { name: 'The version before' }).click();
  await page.getByText('Stopped').waitFor();
  expect(await questions(page)).toEqual(['Count']);
});
