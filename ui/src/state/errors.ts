import type { ApiError } from '../backend';
import { text } from '../text';

/** What a rejected call of the seam carries; anything else is a fault of the page and says so. */
export function asApiError(error: unknown): ApiError {
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) {
    return error as ApiError;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'unknown', message: text.errors.unexpected, hint: message };
}

export function isCancelled(error: unknown): boolean {
  return asApiError(error).code === 'cancelled';
}
