// The real window, driven from outside, one story after the other in the order that a user might live them.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { App, Home, built_example, sample, tree } from './app.mjs';
import { listening } from './sockets.mjs';
import { missing } from './needs.mjs';
import { difference, enginePictures } from './pictures.mjs';
import { wakes } from './wakes.mjs';
import { KEY, sleep, until } from './webdriver.mjs';

const skip = missing();
if (skip) console.log(`skipped: ${skip}`);

// Waiting is long where the machine does something else: the model works at a lower priority than all of that.
describe('the window', { skip, timeout: 480_000 }, () => {
  let home;
  let app;
  const inHome = (name) => join(home.folder, name);

  before(async () => {
    home = new Home();
    copyFileSync(sample, inHome('first clip.mp4'));
    // Another content, so that it is another video.
    execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-t', '3', '-c', 'copy', '-y', inHome('dropped.mp4')]);
    writeFileSync(inHome('broken.mp4'), 'This is no video.\n'.repeat(100));
    app = await App.start(home, [inHome('first clip.mp4')]);
  });

  after(async () => {
    await app?.close();
    home?.remove();
  });

  test('a file given as an argument opens', async () => {
    await app.untilText('first clip.mp4');
    await app.untilFrame(0);
    await app.watchPolicy();
  });

  test('dragging along the timeline shows the frame under the pointer, pixel for pixel the engine’s', async () => {
    const ruler = await app.box('.ruler');
    const y = ruler.y + ruler.height / 2;
    const at = (part) => [ruler.x + ruler.width * part, y];
    await app.session.drag([at(0.05), at(0.2), at(0.45), at(0.61)]);
    const index = await until('the frame where the pointer was let go', async () => {
      const shown = await app.shownFrame();
      return shown > 100 && shown < 112 ? shown : null;
    });
    const { width, height, rgba } = await app.painted();
    const around = [index - 4, index - 2, index, index + 2, index + 4];
    const pictures = enginePictures(sample, around, width, height);
    const off = around.map((one) => difference(rgba, pictures.get(one)));
    assert.ok(off[2] < 4, `what is painted is off by ${off[2].toFixed(2)} of 255`);
    assert.equal(Math.min(...off), off[2], `no other frame is as near: ${off.map((one) => one.toFixed(2))}`);
  });

  test('steps show the very next frame', async () => {
    const from = await app.shownFrame();
    await app.session.press('.');
    await app.untilFrame(from + 1);
    await app.session.press(',', ',');
    await app.untilFrame(from - 1);
  });

  test('a question about a range is answered, streamed, from frames of the range', async () => {
    await app.session.press('g');
    await app.session.type('dialog input', `#50${KEY.Enter}`);
    await app.untilFrame(50);
    await app.session.press('i');
    await app.session.press('g');
    await app.session.type('dialog input', `#120${KEY.Enter}`);
    await app.untilFrame(120);
    await app.session.press('o');
    await app.watchGrowing();
    await app.ask('What do you see?');
    await app.answered(1);
    const said = await app.text('article .words');
    assert.ok(said.length > 10, `an answer: ${said}`);
    const grown = await app.grown();
    assert.ok(grown.length >= 2 && said.startsWith(grown[0]), `the answer came piece by piece: ${JSON.stringify(grown)}`);
    await app.session.click('article .facts');
    const frames = await app.session.run(() => [...document.querySelectorAll('article .evidence .frames button')].map((one) => Number(one.title.replace(/\D/gu, ''))));
    assert.ok(frames.length > 0, 'the answer says which frames it is from');
    assert.ok(frames.every((one) => one >= 50 && one <= 120), `frames of the range: ${frames}`);
    await app.session.press('x');
  });

  test('an answer that is stopped keeps what was said, and can be asked for again', async () => {
    await app.ask('Describe the video.');
    const model = app.worker('model');
    await app.inMidAnswer(model);
    const before = await app.text('article[aria-busy=true] .answer');
    process.kill(model, 'SIGSTOP');
    await app.session.press(KEY.Escape);
    process.kill(model, 'SIGCONT');
    await app.untilText('Stopped');
    const kept = await app.text('article.last .words');
    assert.ok(kept.startsWith(before.trim()), `${kept} begins with ${before}`);
    await app.session.click('article.last [aria-label="Answer again"]');
    await app.answered(2);
    const whole = await app.text('article.last .words');
    assert.ok(whole.startsWith(kept) && whole.length > kept.length, `${whole} goes on after ${kept}`);
  });

  test('the model killed in mid-answer is reported, and the question answered after all', async () => {
    await app.ask('What moves?');
    const model = app.worker('model');
    await app.inMidAnswer(model);
    process.kill(model, 'SIGKILL');
    await app.untilText('the system killed it');
    await app.session.click('article.last [aria-label="Answer again"]');
    await app.answered(3);
    assert.notEqual(app.worker('model'), model, 'by another process');
  });

  test('the video reader killed in mid-answer harms neither the picture nor the chat', async () => {
    await app.leaveField();
    await app.session.press('e');
    const media = app.worker('media');
    const model = app.worker('model');
    process.kill(media, 'SIGSTOP');
    await app.session.press('a');
    await app.ask('What is on screen?');
    await app.untilBusy();
    process.kill(media, 'SIGKILL');
    await app.answered(4);
    assert.equal(app.worker('model'), model, 'the model went on');
    await app.leaveField();
    await app.session.press(KEY.Home);
    await app.untilFrame(0);
    await app.session.press('.');
    await app.untilFrame(1);
  });

  test('a file dropped from another program opens', async () => {
    const source = spawn(built_example('drag_source'), [inHome('dropped.mp4')], { stdio: 'inherit' });
    try {
      await app.dragFrom('Drag from here');
      await app.untilText('dropped.mp4');
      await app.untilFrame(0);
    } finally {
      source.kill();
    }
  });

  test('a second start hands its file to the window that is there, and a broken one is explained', async () => {
    const second = await app.startAgain([inHome('broken.mp4')]);
    assert.equal(second, 0, 'the second start ends by itself');
    await app.untilText('broken.mp4 could not be opened');
    const problem = await app.text('.notice');
    assert.match(problem, /broken\.mp4/u);
    assert.match(problem, /no video|not a video|cannot be read|format/iu);
    await app.session.press(KEY.Escape);
  });

  test('nothing leads the window away from its page', async () => {
    for (const address of ['https://example.com/', 'file:///etc/hostname', 'about:blank', 'data:text/html,elsewhere']) {
      const before = await app.session.run((address) => {
        const link = Object.assign(document.createElement('a'), { href: address });
        document.body.append(link);
        link.click();
        link.remove();
        location.assign(address);
        return location.href;
      }, address);
      await sleep(300);
      assert.equal(await app.session.run(() => location.href), before, address);
    }
    assert.ok(await app.session.run(() => document.querySelector('.screen .picture') !== null));
  });

  test('the page broke no rule of its content policy and knows no path', async () => {
    assert.deepEqual(await app.violations(), []);
    const page = await app.session.run(() => document.documentElement.outerHTML);
    assert.ok(!page.includes(home.folder), 'no path of a file is in the page');
  });

  test('each program of the window has its log, which its owner alone can read', () => {
    const folder = join(home.folder, 'state', 'videre', 'log');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    const programs = readdirSync(folder).map((name) => name.split('.')[0]);
    assert.deepEqual([...new Set(programs)].sort(), ['media', 'model', 'window']);
    const told = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    assert.match(told, /a worker ended.*killed/u, 'the workers that were killed are in it');
  });

  test('after a restart the chats are there', async () => {
    await app.close();
    app = await App.start(home);
    await app.untilText('first clip.mp4');
    await app.untilText('What do you see?');
    await app.session.run(() => [...document.querySelectorAll('.recents button')].find((one) => one.textContent.includes('What do you see?')).click());
    await app.untilText('Describe the video.');
    assert.equal(await app.session.run(() => document.querySelectorAll('article').length), 4);
  });

  test('a time in an answer leads to its frame', async () => {
    await app.close();
    execFileSync(built_example('kept_answer'), ['When does it move?', 'It moves at 0:02 and rests at 0:05.'], { env: home.environment });
    app = await App.start(home);
    await app.session.click('.recents li button');
    await app.untilText('It moves at');
    await app.session.click('article.last .words button');
    await until('the frame at two seconds', async () => {
      const shown = await app.shownFrame();
      return shown !== null && Math.abs(shown / 25 - 2) <= 0.6;
    });
    const times = await app.session.run(() => [...document.querySelectorAll('article.last .words button')].map((one) => one.textContent));
    assert.deepEqual(times, ['0:02', '0:05']);
  });
});

