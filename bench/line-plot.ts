/** A line plot as SVG, readable on light and dark ground: the horizontal axis in powers of ten, the vertical one from zero. */

export interface PlotLine {
  name: string;
  /** In order of `x`, which is positive. */
  points: readonly { x: number; y: number }[];
}

export interface LinePlot {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly PlotLine[];
}

const WIDTH = 720;
const HEIGHT = 400;
const AREA = { left: 64, right: WIDTH - 180, top: 48, bottom: HEIGHT - 56 };
/** Told apart without their colours too: by name, at the end of each line. */
const COLOURS = ['#2563eb', '#d97706', '#dc2626', '#059669'];
const GREY = '#808890';
const TICKS = 5;
/** Two names closer than this would lie on one another. */
const NAME_HEIGHT = 16;

export function linePlot({ title, xLabel, yLabel, lines }: LinePlot): string {
  const points = lines.flatMap((line) => line.points);
  const tick = niceStep(Math.max(...points.map(({ y }) => y)) / TICKS);
  const top = tick * TICKS;
  const decades = {
    from: Math.floor(Math.log10(Math.min(...points.map(({ x }) => x)))),
    to: Math.ceil(Math.log10(Math.max(...points.map(({ x }) => x)))),
  };
  const span = Math.max(1, decades.to - decades.from);
  const left = (x: number) => AREA.left + ((Math.log10(x) - decades.from) / span) * (AREA.right - AREA.left);
  const up = (y: number) => AREA.bottom - (y / top) * (AREA.bottom - AREA.top);
  const ys = Array.from({ length: TICKS + 1 }, (_, at) => at * tick);
  const xs = Array.from({ length: span + 1 }, (_, at) => 10 ** (decades.from + at));
  const nameAt = spread(lines.map((line) => up(line.points.at(-1)?.y ?? 0)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="${GREY}">`,
    `<title>${escaped(title)}</title>`,
    text(AREA.left, 24, title, 'font-size="15"'),
    ...ys.flatMap((y) => [
      `<path d="M${AREA.left} ${fixed(up(y))}H${AREA.right}" stroke="${GREY}" stroke-opacity="0.3"/>`,
      text(AREA.left - 8, up(y) + 4, Number(y.toPrecision(6)).toLocaleString('en-US'), 'text-anchor="end"'),
    ]),
    ...xs.map((x) => text(left(x), AREA.bottom + 18, x.toLocaleString('en-US'), 'text-anchor="middle"')),
    text((AREA.left + AREA.right) / 2, HEIGHT - 12, xLabel, 'text-anchor="middle"'),
    text(0, 0, yLabel, `text-anchor="middle" transform="translate(16 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)"`),
    ...lines.flatMap((line, at) => drawn(line, COLOURS[at % COLOURS.length] ?? GREY, nameAt[at] ?? 0, left, up)),
    '</svg>',
    '',
  ].join('\n');
}

function drawn(
  { name, points }: PlotLine,
  colour: string,
  nameAt: number,
  left: (x: number) => number,
  up: (y: number) => number,
): string[] {
  const places = points.map(({ x, y }) => `${fixed(left(x))} ${fixed(up(y))}`);
  return [
    `<path d="M${places.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(({ x, y }) => `<circle cx="${fixed(left(x))}" cy="${fixed(up(y))}" r="3.5" fill="${colour}"/>`),
    text(left(points.at(-1)?.x ?? 1) + 10, nameAt + 4, name, `fill="${colour}"`),
  ];
}

/** 1, 2, 2.5 or 5 times a power of ten, the least that is not below. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= least) ?? 10) * power;
}

/** The same heights in the same order, none closer to its neighbour than a name is high. */
function spread(heights: readonly number[]): number[] {
  const placed = [...heights];
  const order = heights.map((_, at) => at).toSorted((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  for (const [rank, at] of order.entries()) {
    const above = rank === 0 ? -Infinity : (placed[order[rank - 1] ?? 0] ?? 0);
    placed[at] = Math.max(placed[at] ?? 0, above + NAME_HEIGHT);
  }
  return placed;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
