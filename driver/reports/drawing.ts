/** What a report is drawn of: rectangles, lines and words, in points from the top left; SVG and PDF are made of the same. */

export type Shape =
  | {
      readonly shape: 'rectangle';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly colour: Colour;
    }
  | {
      readonly shape: 'line';
      readonly x: number;
      readonly y: number;
      readonly toX: number;
      readonly toY: number;
      readonly colour: Colour;
    }
  | {
      readonly shape: 'text';
      readonly x: number;
      /** Of its base line. */
      readonly y: number;
      readonly text: string;
      readonly size: number;
      readonly isBold?: boolean;
      readonly anchor?: 'start' | 'end';
    };

/** Red, green, blue, each from 0 to 1. */
export type Colour = readonly [number, number, number];
export const colours = {
  ink: [0.1, 0.1, 0.12],
  rule: [0.75, 0.75, 0.78],
  bar: [0.18, 0.42, 0.65],
  over: [0.78, 0.25, 0.2],
  limit: [0.1, 0.1, 0.12],
} as const satisfies Record<string, Colour>;
