import type { Page } from 'playwright-core';

export interface State {
  size?: { width: number; height: number };
  /** Words of the address that set the test double up. */
  options?: Record<string, string>;
  make?: (page: Page) => Promise<unknown>;
}

export const STATES: Record<string, State>;
