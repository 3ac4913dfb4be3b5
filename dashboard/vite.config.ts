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
        // The hash of the script that starts the app. The server says the same in a header, and what a page cannot say of itself
        // (platform/http/security-headers.ts).
        directives: {
          'default-src': ['none'],
          'script-src': ['self'],
          'style-src': ['self'],
          // The one style attribute that a page is written with: of the element of SvelteKit that reads a new page's title to screen readers.
          'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'form-action': ['self'],
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
