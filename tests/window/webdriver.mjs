// A client for WebKitGTK's WebDriver: what the tests of the window need of it, by plain HTTP (W3C WebDriver).
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** The names that WebDriver has for keys. */
export const KEY = {
  Enter: '\uE007', Escape: '\uE00C', Home: '\uE011', End: '\uE010', ArrowLeft: '\uE012', ArrowRight: '\uE014',
};

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until the answer is neither false nor nothing. */
export async function until(what, ask, timeout_ms = 20_000) {
  const end = Date.now() + timeout_ms;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${timeout_ms / 1000} s for ${what}; last: ${last?.message ?? last}`);
    await sleep(50);
  }
}

/** The driver's process. It starts the application, with the environment that it was given itself. */
export class Driver {
  static async start(environment) {
    const port = await freePort();
    const child = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
      // Only with this variable does the application let itself be driven.
      env: { ...environment, TAURI_WEBVIEW_AUTOMATION: 'true' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const driver = new Driver(child, `http://127.0.0.1:${port}`);
    await until('the driver', async () => (await fetch(`${driver.address}/status`)).ok);
    return driver;
  }

  constructor(child, address) {
    this.child = child;
    this.address = address;
  }

  async open(binary, args) {
    const options = { binary, args };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = await send(this.address, 'POST', '/session', { capabilities });
    return new Session(`${this.address}/session/${sessionId}`);
  }

  stop() {
    this.child.kill();
  }
}

async function send(address, method, path, body, timeout_ms = 60_000) {
  const response = await fetch(address + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout_ms),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

/** One window. */
export class Session {
  constructor(address) {
    this.address = address;
  }

  send(method, path, body, timeout_ms) {
    return send(this.address, method, path, body, timeout_ms);
  }

  /** Runs a function in the page with JSON arguments; it may be asynchronous. */
  async run(body, ...args) {
    const script = `const done = arguments[arguments.length - 1];
      Promise.resolve((${body})(...Array.prototype.slice.call(arguments, 0, -1)))
        .then((value) => done({ value: value ?? null }), (error) => done({ error: String(error?.stack ?? error?.message ?? error) }));`;
    const answer = await this.send('POST', '/execute/async', { script, args });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  async find(css, timeout_ms) {
    const found = await until(css, async () => {
      const all = await this.send('POST', '/elements', { using: 'css selector', value: css });
      return all[0];
    }, timeout_ms);
    return found[ELEMENT];
  }

  async click(css) {
    await this.send('POST', `/element/${await this.find(css)}/click`, {});
  }

  async type(css, text) {
    await this.send('POST', `/element/${await this.find(css)}/value`, { text });
  }

  /** Presses and lets go of each key, wherever the focus is. */
  async press(...keys) {
    const actions = keys.flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.send('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions }] });
  }

  /** Drags through points of the page, [x, y] in its pixels. */
  async drag(points, { each_ms = 16, before_up = async () => {} } = {}) {
    const [[x, y], ...rest] = points.map((point) => point.map(Math.round));
    const move = (x, y, duration = 0) => ({ type: 'pointerMove', x, y, duration, origin: 'viewport' });
    const act = (actions) =>
      this.send('POST', '/actions', {
        actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }],
      });
    await act([move(x, y), { type: 'pointerDown', button: 0 }]);
    for (const [x, y] of rest) await act([move(x, y, each_ms)]);
    await before_up();
    await act([{ type: 'pointerUp', button: 0 }]);
  }

  async close() {
    await this.send('DELETE', '').catch(() => {});
  }
}
