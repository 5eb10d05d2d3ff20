import type { Backend } from './backend';

export type { Backend } from './backend';
export * from './types';

/** The host's implementation of the seam; null where the page was opened by itself, in a browser. */
export function connect(): Backend | null {
  return null;
}
