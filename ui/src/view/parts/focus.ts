/**
 * Keeps the keyboard's place: where the control that has the focus goes away because the thing it is about changed, the
 * next one in the same place gets it, or the place itself. Give the place `tabindex="-1"`. A pointer has its own place.
 */
export function keepsFocus(place: HTMLElement): () => void {
  let last: Element | null = null;
  const remember = ({ target }: FocusEvent) => {
    last = target instanceof Element && target.matches(':focus-visible') ? target : null;
  };
  const forget = (event: FocusEvent) => {
    // Leaving a control for another place; a control that is taken away loses the focus to nobody.
    if (event.relatedTarget !== null) last = null;
  };
  const watcher = new MutationObserver(() => {
    if (last === null || (last.isConnected && !last.matches(':disabled'))) return;
    last = null;
    const active = document.activeElement;
    if (active !== null && active !== document.body && active.tagName !== 'DIALOG') return;
    (place.querySelector<HTMLElement>('button:not(:disabled), select:not(:disabled)') ?? place).focus();
  });
  place.addEventListener('focusin', remember);
  place.addEventListener('focusout', forget);
  watcher.observe(place, { childList: true, subtree: true, attributeFilter: ['disabled'] });
  return () => {
    place.removeEventListener('focusin', remember);
    place.removeEventListener('focusout', forget);
    watcher.disconnect();
  };
}

/** So many places where the focus was are remembered. */
const N_REMEMBERED = 8;

/**
 * Where what has the focus goes away and nobody takes it, the nearest place around it that can have it does, or else what
 * had it before: it never falls to the page, where Tab begins anew.
 */
export function catchesFocus(root: HTMLElement, last_resort: () => HTMLElement | null): () => void {
  let around: HTMLElement[] = [];
  let earlier: HTMLElement[] = [];
  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) return;
    around = [];
    for (let one: HTMLElement | null = target; one !== null && one !== root; one = one.parentElement) {
      around.push(one);
    }
    earlier = [target, ...earlier.filter((one) => one !== target)].slice(0, N_REMEMBERED);
  };
  const catchIt = () => {
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    const place = around.find((one) => one.isConnected && one.matches('[tabindex], dialog'));
    const next = [place, ...earlier.filter((one) => one.isConnected), last_resort()];
    for (const one of next) {
      one?.focus({ preventScroll: true });
      if (one != null && document.activeElement === one) return;
    }
  };
  const watcher = new MutationObserver(() => {
    if (around[0]?.isConnected !== false) return;
    // Whoever knows better comes first.
    setTimeout(catchIt);
  });
  root.addEventListener('focusin', remember);
  watcher.observe(root, { childList: true, subtree: true });
  return () => {
    root.removeEventListener('focusin', remember);
    watcher.disconnect();
  };
}
