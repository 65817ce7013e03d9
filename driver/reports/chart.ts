/** A chart of horizontal bars with their figures and limits, as shapes and as SVG. */

import { colours, type Shape } from './drawing.ts';
import { cellText, type ReportChart } from './report.ts';

const ROW_HEIGHT = 18;
const BAR_HEIGHT = 11;
const LABEL_WIDTH = 130;
const FIGURE_WIDTH = 75;
const TEXT_SIZE = 9;
/** More of them say nothing in a picture. */
const BARS_MAX = 24;
const LABEL_SIZE_MAX = 26;

export interface Drawn {
  readonly shapes: readonly Shape[];
  readonly height: number;
}

/** @param width in points */
export function drawChart({ title, kind, bars }: ReportChart, width: number): Drawn {
  const shown = bars.slice(0, BARS_MAX);
  const most = Math.max(1, ...shown.map(({ value, limit = 0 }) => Math.max(value, limit)));
  const scale = (width - LABEL_WIDTH - FIGURE_WIDTH) / most;
  const shapes: Shape[] = [
    { shape: 'text', x: 0, y: TEXT_SIZE + 2, text: title, size: TEXT_SIZE + 1, isBold: true },
  ];
  for (const [at, { label, value, limit }] of shown.entries()) {
    const y = 20 + at * ROW_HEIGHT;
    const base = y + BAR_HEIGHT - 2;
    const isOver = limit !== undefined && value > limit;
    const length = Math.max(0, value) * scale;
    const colour = isOver ? colours.over : colours.bar;
    const name = label.length > LABEL_SIZE_MAX ? `${label.slice(0, LABEL_SIZE_MAX - 1)}…` : label;
    shapes.push(
      { shape: 'text', x: LABEL_WIDTH - 6, y: base, text: name, size: TEXT_SIZE, anchor: 'end' },
      { shape: 'rectangle', x: LABEL_WIDTH, y, width: length, height: BAR_HEIGHT, colour },
    );
    const x = LABEL_WIDTH + (limit ?? 0) * scale;
    if (limit !== undefined)
      shapes.push({
        shape: 'line',
        x,
        y: y - 2,
        toX: x,
        toY: y + BAR_HEIGHT + 2,
        colour: colours.limit,
      });
    const end = LABEL_WIDTH + Math.max(length, (limit ?? 0) * scale);
    const figure = cellText(value, { kind });
    shapes.push({ shape: 'text', x: end + 5, y: base, text: figure, size: TEXT_SIZE });
  }
  return { shapes, height: 24 + shown.length * ROW_HEIGHT };
}

/** A picture for a browser or a document. */
export function chartSvg(chart: ReportChart, width = 540): string {
  const { shapes, height } = drawChart(chart, width);
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const body = shapes.map(svgOf).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif">\n${body}\n</svg>\n`;
}

function svgOf(shape: Shape): string {
  switch (shape.shape) {
    case 'rectangle': {
      const { x, y, width, height, colour } = shape;
      return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${height}" fill="${rgb(colour)}"/>`;
    }
    case 'line': {
      const { x, y, toX, toY, colour } = shape;
      return `<path d="M${round(x)} ${round(y)}L${round(toX)} ${round(toY)}" stroke="${rgb(colour)}"/>`;
    }
    case 'text': {
      const { x, y, text, size, isBold, anchor = 'start' } = shape;
      const weight = isBold === true ? ' font-weight="bold"' : '';
      return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}"${weight}>${escaped(text)}</text>`;
    }
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
const rgb = (colour: readonly number[]): string =>
  `rgb(${colour.map((part) => Math.round(part * 255)).join(' ')})`;
const escaped = (text: string): string =>
  text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
