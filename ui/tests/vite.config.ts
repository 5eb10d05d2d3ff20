import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { clipPlugin } from './double/clip.ts';
import { ownIndex, publicDir } from './index.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const clip = process.env['CLIP'] ?? here('../../assets/sample.mp4');

/** The page on the test double: `npm run dev`. */
export default defineConfig({
  root: here('./double'),
  publicDir,
  cacheDir: here('../node_modules/.vite-double'),
  plugins: [ownIndex(), svelte({ configFile: here('../svelte.config.js') }), clipPlugin(clip)],
  server: { host: '127.0.0.1', port: 5174, fs: { allow: [here('..')] } },
  preview: { host: '127.0.0.1' },
  build: { target: 'esnext', minify: false },
  logLevel: 'warn',
});
