import { defineConfig } from 'vite';

/** Hashed files from our own sources alone: nothing inline and nothing from elsewhere, so that the strict CSP holds. */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // the first versions with light-dark(), popover and nested CSS
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // what the first page and the others both use comes in one file: each more is a request before the first drawing
        codeSplitting: {
          groups: [{ name: 'shell', test: /(preact|web\/(src|live-client))\//, minShareCount: 2 }],
        },
      },
    },
  },
});
