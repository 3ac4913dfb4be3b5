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

/** What the charts never come to: scales of time and of logarithms, lines and their points, legends, dates. Each gives what stands for nothing. */
const UNUSED_OF_UPLOT: Record<string, string> = {
  fmtDate: "() => ''",
  genTimeStuffs: '[[], [], () => []]',
  timeAxisStamps: '[]',
  timeAxisVals: '() => []',
  timeAxisVal: '() => []',
  timeSeriesVal: "() => ''",
  rangeLog: '[0, 1]',
  rangeAsinh: '[0, 1]',
  logAxisSplits: '[]',
  asinhAxisSplits: '[]',
  log10AxisValsFilt: '[]',
  log2AxisValsFilt: '[]',
  linear: '() => null',
  points: '() => null',
  _rangeNum: '[0, 1]',
  drawSeries: 'undefined',
  initLegendRow: '[]',
  setLegend: 'undefined',
  setLegendValues: 'undefined',
  addSeries: 'undefined',
  delSeries: 'undefined',
  setFocus: 'undefined',
  isAsc: 'true',
  seriesFillTo: '0',
};
const LEGEND = 'const showLegend = legend.show;';

/** uPlot's ways to draw lines, its dates, its legend and its helpers: the charts paint their bars and write their dates themselves. */
export const uplotWithoutStatics: Plugin = {
  name: 'uplot-without-statics',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/uPlot.esm.js')) return null;
    const changed = 'uPlot looks different than expected: see which of its parts can be left out now.';
    if (!STATICS.test(code) || !code.includes(LEGEND)) this.error(changed);
    let lean = code.replace(STATICS, '').replace(LEGEND, 'const showLegend = false;');
    for (const [name, nothing] of Object.entries(UNUSED_OF_UPLOT)) {
      const body = new RegExp(`^(\\t?)function ${name}\\([^]*?^\\1}$`, 'm');
      if (!body.test(lean)) this.error(changed);
      lean = lean.replace(body, () => `function ${name}() { return ${nothing}; }`);
    }
    return { code: lean, map: null };
  },
};
