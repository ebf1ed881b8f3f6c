import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart, Series } from '../model.js';

use([
  BarChart,
  LineChart,
  CustomChart,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  SVGRenderer,
]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The library wants real colours, the page wants to choose them for light, dark and print: every colour used here is
 * a stand-in that is replaced by a CSS variable afterwards.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  '#010203': 'var(--ink)',
  '#010204': 'var(--muted)',
  '#010205': 'var(--line)',
  '#010206': 'var(--band)',
  '#010207': 'var(--paper)',
  '#010211': 'var(--series-1)',
  '#010212': 'var(--series-2)',
  '#010213': 'var(--series-3)',
  '#010214': 'var(--series-4)',
  '#010215': 'var(--series-5)',
  '#010216': 'var(--series-6)',
  '#010217': 'var(--series-7)',
  '#010218': 'var(--series-8)',
  '#010219': 'var(--series-9)',
};
const INK = '#010203';
const MUTED = '#010204';
const LINE = '#010205';
const BAND = '#010206';
const PAPER = '#010207';
const SERIES = ['#010211', '#010212', '#010213', '#010214', '#010215', '#010216', '#010217', '#010218', '#010219'];
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect'];
const FONT = 'system-ui, sans-serif';
/** Lines of more points than this carry no marks. */
const MARKED_POINTS_MAX = 12;
const WHISKER_PX = 5;
/** About how wide a character of a label is, and how much of a chart's width its axis has. */
const CHARACTER_PX = 7.5;
const PLOT_SHARE = 0.9;

/** Where a percentile lies on the axis: every step of 1 leaves a tenth of the rest. */
function tailPosition(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}

function tailLabel(position: number): string {
  return Number.isInteger(position) ? String(Number((100 * (1 - 10 ** -position)).toPrecision(10))) : '';
}

function positionOf(chart: Chart, x: number): number | string {
  if (chart.xScale === 'percentile') return tailPosition(x);
  return chart.xScale === 'category' ? (chart.categories?.[x] ?? String(x)) : x;
}

