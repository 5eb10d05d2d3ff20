import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The files that the window's page has beside what is built of it. */
export const publicDir = here('../public');

/** The window's own index.html, with another program behind it. */
export function ownIndex(): Plugin {
  return {
    name: 'own-index',
    transformIndexHtml: {
      order: 'pre',
      handler: () =>
        readFileSync(here('../index.html'), 'utf8')
          .replace('/src/main.ts', './main.ts')
          // A browser asks for one, unlike the window.
          .replace('<title>', '<link rel="icon" href="data:," />\n    <title>'),
    },
  };
}
