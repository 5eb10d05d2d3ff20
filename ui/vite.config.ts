import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  // The shell's development build looks here, and nowhere else.
  server: { host: '127.0.0.1', port: 5173, strictPort: true },
  build: {
    // WebKitGTK 2.40, WKWebView of macOS 13 and WebView2 are all newer than this.
    target: 'safari16.4',
    // The content security policy allows no data: addresses for scripts and fonts.
    assetsInlineLimit: 0,
  },
});
