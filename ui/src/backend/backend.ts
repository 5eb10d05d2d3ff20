import type { Calls } from './calls.gen';

/**
 * The program as the page sees it. Every implementation keeps the promises of SEAM.md; in short:
 * a call rejects with an `ApiError` and nothing else; events of a call come in order and none after it has settled;
 * an aborted signal ends the work, and the call then rejects with `cancelled` (`ask` resolves with what was said).
 */
export type Backend = Pick<Calls, keyof Calls>;
