import { isTauri } from '@tauri-apps/api/core';
import type { Backend } from './backend';
import { TauriBackend } from './tauri';

export type { Backend } from './backend';
export * from './types';

/** The host's implementation of the seam; null where the page was opened by itself, in a browser. */
export function connect(): Backend | null {
  if (!isTauri()) return null;
  keepBrowserMenuAway();
  return new TauriBackend();
}

/** The web view's own menu offers “Back” and “Reload”; only where there are words to copy or to write is it of use. */
function keepBrowserMenuAway(): void {
  addEventListener('contextmenu', (event) => {
    const is_field = event.target instanceof Element && event.target.closest('input, textarea') !== null;
    if (!is_field && getSelection()?.isCollapsed !== false) event.preventDefault();
  });
}
