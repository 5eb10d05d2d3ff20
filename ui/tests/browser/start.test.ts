import { expect, test } from 'vitest';
import { settled, useWindows } from './page';

const open = useWindows();

test('the first start offers a video, the sample, and says what the built-in model knows', async () => {
  const { page } = await open();
  await page.getByRole('heading', { name: 'Ask a video' }).waitFor();
  await page.getByText('The built-in model knows moving shapes only').waitFor();
  await page.getByRole('button', { name: 'Open a video…' }).click();
  await page.locator('.picture[data-exact=true]').waitFor();
});

test('recent videos show their conversations; one whose file is gone cannot be opened but can be forgotten', async () => {
  const { page } = await open({ recents: '1' });
  await page.getByText('What happens after the pan goes on the stove?').waitFor();
  const gone = page.getByRole('button', { name: /lecture-03-recording.mkv The file is no longer/u });
  expect(await gone.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Forget lecture-03-recording.mkv' }).click({ force: true });
  await page.getByRole('button', { name: 'Forget this video' }).click();
  await expect.poll(() => gone.count()).toBe(0);
});

test('a file that cannot be opened says what is wrong and what to do', async () => {
  const { page } = await open({
    script: {
      fail_open: { code: 'video-unreadable', message: 'broken.mp4 has no index', hint: 'Copy it again' },
    },
  });
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.getByText('The video could not be opened').first().waitFor();
  await page.getByText('broken.mp4 has no index', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Open another video…' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByText('broken.mp4 has no index', { exact: true }).count()).toBe(0);
});

test('a video dropped on the window opens; another one takes its place', async () => {
  const window = await open();
  const { page } = window;
  await window.double((double) => double.emit({ kind: 'drag', is_over: true }));
  await page.getByText('Drop to open').waitFor();
  await window.double((double) => {
    double.emit({ kind: 'drag', is_over: false });
    double.emit({ kind: 'opened', videos: [double.video] });
  });
  await page.locator('.picture[data-exact=true]').waitFor();
  await window.double((double) =>
    double.emit({ kind: 'opened', videos: [{ ...double.video, id: 'b', name: 'other.mp4' }] }),
  );
  await page.getByRole('heading', { name: 'other.mp4' }).waitFor();
  await expect.poll(() => page.title()).toBe('other.mp4 – Videre');
});

test('a wrong pair of files is refused in words, a right one loads with progress', async () => {
  const window = await open({ script: { holds: { load: 3 } } });
  const { page } = window;
  await window.double(
    (double) =>
      void (double.script.picked = (double.constructor as typeof import('../double/backend').Double).wrong),
  );
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await page.getByRole('button', { name: 'Add two files…' }).click();
  await page.getByText('The two files belong to different models').waitFor();
  await page.getByText('More than is free').waitFor();
  const large = page.getByRole('listitem').filter({ hasText: 'LLaVA 1.6 Vicuna 7B' });
  await large.getByRole('button', { name: 'Load', exact: true }).click();
  await page.getByRole('progressbar', { name: 'Loading' }).first().waitFor();
  await window.go('load');
  await large.getByText('In use').waitFor();
});

test('everything can be reached from the menu by key, and the system’s menu has the same items', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await page.getByRole('button', { name: 'Menu', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: /^Open a video/u }).waitFor();
  await page.keyboard.press('End');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toContain('Copy diagnosis with file names');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByText('Diagnosis copied, without file names').first().waitFor();
  const items = await window.double((double) =>
    double.menu.flatMap((menu) =>
      menu.items.flatMap((item) => (item.kind === 'command' ? [item.command] : [])),
    ),
  );
  expect(items).toContain('save-frame');
  await window.double((double) => double.emit({ kind: 'command', command: 'help' }));
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
});

test('the theme follows the system until it is chosen', async () => {
  const window = await open({ context: { colorScheme: 'light' } });
  const { page } = window;
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  await expect.poll(() => theme()).toBe('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(theme).toBe('dark');
  await window.double((double) => double.emit({ kind: 'command', command: 'theme' }));
  await expect.poll(theme).toBe('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => theme()).toBe('light');
});

test('the ground is that of the last theme before the page is there, and else the system’s', async () => {
  const window = await open({ context: { colorScheme: 'dark' } });
  const context = window.page.context();
  const ground = async () => {
    const page = await context.newPage();
    await page.emulateMedia({ colorScheme: 'dark' });
    // Nothing of the page comes, but what stands in index.html itself.
    await page.route(/\.(?:css|js)$/u, (route) =>
      route.request().url().endsWith('/theme.js') ? route.continue() : new Promise(() => {}),
    );
    await page.goto(window.page.url(), { waitUntil: 'commit' });
    await page.locator('#app').waitFor({ state: 'attached' });
    const color = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.close();
    return color;
  };
  const [dark, light] = ['rgb(17, 16, 14)', 'rgb(242, 240, 237)'];
  expect(await ground()).toBe(dark);
  await window.double((double) => double.emit({ kind: 'command', command: 'theme' }));
  await expect
    .poll(() => window.page.evaluate(() => document.documentElement.dataset['theme']))
    .toBe('light');
  expect(await ground()).toBe(light);
  // The same as the page's own.
  const own = await window.page.evaluate(() => {
    const drawn = document.createElement('canvas').getContext('2d')!;
    drawn.fillStyle = getComputedStyle(document.body).backgroundColor;
    drawn.fillRect(0, 0, 1, 1);
    return `rgb(${[...drawn.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(', ')})`;
  });
  expect(own).toBe(light);
});

test('what is shown first stays where it is', async () => {
  const window = await open();
  const page = await window.page.context().newPage();
  await page.addInitScript(() => {
    const moved: number[] = [];
    (globalThis as unknown as { moved: number[] }).moved = moved;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    const take = (one: PerformanceEntry) => moved.push((one as unknown as { value: number }).value);
    observer.observe({ type: 'layout-shift', buffered: true });
    (globalThis as unknown as { takeRest: () => void }).takeRest = () => observer.takeRecords().forEach(take);
  });
  await page.goto(window.page.url());
  await page.getByRole('heading', { name: 'Ask a video' }).waitFor();
  await page.waitForLoadState('networkidle');
  await settled(page);
  const moved = await page.evaluate(() => {
    const { moved, takeRest } = globalThis as unknown as { moved: number[]; takeRest: () => void };
    takeRest();
    return moved;
  });
  expect(moved).toEqual([]);
});

test('a video that the program was started with comes without the first page before it', async () => {
  const window = await open({ query: { given: 'kitchen.mp4' }, script: { holds: { open: 0 } } });
  const { page } = window;
  await page.getByText('Opening kitchen.mp4…').waitFor();
  await expect.poll(() => page.getByRole('heading', { name: 'Ask a video' }).count()).toBe(0);
  await window.go('open');
  await page.getByRole('heading', { name: 'kitchen.mp4' }).waitFor();
  await page.locator('.picture[data-exact=true]').waitFor();
});

test('where that cannot be opened, the first page says why', async () => {
  const error = { code: 'video-unreadable', message: 'kitchen.mp4 has no index', hint: null } as const;
  const window = await open({ query: { given: 'kitchen.mp4' }, script: { fail_open: error } });
  const { page } = window;
  await page.getByText('kitchen.mp4 has no index', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Ask a video' }).waitFor();
  // And the way on that the notice offers is one, also as the notice goes.
  await page.getByRole('alert').getByRole('button', { name: 'Open another video' }).click();
  await expect
    .poll(() => window.double((double) => double.calls.filter((call) => call === 'openWithDialog').length))
    .toBe(1);
});
