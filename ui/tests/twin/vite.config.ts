import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { ownIndex, publicDir } from '../index.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page on the program itself, whose calls come over HTTP (`examples/http_twin`). */
export default defineConfig({
  root: here('.'),
  publicDir,
  plugins: [ownIndex(), svelte({ configFile: here('../../svelte.config.js') })],
  preview: { host: '127.0.0.1', proxy: { '/twin': { target: process.env['TWIN'] ?? '' } } },
  build: { target: 'esnext', minify: false },
  logLevel: 'warn',
});
