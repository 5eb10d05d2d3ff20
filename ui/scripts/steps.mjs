// How the states of the window are got to on the test double.
export const script = (changes) => ({ script: JSON.stringify(changes) });
export const settings = (changes) => ({ settings: JSON.stringify(changes) });
export const large = { model: 'large' };
export const sees = settings({ shows_sees: true, knows_embedded: true });

export const begin = (page) => page.getByRole('button', { name: 'Try the sample' }).click();
export const open = async (page) => {
  await begin(page);
  await page.locator('.picture[data-exact=true]').waitFor();
  await page.locator('.frame', { hasText: /^\s*Frame \d/u }).waitFor();
};
/** The same with what the model gets of it, in its panel. */
export const openSeen = async (page) => {
  await open(page);
  await page.locator('[data-mark]').first().waitFor();
  await page.locator('.sees canvas.there').first().waitFor();
};
/** Into the field; in a narrow window the conversation is opened for it. */
export const write = async (page, words) => {
  await page.locator('[data-question]').waitFor({ state: 'attached' });
  const conversation = page.locator('[aria-label=Conversation][aria-pressed=false]');
  if (await conversation.isVisible()) await conversation.click();
  await page.locator('[data-question]').fill(words);
};
export const ask = async (page, words) => {
  await write(page, words);
  await page.keyboard.press('Enter');
};
export const emit = (page, event) => page.evaluate((told) => window.double.emit(told), event);
export const alone = (download = {}, more = {}) => script({ has_only_embedded: true, download, ...more });
export const shop = async (page) => {
  await page.locator('button.model').click();
  await page.getByRole('tab', { name: 'Get a model' }).click();
};
export const entry = (page, name) => page.getByRole('group', { name, exact: false });
export const fetch = (page, name = 'SmolVLM2 500M') =>
  entry(page, name)
    .getByRole('button', { name: /^Download/u })
    .click();
/** The same until something can be done with what is here of it. */
export const fetching = async (page) => {
  await fetch(page);
  await entry(page, 'SmolVLM2 500M').getByRole('button', { name: 'Pause', exact: true }).waitFor();
};
/** A question that the embedded model cannot answer, and its answer. */
export const wonder = async (page) => {
  await open(page);
  await page.locator('[data-mark]').first().waitFor();
  await ask(page, 'What is the cook doing?');
  await answered(page);
};
export const shapes = { answer: 'A red star and a green circle.' };
export const cut = {
  code: 'unknown',
  message: 'huggingface.co did not answer for 2 minutes',
  hint: 'Check the connection. What is here stays, and the download goes on from there.',
};
export const answered = (page) => page.locator('.facts').first().waitFor();

export const story =
  'The clip shows three shapes on a dark background.\n\n1. At 0:01 the **green circle** enters on the left and starts to move.\n2. At 0:04 the **star** turns from red to blue.\n3. The yellow ring stays where it is until the end at 0:06.6.';