test('the application as a user starts it listens on no socket, decodes nothing itself, and sleeps while nothing is asked of it', { skip, timeout: 180_000 }, async () => {
  const home = new Home();
  const app = await App.startUndriven(home, [sample]);
  try {
    await until('both workers', () => ['media', 'model'].every((role) => app.worker(role) !== undefined));
    const members = tree(app.pid);
    assert.ok(members.some((one) => one.name.startsWith('WebKitWebProces')), 'the page’s process is looked at too');
    assert.deepEqual(listening(members), []);
    const links = (pid) => /libavcodec/u.test(readFileSync(`/proc/${pid}/maps`, 'utf8'));
    assert.ok(links(app.worker('media')), 'the worker has FFmpeg');
    assert.ok(!links(app.pid), 'a file that FFmpeg trips over cannot take the window with it');
    // The model is loaded, and the video prepared for it, when nothing has the machine any more.
    const pids = [app.pid, app.worker('media'), app.worker('model')];
    let counted;
    await until('an idle application', async () => (counted = await wakes(pids, 5)).every(({ per_sec }) => per_sec < 10), 120_000)
      .catch((error) => assert.fail(`${error.message}: wakes a second of window, media, model: ${JSON.stringify(counted)}`));
  } finally {
    await app.stop();
    home.remove();
  }
});

test('a page whose process is killed comes back, and the program stays the same', { skip, timeout: 180_000 }, async () => {
  const home = new Home();
  const app = await App.startUndriven(home, [sample]);
  const page = () => tree(app.pid).find((one) => one.name.startsWith('WebKitWebProces'))?.pid;
  try {
    await until('the page of the clip', () => app.titles().some((title) => title.startsWith('sample.mp4')));
    const [before, worker] = [page(), app.worker('media')];
    process.kill(before, 'SIGKILL');
    await until('another page', () => ![undefined, before].includes(page()));
    await until('the first page', () => app.titles().includes('Videre'));
    assert.equal(app.worker('media'), worker);
  } finally {
    await app.stop();
    home.remove();
  }
});
