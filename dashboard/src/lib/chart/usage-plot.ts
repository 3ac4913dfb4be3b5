/** The Usage chart: uPlot gives the scales, the grid and the cursor; the stacked bars are painted here. */
import type uPlot from 'uplot';
import { formatAxis } from '../format.ts';
import { niceTicks, segmentAt, stackExtent, type Segment } from './stack.ts';
import { axisTicks } from './ticks.ts';
import type { Grain } from '../zone.ts';

export interface PlotModel {
  stacks: Segment[][];
  starts: number[];
  /** Heights of the period before, bar by bar; empty when it is not drawn. */
  ghost: number[];
  grain: Grain;
  zone: string;
  /** Index of the bucket that is not over yet, or −1. */
  open: number;
  /** CSS variable of each series' colour. */
  colours: string[];
}

export interface Hover {
  bucket: number;
  /** The series whose segment is under the pointer; null beside the bar, and with the keyboard. */
  series: number | null;
  /** Place of the bar in CSS pixels. */
  left: number;
  width: number;
}

export interface PlotEvents {
  onHover: (hover: Hover | null) => void;
  onOpen: (bucket: number, series: number | null) => void;
  /** Bars from the first to the last that were dragged over. */
  onZoom: (first: number, last: number) => void;
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
  const state: PlotState = {
    model: first,
    hovered: null,
    series: null,
    dragged: false,
    colour: (name) => getComputedStyle(container).getPropertyValue(name).trim(),
  };

  const show = (bucket: number | null, series: number | null): void => {
    if (bucket === state.hovered && series === state.series) return;
    state.hovered = bucket;
    state.series = series;
    plot.redraw(false);
    if (bucket === null) return events.onHover(null);
    const left = plot.valToPos(bucket, 'x');
    events.onHover({ bucket, series, left: left + plot.bbox.left / devicePixelRatio, width: plot.valToPos(bucket + 1, 'x') - left });
  };
  const plot = new UPlot(optionsOf(state, container, show, events.onZoom), dataOf(state.model), container);
  listen(plot, state, events);

  return {
    update(next) {
      state.model = next;
      plot.setData(dataOf(next));
    },
    resize: (width, height) => plot.setSize({ width, height }),
    highlight: (bucket) => show(bucket, null),
    destroy: () => plot.destroy(),
  };
}

/** A click opens; with a finger the first touch of a bar shows what it holds, and the second opens. */
function listen({ over }: uPlot, state: PlotState, events: PlotEvents): void {
  over.style.cursor = 'pointer';
  let touched: number | null = null;
  let isFirstTouch = false;
  over.addEventListener('pointerdown', ({ pointerType }) => {
    state.dragged = false;
    touched = pointerType === 'touch' ? state.hovered : null;
    isFirstTouch = pointerType === 'touch';
  });
  over.addEventListener('click', () => {
    if (state.hovered === null || state.dragged) return;
    if (!isFirstTouch || touched === state.hovered) events.onOpen(state.hovered, state.series);
  });
}

interface PlotState {
  model: PlotModel;
  hovered: number | null;
  series: number | null;
  /** The pointer was dragged over bars: its click opens nothing. */
  dragged: boolean;
  colour: (name: string) => string;
}

type Show = (bucket: number | null, series: number | null) => void;

/** Less is a click by an unsteady hand. */
const DRAG_MIN_PX = 8;

function optionsOf(state: PlotState, container: HTMLElement, show: Show, onZoom: PlotEvents['onZoom']): uPlot.Options {
  const { colour } = state;
  return {
    width: container.clientWidth || 600,
    height: container.clientHeight || 260,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, x: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: DRAG_MIN_PX } },
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
      draw: [
        (u) => {
          drawBars(u, state.model, state.hovered, colour);
          drawGhost(u, state.model, colour);
        },
      ],
      setCursor: [
        (u) => {
          const { left = -1, top = -1 } = u.cursor;
          if (left < 0) return show(null, null);
          const bucket = Math.min(state.model.starts.length - 1, Math.floor(u.posToVal(left, 'x')));
          show(bucket, segmentAt(state.model.stacks[bucket] ?? [], u.posToVal(top, 'y')));
        },
      ],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < DRAG_MIN_PX) return;
          state.dragged = true;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          const bar = (at: number) => Math.max(0, Math.min(state.model.starts.length - 1, Math.floor(u.posToVal(at, 'x'))));
          onZoom(bar(left), bar(left + width));
        },
      ],
    },
  };
}

function dataOf({ starts }: PlotModel): uPlot.AlignedData {
  return [starts.map((_, index) => index + 0.5), starts.map(() => 0)];
}

function gridOf({ stacks, ghost }: PlotModel): number[] {
  const { low, high } = stackExtent(stacks);
  return niceTicks(Math.min(low, ...ghost), Math.max(high, ...ghost));
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
  let free = 0;
  for (const { bucket, label, strong } of axisTicks(starts, grain, zone, bbox.width / ratio)) {
    const x = Math.round(u.valToPos(bucket, 'x', true));
    ctx.font = `${strong ? 600 : 400} ${11 * ratio}px ${colour('--sans')}`;
    ctx.fillStyle = colour(strong ? '--ink' : '--ink-3');
    const width = ctx.measureText(label).width;
    const left = Math.min(x + (strong ? 4 * ratio : 0), bbox.left + bbox.width - width);
    if (left >= free) {
      ctx.fillText(label, left, bbox.top + bbox.height + 8 * ratio);
      free = left + width + 6 * ratio;
    }
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

/** One stepped line with a halo in the surface's colour, so that it can be followed over bars of any colour. */
function drawGhost(u: uPlot, { ghost, stacks }: PlotModel, colour: (name: string) => string): void {
  const heights = ghost.slice(0, stacks.length);
  if (heights.length === 0) return;
  const { ctx } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  heights.forEach((height, bucket) => {
    const y = Math.round(u.valToPos(height, 'y', true)) + 0.5;
    ctx.lineTo(u.valToPos(bucket, 'x', true), y);
    ctx.lineTo(u.valToPos(bucket + 1, 'x', true), y);
  });
  for (const [name, width] of [
    ['--sheet', 4],
    ['--chart-ghost', 1.5],
  ] as const) {
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = width * ratio;
    ctx.stroke();
  }
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
