// Builds the page on its test double and serves it, for the browser tests and for pictures of the window.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const onDouble = fileURLToPath(new URL('../tests/vite.config.ts', import.meta.url));

/** The address, and what ends it. */
export async function serve(configFile = onDouble) {
  const outDir = mkdtempSync(join(tmpdir(), 'videre-page-'));
  await build({ configFile, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const server = await preview({ configFile, logLevel: 'warn', build: { outDir }, preview: { port: 0 } });
  return {
    address: server.resolvedUrls.local[0],
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}
