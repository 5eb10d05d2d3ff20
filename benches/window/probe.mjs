// What is noted inside the page while it is measured. These functions run in the page; they change nothing that it does.

/** Starts noting: pointer moves, keys, requests for pictures with their answers, and what is painted when. */
export function install() {
  const noted = { pointers: [], keys: [], typed: [], stopped: [], requests: [], draws: [], gaps: [] };
  const picture = () => document.querySelector('.screen .picture');
  const ruler = () => document.querySelector('.ruler');
  // The page names what it did only after it did it, in a microtask of its own.
  const later = (act) => queueMicrotask(() => queueMicrotask(act));

  const drawImage = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    drawImage.apply(this, args);
    if (!this.canvas.closest('.screen')) return;
    const draw = { at: performance.now(), index: null, secs: null, is_exact: null };
    noted.draws.push(draw);
    later(() => {
      // While the frames are being counted there is no number.
      draw.index = picture().dataset.index === undefined ? null : Number(picture().dataset.index);
      draw.secs = Number(picture().dataset.secs);
      draw.is_exact = picture().dataset.exact === 'true';
    });
  };

  const fetched = window.fetch;
  window.fetch = async (url, options) => {
    if (!/\/frame$/u.test(String(url))) return fetched(url, options);
    const body = typeof options.body === 'string' ? options.body : new TextDecoder().decode(options.body);
    const { purpose } = JSON.parse(body).request;
    const request = { from: performance.now(), to: null, purpose, index: null, is_exact: null };
    noted.requests.push(request);
    const response = await fetched(url, options);
    const whole = response.arrayBuffer.bind(response);
    response.arrayBuffer = async () => {
      const bytes = await whole();
      request.to = performance.now();
      request.n_bytes = bytes.byteLength;
      if (response.ok && response.headers.get('Tauri-Response') !== 'error') {
        const n_bytes = new DataView(bytes).getUint32(0, true);
        const info = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, n_bytes)));
        request.index = info.index;
        request.is_exact = info.is_exact;
      }
      return bytes;
    };
    return response;
  };

  const pointer = (event) => {
    // A pointer that only comes by drags nothing.
    if (event.buttons === 0) return;
    const one = { at: performance.now(), secs: null };
    noted.pointers.push(one);
    later(() => setTimeout(() => (one.secs ??= Number(ruler().ariaValueNow))));
  };
  for (const kind of ['pointerdown', 'pointermove']) addEventListener(kind, pointer, true);
  addEventListener('keydown', (event) => noted.keys.push({ at: performance.now(), key: event.key }), true);

  // A letter is there once the screen was painted after it: in the second frame from then.
  addEventListener('input', () => {
    const key = noted.keys.at(-1);
    requestAnimationFrame(() => requestAnimationFrame(() => noted.typed.push(performance.now() - key.at)));
  }, true);
  new MutationObserver(() => {
    if (document.querySelector('article[aria-busy=true]') === null) noted.stopped.push({ at: performance.now() });
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['aria-busy'] });

  // How long the page lets the screen wait.
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    noted.gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  window.noted = noted;
}

/** What was noted since the last time. */
export function take() {
  const taken = JSON.parse(JSON.stringify(window.noted));
  for (const list of Object.values(window.noted)) list.length = 0;
  return taken;
}
