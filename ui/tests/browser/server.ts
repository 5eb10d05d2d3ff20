import type { TestProject } from 'vitest/node';
import { serve } from '../../scripts/serve.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    address: string;
  }
}

/** Serves the page on its double while the browser tests run. */
export default async function setup(project: TestProject) {
  const { address, close } = await serve();
  project.provide('address', address);
  return close;
}
