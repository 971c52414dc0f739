import { defineConfig } from 'vite';

/** The build has only hashed files from our own sources. The strict CSP allows nothing inline and nothing from other servers. */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The first versions with light-dark(), popover and nested CSS.
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // The first page and the others share one file, because each further file delays the first drawing by a request.
        codeSplitting: {
          groups: [{ name: 'shell', test: /(preact|web\/(src|live-client))\//, minShareCount: 2 }],
        },
      },
    },
  },
});
