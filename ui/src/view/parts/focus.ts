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
