/** Horizontal bars as SVG text, readable on light and dark pages: no background, and colours by what the reader prefers. */

export interface Bar {
  label: string;
  value: number;
  /** Drawn in the colour that stands out. */
  isOurs: boolean;
}

const WIDTH = 880;
const LABEL_WIDTH = 380;
const VALUE_WIDTH = 100;
const BAR_HEIGHT = 22;
const ROW_HEIGHT = 34;
const TOP = 48;
const BOTTOM = 12;
/** A bar that is there is seen. */
const BAR_WIDTH_MIN = 2;

export function barsPicture({ title, unit, bars }: { title: string; unit: string; bars: readonly Bar[] }): string {
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.flatMap(({ label, value, isOurs }, n) => {
    const [y, width] = [TOP + n * ROW_HEIGHT, Math.max(BAR_WIDTH_MIN, (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH))];
    const baseline = y + BAR_HEIGHT - 6;
    return [
      `  <text x="${LABEL_WIDTH - 12}" y="${baseline}" text-anchor="end">${escape(label)}</text>`,
      `  <rect class="${isOurs ? 'ours' : 'theirs'}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3"/>`,
      `  <text class="value" x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${baseline}">${Math.round(value).toLocaleString('en-US')}</text>`,
    ];
  });
  const summary = bars.map(({ label, value }) => `${label}: ${Math.round(value).toLocaleString('en-US')} ${unit}`).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">${escape(title)}</title>`,
    `  <desc id="description">${escape(summary)}</desc>`,
    '  <style>',
    '    text { font: 13px system-ui, sans-serif; fill: #1f2933; }',
    '    .title { font-weight: 600; font-size: 15px; }',
    '    .value { font-variant-numeric: tabular-nums; }',
    '    .ours { fill: #0b6e99; }',
    '    .theirs { fill: #8c99a6; }',
    '    @media (prefers-color-scheme: dark) {',
    '      text { fill: #e4e9ee; }',
    '      .ours { fill: #4fb3d9; }',
    '      .theirs { fill: #7b8794; }',
    '    }',
    '  </style>',
    `  <text class="title" x="12" y="24">${escape(`${title}, ${unit}`)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
