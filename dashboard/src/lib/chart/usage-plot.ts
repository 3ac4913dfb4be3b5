/** The Usage chart: uPlot gives the scales, the grid and the cursor; the stacked bars are painted here. */
import type uPlot from 'uplot';
import { formatAxis } from '../format.ts';
import { niceTicks, stackExtent, type Segment } from './stack.ts';
import { axisTicks } from './ticks.ts';
import type { Grain } from '../zone.ts';

export interface PlotModel {
  stacks: Segment[][];
  starts: number[];
  grain: Grain;
  zone: string;
  /** Index of the bucket that is not over yet, or −1. */
  open: number;
  /** CSS variable of each series' colour. */
  colours: string[];
}

export interface PlotEvents {
  /** `bucket` under the pointer and the place of its bar in CSS pixels, or null. */
  onHover: (hover: { bucket: number; left: number; width: number } | null) => void;
  onOpen: (bucket: number) => void;
}

const AXIS_WIDTH = 52;
const LABELS_HEIGHT = 26;
const BAR_SHARE = 0.86;
const BAR_WIDTH_MAX = 64;

export interface UsagePlot {
  update: (model: PlotModel) => void;
  resize: (width: number, height: number) => void;
  highlight: (bucket: number | null) => void;
  destroy: () => void;
}

export function createUsagePlot(UPlot: typeof uPlot, container: HTMLElement, first: PlotModel, events: PlotEvents): UsagePlot {
  const state: PlotState = { model: first, hovered: null, colour: (name) => getComputedStyle(container).getPropertyValue(name).trim() };

  const show = (bucket: number | null): void => {
    if (bucket === state.hovered) return;
    state.hovered = bucket;
    plot.redraw(false);
    if (bucket === null) return events.onHover(null);
    const left = plot.valToPos(bucket, 'x');
    events.onHover({ bucket, left: left + plot.bbox.left / devicePixelRatio, width: plot.valToPos(bucket + 1, 'x') - left });
  };
  const plot = new UPlot(optionsOf(state, container, show), dataOf(state.model), container);
  plot.over.style.cursor = 'pointer';
  plot.over.addEventListener('click', () => {
    if (state.hovered !== null) events.onOpen(state.hovered);
  });

  return {
    update(next) {
      state.model = next;
      plot.setData(dataOf(next));
    },
    resize: (width, height) => plot.setSize({ width, height }),
    highlight: show,
    destroy: () => plot.destroy(),
  };
}

interface PlotState {
  model: PlotModel;
  hovered: number | null;
  colour: (name: string) => string;
}

function optionsOf(state: PlotState, container: HTMLElement, show: (bucket: number | null) => void): uPlot.Options {
  const { colour } = state;
  return {
    width: container.clientWidth || 600,
    height: container.clientHeight || 260,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, x: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => [0, state.model.starts.length] },
      y: { range: () => boundsOf(state.model) },
    },
    axes: [
      { size: LABELS_HEIGHT, values: () => [], grid: { show: false }, ticks: { show: false } },
      {
        size: AXIS_WIDTH,
        gap: 8,
        stroke: () => colour('--ink-3'),
        font: `11px ${colour('--sans')}`,
        grid: { stroke: () => colour('--rule'), width: 1 },
        ticks: { show: false },
        splits: () => gridOf(state.model),
        values: (_, splits) => splits.map((value) => formatAxis(value)),
      },
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      drawAxes: [(u) => drawTicks(u, state.model, colour)],
      draw: [(u) => drawBars(u, state.model, state.hovered, colour)],
      setCursor: [
        (u) => {
          const left = u.cursor.left ?? -1;
          show(left < 0 ? null : Math.min(state.model.starts.length - 1, Math.floor(u.posToVal(left, 'x'))));
        },
      ],
    },
  };
}

function dataOf({ starts }: PlotModel): uPlot.AlignedData {
  return [starts.map((_, index) => index + 0.5), starts.map(() => 0)];
}

function gridOf({ stacks }: PlotModel): number[] {
  const { low, high } = stackExtent(stacks);
  return niceTicks(low, high);
}

function boundsOf(model: PlotModel): [number, number] {
  const grid = gridOf(model);
  return [grid[0] ?? 0, grid.at(-1) ?? 1];
}

function drawTicks(u: uPlot, { starts, grain, zone }: PlotModel, colour: (name: string) => string): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  for (const { bucket, label, strong } of axisTicks(starts, grain, zone, bbox.width / ratio)) {
    const x = Math.round(u.valToPos(bucket, 'x', true));
    ctx.font = `${strong ? 600 : 400} ${11 * ratio}px ${colour('--sans')}`;
    ctx.fillStyle = colour(strong ? '--ink' : '--ink-3');
    const width = ctx.measureText(label).width;
    ctx.fillText(label, Math.min(x + (strong ? 4 * ratio : 0), bbox.left + bbox.width - width), bbox.top + bbox.height + 8 * ratio);
    if (!strong) continue;
    ctx.strokeStyle = colour('--rule-2');
    ctx.lineWidth = ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x + 0.5, bbox.top);
    ctx.lineTo(x + 0.5, bbox.top + bbox.height + 20 * ratio);
    ctx.stroke();
  }
  ctx.restore();
}

function drawBars(u: uPlot, { stacks, colours, open }: PlotModel, hovered: number | null, colour: (name: string) => string): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const fills = colours.map(colour);
  const slot = bbox.width / Math.max(1, stacks.length);
  const width = Math.max(1, Math.min(slot * BAR_SHARE, BAR_WIDTH_MAX * ratio));
  const gap = slot > 6 * ratio ? ratio : 0;
  ctx.save();
  stacks.forEach((segments, bucket) => {
    const left = u.valToPos(bucket + 0.5, 'x', true) - width / 2;
    if (bucket === hovered) {
      ctx.fillStyle = colour('--accent-soft');
      ctx.fillRect(left - slot * 0.07, bbox.top, width + slot * 0.14, bbox.height);
    }
    for (const { series, from, to } of segments) {
      const top = u.valToPos(Math.max(from, to), 'y', true);
      const height = u.valToPos(Math.min(from, to), 'y', true) - top;
      ctx.fillStyle = fills[series] ?? '';
      // The gap in the surface's colour parts neighbours that a reader's eye could not tell apart; a sliver stays visible without it.
      const inset = height > 3 * ratio ? gap : 0;
      ctx.fillRect(left, top + inset, width, Math.max(height - inset, Math.min(ratio, height)));
      if (bucket === open) hatch(ctx, left, top, width, height, colour('--sheet'));
    }
  });
  ctx.restore();
}

/** "Not over yet", and nothing else. */
function hatch(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number, surface: string): void {
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = surface;
  ctx.lineWidth = 2 * ratio;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += 5 * ratio) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
