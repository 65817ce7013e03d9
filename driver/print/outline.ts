/** Outlines of letters turned into whole dots: scan lines with non-zero winding, no antialiasing (printing.md 1.4). */

import { type Bitmap, setDot } from './bitmap.ts';
import type { PathCommand } from './opentype.ts';

/** One closed line through points in dots: x, y, x, y … */
type Contour = readonly number[];

/** x' = a x + c y + e, y' = b x + d y + f. */
export interface Transform {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export function translation(x: number, y: number): Transform {
  return { a: 1, b: 0, c: 0, d: 1, e: x, f: y };
}

/** Straight pieces a curve is cut into: its error stays below a twentieth of a dot for letters of 200 dots. */
const PIECES_PER_CURVE = 12;
/** Scan lines a row of dots; across, the coverage of a dot is exact. */
const LINES_PER_DOT = 5;
/** A dot is black where the outline covers at least this share of it: a little under half keeps thin strokes whole. */
const COVERAGE_MIN = 0.46;

/** Cuts curves into straight pieces and moves every point. */
function flatten(commands: readonly PathCommand[], transform: Transform): Contour[] {
  const { a, b, c, d, e, f } = transform;
  const contours: number[][] = [];
  let contour: number[] = [];
  let x = 0;
  let y = 0;
  const lineTo = (toX: number, toY: number): void => {
    contour.push(a * toX + c * toY + e, b * toX + d * toY + f);
  };
  for (const command of commands) {
    if (command.type === 'Z') continue; // every contour is closed by the fill
    if (command.type === 'M') {
      contour = [];
      contours.push(contour);
      lineTo(command.x, command.y);
    } else if (command.type === 'L') lineTo(command.x, command.y);
    else
      for (let piece = 1; piece <= PIECES_PER_CURVE; piece++) {
        const [toX, toY] = pointOnCurve(command, x, y, piece / PIECES_PER_CURVE);
        lineTo(toX, toY);
      }
    x = command.x;
    y = command.y;
  }
  return contours;
}

/** The point of a quadratic or cubic Bézier curve at `t` from 0 to 1. */
function pointOnCurve(
  curve: Extract<PathCommand, { type: 'Q' | 'C' }>,
  x: number,
  y: number,
  t: number,
): readonly [number, number] {
  const u = 1 - t;
  if (curve.type === 'Q')
    return [
      u * u * x + 2 * u * t * curve.x1 + t * t * curve.x,
      u * u * y + 2 * u * t * curve.y1 + t * t * curve.y,
    ];
  const near = 3 * u * u * t;
  const far = 3 * u * t * t;
  return [
    u * u * u * x + near * curve.x1 + far * curve.x2 + t * t * t * curve.x,
    u * u * u * y + near * curve.y1 + far * curve.y2 + t * t * t * curve.y,
  ];
}

interface Crossing {
  readonly x: number;
  /** +1 where the outline goes down, -1 where it goes up. */
  readonly winding: 1 | -1;
}

/** Where the outline crosses a horizontal line, from left to right. */
function crossings(contours: readonly Contour[], y: number): Crossing[] {
  const found: Crossing[] = [];
  for (const points of contours) {
    for (let at = 0; at < points.length; at += 2) {
      const next = (at + 2) % points.length;
      const y0 = points[at + 1] as number;
      const y1 = points[next + 1] as number;
      if (y0 <= y === y1 <= y) continue;
      const x0 = points[at] as number;
      const x1 = points[next] as number;
      found.push({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), winding: y0 < y1 ? 1 : -1 });
    }
  }
  return found.sort((left, right) => left.x - right.x);
}

/** Adds what one scan line covers of each dot of a row. */
function cover(row: Float64Array, found: readonly Crossing[]): void {
  let winding = 0;
  let from = 0;
  for (const crossing of found) {
    if (winding !== 0) {
      const left = Math.max(0, from);
      const right = Math.min(row.length, crossing.x);
      for (let x = Math.floor(left); x < right; x++)
        row[x] = (row[x] as number) + Math.min(right, x + 1) - Math.max(left, x);
    }
    winding += crossing.winding;
    from = crossing.x;
  }
}

/** Fills an outline with black dots. */
export function fillOutline(
  bitmap: Bitmap,
  commands: readonly PathCommand[],
  transform: Transform,
): void {
  const contours = flatten(commands, transform);
  const heights = contours.flatMap((points) => points.filter((_, at) => at % 2 === 1));
  if (heights.length === 0) return;
  const top = Math.max(0, Math.floor(heights.reduce((low, y) => Math.min(low, y))));
  const bottom = Math.min(bitmap.height, Math.ceil(heights.reduce((high, y) => Math.max(high, y))));
  const row = new Float64Array(bitmap.width);
  for (let y = top; y < bottom; y++) {
    row.fill(0);
    for (let line = 0; line < LINES_PER_DOT; line++)
      cover(row, crossings(contours, y + (line + 0.5) / LINES_PER_DOT));
    for (let x = 0; x < row.length; x++)
      if ((row[x] as number) >= COVERAGE_MIN * LINES_PER_DOT) setDot(bitmap, x, y, 1);
  }
}