function compact(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`;
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(6)));
}

const text = (color: string) => ({ color, fontFamily: FONT, fontSize: 12 });

function xAxis(chart: Chart): Record<string, unknown> {
  const xs = chart.series.flatMap((series) => series.points.map(([x]) => x));
  const base = {
    name: chart.xTitle,
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: text(MUTED),
    axisLine: { lineStyle: { color: LINE } },
    axisTick: { show: false },
    splitLine: { show: false },
  };
  if (chart.xScale === 'category') {
    const data = [...new Set(xs)].sort((a, b) => a - b).map((x) => chart.categories?.[x] ?? String(x));
    return { ...base, type: 'category', data, axisLabel: { ...text(MUTED), interval: 0, hideOverlap: false } };
  }
  if (chart.xScale === 'percentile') {
    const max = Math.max(1, Math.ceil(Math.max(...xs.map(tailPosition))));
    return { ...base, type: 'value', min: 0, max, interval: 1, axisLabel: { ...text(MUTED), formatter: tailLabel } };
  }
  if (chart.xScale === 'log') {
    const [min, max] = [Math.max(1, Math.min(...xs)), Math.max(2, ...xs)];
    return { ...base, type: 'log', logBase: 2, min, max, axisLabel: { ...text(MUTED), formatter: compact } };
  }
  return {
    ...base,
    type: 'value',
    min: Math.floor(Math.min(...xs)),
    max: Math.ceil(Math.max(...xs)),
    axisLabel: { ...text(MUTED), hideOverlap: true, formatter: compact },
  };
}

/** Ends of a logarithmic axis: the powers of ten around the values, so that every label is one. */
function logEnds(chart: Chart): { min: number; max: number } {
  const ys = chart.series.flatMap((series) => series.points.flatMap(([, y]) => (y !== null && y > 0 ? [y] : [])));
  if (ys.length === 0) return { min: 1, max: 10 };
  const min = 10 ** Math.floor(Math.log10(Math.min(...ys)));
  return { min, max: Math.max(min * 10, 10 ** Math.ceil(Math.log10(Math.max(...ys)))) };
}

function yAxis(chart: Chart): Record<string, unknown> {
  return {
    type: chart.yScale === 'log' ? 'log' : 'value',
    ...(chart.yScale === 'log' ? logEnds(chart) : { min: 0 }),
    name: chart.yTitle,
    nameLocation: 'end',
    nameTextStyle: { ...text(MUTED), align: 'left', padding: [0, 0, 0, -30] },
    splitNumber: 4,
    axisLabel: { ...text(MUTED), formatter: compact },
    splitLine: { lineStyle: { color: LINE } },
  };
}

/** Names of stretches that are too narrow for them would run into each other. */
function spansOf(chart: Chart, widthPx: number): Record<string, unknown> {
  const xs = chart.series.flatMap((series) => series.points.map(([x]) => x));
  const pxPerUnit = (widthPx * PLOT_SHARE) / Math.max(1e-9, Math.max(...xs) - Math.min(...xs));
  const nameOf = (span: Chart['spans'][number]): string =>
    (span.to - span.from) * pxPerUnit >= span.name.length * CHARACTER_PX ? span.name : '';
  return {
    silent: true,
    itemStyle: { color: BAND },
    label: { ...text(MUTED), position: 'insideTop' },
    data: chart.spans.map((span) => [{ name: nameOf(span), xAxis: span.from }, { xAxis: span.to }]),
  };
}

/** Events stand upright, limits lie across. */
function marksOf(chart: Chart): Record<string, unknown> {
  const named = (name: string, position: string) => ({ name, label: { ...text(MUTED), formatter: '{b}', position } });
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: MUTED, type: 'dotted', width: 1.5 },
    data: [
      ...(chart.events ?? []).map(({ name, at }) => ({ ...named(name, 'end'), xAxis: at })),
      ...(chart.limits ?? []).map(({ name, at }) => ({ ...named(name, 'insideEndTop'), yAxis: at })),
    ],
  };
}

function barOf(chart: Chart, series: Series, index: number): Record<string, unknown> {
  return {
    type: 'bar',
    name: series.name,
    stack: 'all',
    barMaxWidth: 56,
    data: series.points.map(([x, y]) => [positionOf(chart, x), y]),
    itemStyle: { color: SERIES[index % SERIES.length], borderColor: PAPER, borderWidth: 1 },
  };
}

function lineOf(chart: Chart, series: Series, index: number, widthPx: number): Record<string, unknown> {
  const color = SERIES[index % SERIES.length];
  return {
    type: 'line',
    name: series.name,
    data: series.points.map(([x, y]) => [positionOf(chart, x), y]),
    symbol: SYMBOLS[index % SYMBOLS.length],
    symbolSize: 7,
    showSymbol: series.isModel !== true && series.points.length <= MARKED_POINTS_MAX,
    lineStyle: { color, width: 2, type: series.isModel === true ? 'dashed' : 'solid' },
    itemStyle: { color },
    ...(index === 0 && chart.spans.length > 0 ? { markArea: spansOf(chart, widthPx) } : {}),
    ...(index === 0 ? { markLine: marksOf(chart) } : {}),
  };
}

/** What a custom series gets to place its shapes with. */
interface Place {
  value(dimension: number): number;
  coord(point: [number | string, number]): [number, number];
}

function whiskersOf(chart: Chart, series: Series, index: number): Record<string, unknown>[] {
  const intervals = (series.intervals ?? []).filter(([, lower, upper]) => lower !== null && upper !== null);
  if (intervals.length === 0) return [];
  const style = { stroke: SERIES[index % SERIES.length], lineWidth: 1.5, fill: 'none' };
  return [
    {
      type: 'custom',
      name: series.name,
      silent: true,
      data: intervals.map(([x, lower, upper]) => [positionOf(chart, x), lower, upper]),
      renderItem: (_: unknown, place: Place) => {
        const [x, low] = place.coord([place.value(0), place.value(1)]);
        const [, high] = place.coord([place.value(0), place.value(2)]);
        const bar = (x1: number, y1: number, x2: number, y2: number) => ({
          type: 'line',
          shape: { x1, y1, x2, y2 },
          style,
        });
        return {
          type: 'group',
          children: [
            bar(x, low, x, high),
            bar(x - WHISKER_PX, low, x + WHISKER_PX, low),
            bar(x - WHISKER_PX, high, x + WHISKER_PX, high),
          ],
        };
      },
    },
  ];
}

function optionOf(chart: Chart, widthPx: number): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: 'transparent',
    color: SERIES,
    textStyle: { fontFamily: FONT, color: INK },
    grid: {
      left: 8,
      right: 18,
      top: chart.series.length > 1 ? 62 : 34,
      bottom: 26,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...(chart.series.length > 1
      ? {
          legend: {
            top: 0,
            left: 0,
            icon: 'roundRect',
            itemWidth: 14,
            itemHeight: 4,
            textStyle: text(INK),
            data: chart.series.map(({ name }) => name),
          },
        }
      : {}),
    xAxis: xAxis(chart),
    yAxis: yAxis(chart),
    series: chart.series.flatMap((series, i) =>
      chart.form === 'stack'
        ? [barOf(chart, series, i)]
        : [lineOf(chart, series, i, widthPx), ...whiskersOf(chart, series, i)],
    ),
  };
}

/**
 * The chart as inline SVG of that size: colours are CSS variables of the page, ids are made from the chart's own, so
 * that the same report gives the same text and two charts never share an id.
 */
export function renderChart(chart: Chart, size: ChartSize): string {
  const instance = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    instance.setOption(optionOf(chart, size.width));
    return normalise(instance.renderToSVGString(), `${chart.id}-${size.width}`);
  } finally {
    instance.dispose();
  }
}

/** A tenth of a pixel is finer than any screen or printer shows, and half of a chart's text is digits. */
function rounded(coordinates: string): string {
  return coordinates.replace(/\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1))));
}

function normalise(svg: string, id: string): string {
  const seen = new Map<string, string>();
  return svg
    .replace(/\bzr\d+-[\w-]+/g, (found) => {
      const known = seen.get(found) ?? `${id}-${seen.size}`;
      seen.set(found, known);
      return known;
    })
    .replace(/(?<==")[^"]*\d\.\d{2,}[^"]*(?=")/g, rounded)
    .replace(/#0102[0-9a-f]{2}/gi, (color) => STAND_INS[color.toLowerCase()] ?? color)
    .replace(
      /rgb\(1,2,(\d+)\)/g,
      (color, blue: string) => STAND_INS[`#0102${Number(blue).toString(16).padStart(2, '0')}`] ?? color,
    );
}
