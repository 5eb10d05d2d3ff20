import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    address: string;
  }
}

/** Serves the page on its double while the browser tests run. */
export default async function setup(project: TestProject) {
  const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));
  const server = await createServer({ configFile, server: { port: 0 } });
  await server.listen();
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error('the page’s server has no address');
  project.provide('address', address);
  return () => server.close();
}
