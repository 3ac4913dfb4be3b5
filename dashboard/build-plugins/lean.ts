/** What the browser's build of packages leaves out, because no page uses it. */
import { join } from 'node:path';
import type { Plugin } from 'vite';

const PLAIN_STATE = join(import.meta.dirname, 'plain-state.ts');
/** In uPlot's module, what is hung onto the class once it is declared: `uPlot.assign = …` up to the export. */
const STATICS = /^uPlot\.assign = assign;$[^]*?(?=^export \{ uPlot as default \};$)/m;

/** Server code, which runs at the build only, keeps the real package. */
export const plainState: Plugin = {
  name: 'plain-state',
  enforce: 'pre',
  applyToEnvironment: ({ name }) => name === 'client',
  resolveId: (source) => (source === 'devalue' ? PLAIN_STATE : null),
};

/** uPlot's ways to draw lines, its date formats and its helpers (3 KB gzip): the charts paint their bars and write their dates themselves. */
export const uplotWithoutStatics: Plugin = {
  name: 'uplot-without-statics',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/uPlot.esm.js')) return null;
    if (!STATICS.test(code)) this.error('uPlot looks different than expected: see which of its statics can be left out now.');
    return { code: code.replace(STATICS, ''), map: null };
  },
};
