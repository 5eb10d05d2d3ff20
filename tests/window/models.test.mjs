// From a first start to an answer of a model that was fetched: from a hub on the loopback, over HTTP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { App, Home, built_example, root, sample } from './app.mjs';
import { missing } from './needs.mjs';
import { until } from './webdriver.mjs';

const skip = missing();
const weights = join(root, 'models', 'nano', 'weights');
const NAME = 'Mini 1M';
const LANGUAGE = 'mini-Q8_0.gguf';
const PROJECTOR = 'mmproj-mini-f16.gguf';

/** The embedded model's file under another name: one that is as small answers as quickly. */
function renamed(file) {
  const bytes = readFileSync(file);
  const key = bytes.indexOf('general.name');
  const value = bytes.indexOf('nano', key);
  assert.ok(key > 0 && value > key && value - key < 40, 'the name is where it was');
  bytes.write('mini', value);
  return bytes;
}

/** A hub with one repository, and a catalogue in `home` whose best model is there. */
async function hub(home, bytes_per_sec) {
  const folder = join(home.folder, 'hub', 'tests', 'mini');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, LANGUAGE), renamed(join(weights, 'nano.gguf')));
  copyFileSync(join(weights, 'nano-mmproj.gguf'), join(folder, PROJECTOR));
  const size = (name) => statSync(join(folder, name)).size;
  const file = (part, path) => `{ part = "${part}", repository = "tests/mini", path = "${path}", size = ${size(path)} }`;
  mkdirSync(join(home.folder, 'config', 'videre'), { recursive: true });
  writeFileSync(
    join(home.folder, 'config', 'videre', 'catalogue.toml'),
    `[[model]]
id = "mini"
name = "${NAME}"
family = "LLaVA"
good_for = "moving shapes, from a hub"
quality = 9
licence = { name = "MIT", link = "https://opensource.org/license/mit" }
context = 2048
tokens_a_frame = 36
tower = { side_px = 96, patch_px = 16, layers = 4, width = 192, feed_forward = 768 }
language = { layers = 4, width = 192, heads = 6, kv_heads = 2, head_dim = 32, feed_forward = 512, vocabulary = 512 }

[[model.variant]]
quantization = "Q8_0"
files = [ ${file('language', LANGUAGE)}, ${file('projector', PROJECTOR)} ]
`,
  );
  const child = spawn(built_example('local_hub'), [join(home.folder, 'hub'), '--away', '--speed', String(bytes_per_sec)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve([line]));
    child.once('exit', () => reject(new Error('the hub did not start')));
  });
  home.environment.HF_ENDPOINT = line.replace('HF_ENDPOINT=', '');
  home.environment.HF_HOME = join(home.folder, 'hf');
  delete home.environment.HF_TOKEN;
  return child;
}

const ID = 'mini:Q8_0';
const entry = `[data-variants~="${ID}"]`;

/** Clicks the first button that says this, as a user would; one that is just being drawn anew is looked for again. */
async function clickButton(app, label, within = '') {
  const scope = within === '' ? '' : `//*[contains(concat(' ', @data-variants, ' '), ' ${within} ')]`;
  const value = `${scope}//button[contains(normalize-space(.), '${label}') and not(@disabled)]`;
  await until(`a button “${label}”`, async () => {
    const [found] = await app.session.send('POST', '/elements', { using: 'xpath', value });
    if (found === undefined) return false;
    const click = app.session.send('POST', `/element/${Object.values(found)[0]}/click`, {});
    return click.then(() => true, () => false);
  });
}

describe('a first start with no model but the embedded one', { skip, timeout: 300_000 }, () => {
  let home;
  let app;
  let server;

  before(async () => {
    home = new Home();
    server = await hub(home, 500_000);
    copyFileSync(sample, join(home.folder, 'clip.mp4'));
    app = await App.start(home, [join(home.folder, 'clip.mp4')]);
    await app.watchPolicy();
  });

  after(async () => {
    await app?.close();
    server?.kill();
    home?.remove();
  });

  test('two clicks fetch the model that suits the machine, while the video is there', async () => {
    await app.untilText('clip.mp4');
    await app.ask('What do you see?');
    await app.answered(1);
    await clickButton(app, 'Get a model');
    const offered = await until('the catalogue', () => app.session.run((css) => document.querySelector(css)?.innerText, entry));
    assert.ok(offered.includes(NAME) && offered.includes('MIT'), `name and licence are there before anything is fetched: ${offered}`);
    const first = await app.session.run(() => document.querySelector('[data-variants]').dataset.variants);
    assert.equal(first, 'mini:Q8_0', 'what suits best comes first');
    await clickButton(app, 'Download', ID);
    await until('bytes that come', () => app.session.run((css) => /\d/u.test(document.querySelector(`${css} progress, ${css} [role=progressbar]`)?.outerHTML ?? ''), entry));
  });

  test('a download that is paused, and the program closed, goes on where it stopped', async () => {
    await clickButton(app, 'Pause', ID);
    await until('the way to go on', () => app.session.run((css) => document.querySelector(css)?.innerText.includes('Resume'), entry));
    await app.close();
    const parts = readdirSync(join(home.folder, 'hf', 'hub', 'models--tests--mini', 'blobs'));
    assert.ok(parts.some((name) => name.endsWith('.incomplete')), `a part stays: ${parts}`);
    assert.ok(parts.every((name) => name.includes('.incomplete')), `nothing has its final name: ${parts}`);
    app = await App.start(home, [join(home.folder, 'clip.mp4')]);
    await app.watchPolicy();
    await app.untilText('clip.mp4');
    await clickButton(app, 'Resume');
    await until('the model that was fetched in the bar', () => app.session.run((name) => document.querySelector('header, .bar')?.innerText.includes(name), NAME), 120_000);
  });

  test('the model that was fetched answers', async () => {
    await app.ask('What do you see?');
    await app.answered(await app.session.run(() => document.querySelectorAll('article').length));
    const said = await app.text('article.last .words');
    assert.ok(said.length > 10, `an answer: ${said}`);
    assert.deepEqual(await app.violations(), []);
  });
});
