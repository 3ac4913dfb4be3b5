import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [
    sveltekit({
      // One page shell for every address: all data comes over HTTP from the same origin, so nothing is rendered on a server.
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      csp: {
        mode: 'hash',
        // Styles carry element positions (bars, tooltips) as attributes, which hashes cannot cover.
        directives: {
          'default-src': ['self'],
          'script-src': ['self'],
          'style-src': ['self', 'unsafe-inline'],
          'img-src': ['self', 'data:'],
          'object-src': ['none'],
          'base-uri': ['self'],
        },
      },
    }),
  ],
  build: {
    target: 'es2023',
    rolldownOptions: {
      output: {
        codeSplitting: {
          // One larger chunk packs better than many small ones.
          groups: [{ name: 'framework', test: /node_modules\/svelte\//, minShareCount: 6, priority: 2 }],
        },
      },
    },
  },
});
