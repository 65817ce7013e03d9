/** The outlines of a picture along the edges of its dots: what a vector format draws, and no program can resample. */

import { type Bitmap, dotAt } from './bitmap.ts';

/** A closed line: x, y of each corner, in dots from the upper left; black is on its right hand. */
export type DotContour = readonly number[];

/** Where an edge leads: to the right along the top of a dot, down its right side, left along its bottom, up its left. */
const STEPS = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
] as const;

/**
 * Filled by the non-zero rule they are the black dots, and nothing else. Dots that touch at a corner only are kept apart.
 */
export function contoursOf(bitmap: Bitmap): DotContour[] {
  const edges = topEdges(bitmap);
  const contours: DotContour[] = [];
  for (let y = 0; y < bitmap.height; y++) {
    for (let place = 0; place < bitmap.stride; place++) {
      const at = y * bitmap.stride + place;
      while (edges[at] !== 0) {
        const x = place * 8 + Math.clz32(edges[at] as number) - 24;
        contours.push(walk(bitmap, edges, x, y));
      }
    }
  }
  return contours;
}

/** The dots with white above them, which every outline passes along: 1 until it was walked. */
function topEdges({ data, stride }: Bitmap): Uint8Array {
  return data.map((dots, at) => dots & ~(at < stride ? 0 : (data[at - stride] as number)));
}

/** Follows an outline from the upper left corner of a dot until it is back, black always to the right. */
function walk(bitmap: Bitmap, edges: Uint8Array, startX: number, startY: number): DotContour {
  const corners: number[] = [startX, startY];
  let [x, y, direction] = [startX, startY, 0];
  do {
    if (direction === 0) {
      const at = y * bitmap.stride + (x >> 3);
      edges[at] = (edges[at] as number) & ~(0x80 >> (x & 7));
    }
    const step = STEPS[direction] as (typeof STEPS)[number];
    x += step.x;
    y += step.y;
    const next = turn(bitmap, x, y, direction);
    if (next !== direction) corners.push(x, y);
    direction = next;
  } while (x !== startX || y !== startY || direction !== 0);
  return corners.slice(0, -2); // the last corner is the first
}

/** To the right where there is no black ahead on that side, to the left where black is on both, else straight on. */
function turn(bitmap: Bitmap, x: number, y: number, direction: number): number {
  const [right, left] = ahead(x, y, direction);
  if (dotAt(bitmap, right[0], right[1]) === 0) return (direction + 1) % 4;
  return dotAt(bitmap, left[0], left[1]) === 1 ? (direction + 3) % 4 : direction;
}

type Place = readonly [number, number];

/** The two dots in front of a corner, to the right hand and to the left. */
function ahead(x: number, y: number, direction: number): readonly [Place, Place] {
  const [nw, ne, se, sw]: readonly [Place, Place, Place, Place] = [
    [x - 1, y - 1],
    [x, y - 1],
    [x, y],
    [x - 1, y],
  ];
  const pairs = [
    [se, ne],
    [sw, se],
    [nw, sw],
    [ne, nw],
  ] as const;
  return pairs[direction] as (typeof pairs)[number];
}
