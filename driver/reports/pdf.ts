/**
 * Pages of words, lines and rectangles as a PDF 1.4. Words stand in the letters that every reader has (Helvetica, in the
 * encoding of Windows); a character outside of them is drawn by its outline, so that any name is readable.
 */

import { deflateSync } from 'node:zlib';
import { ascii } from '#protocol/bytes';
import { pdfFile } from '../pdf-file.ts';
import { findGlyph } from '../print/font.ts';
import type { PathCommand } from '../print/opentype.ts';
import type { Shape } from './drawing.ts';

/** Points; A4 upright. */
export const PAGE = { width: 595, height: 842 } as const;

/** @param title for the reader's window */
export function pdfOf(title: string, pages: readonly (readonly Shape[])[]): Uint8Array {
  const firstPage = INFO + 1;
  const kids = pages.map((_, at) => `${firstPage + 2 * at} 0 R`).join(' ');
  const objects: (readonly Uint8Array[])[] = [
    [ascii('<< /Type /Catalog /Pages 2 0 R >>')],
    [ascii(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`)],
    [ascii('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')],
    [
      ascii(
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>',
      ),
    ],
    [ascii(`<< /Title ${textString(title)} /Producer (Tessera) >>`)],
  ];
  for (const [at, shapes] of pages.entries()) {
    const fonts = '/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>';
    const box = `/MediaBox [0 0 ${PAGE.width} ${PAGE.height}]`;
    const content = `/Contents ${firstPage + 2 * at + 1} 0 R`;
    const stream = deflateSync(Buffer.from(shapes.map(operatorsOf).join('\n'), 'latin1'));
    objects.push(
      [ascii(`<< /Type /Page /Parent 2 0 R ${box} ${fonts} ${content} >>`)],
      [
        ascii(`<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`),
        stream,
        ascii('\nendstream'),
      ],
    );
  }
  return pdfFile(objects, INFO);
}

/** The object that holds the title. */
const INFO = 5;

/** UTF-16 with its mark, in hexadecimal: nothing in it needs an escape. */
const textString = (text: string): string =>
  `<feff${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;

/** Points with y upwards from the foot of the page. */
function operatorsOf(shape: Shape): string {
  const up = (y: number): string => number(PAGE.height - y);
  switch (shape.shape) {
    case 'rectangle': {
      const { x, y, width, height, colour } = shape;
      return `${colour.map(number).join(' ')} rg ${number(x)} ${up(y + height)} ${number(width)} ${number(height)} re f`;
    }
    case 'line': {
      const { x, y, toX, toY, colour } = shape;
      return `${colour.map(number).join(' ')} RG 0.5 w ${number(x)} ${up(y)} m ${number(toX)} ${up(toY)} l S`;
    }
    case 'text':
      return textOperators(shape);
  }
}

const number = (value: number): string => String(Math.round(value * 1_000) / 1_000);

function textOperators({ x, y, text, size, isBold = false, anchor }: Shape & { shape: 'text' }) {
  const runs = runsOf(text);
  const width = textWidth(text, size, isBold);
  let at = anchor === 'end' ? x - width : x;
  const base = PAGE.height - y;
  const operators = ['0.1 0.1 0.12 rg'];
  for (const run of runs) {
    const runWidth = textWidth(run.text, size, isBold);
    if (run.isPlain)
      operators.push(
        `BT /F${isBold ? 2 : 1} ${number(size)} Tf ${number(at)} ${number(base)} Td <${winAnsi(run.text)}> Tj ET`,
      );
    else operators.push(outlines(run.text, at, base, size, isBold));
    at += runWidth;
  }
  return operators.join('\n');
}

interface TextRun {
  readonly text: string;
  readonly isPlain: boolean;
}

function runsOf(text: string): readonly TextRun[] {
  const runs: { text: string; isPlain: boolean }[] = [];
  for (const character of text.replaceAll(/\p{Cc}/gu, ' ')) {
    const isPlain = codeOf(character) !== undefined;
    const last = runs.at(-1);
    if (last?.isPlain === isPlain) last.text += character;
    else runs.push({ text: character, isPlain });
  }
  return runs;
}

/** What Windows' encoding has between 0x80 and 0x9f, in its order; a space where it has nothing. */
const WINDOWS = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

function codeOf(character: string): number | undefined {
  const code = character.codePointAt(0) ?? 0;
  if ((code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff)) return code;
  const at = WINDOWS.indexOf(character);
  return at < 0 ? undefined : 0x80 + at;
}

const winAnsi = (text: string): string =>
  Buffer.from([...text].map((character) => codeOf(character) ?? 0x3f)).toString('hex');

/** Widths of Helvetica from the space to the tilde, in thousandths of its size (Adobe's metrics). */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
  556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
  611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
  667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
  222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/** Bold letters are a little wider; digits are not. */
const BOLD_FACTOR = 1.06;
const OTHER_WIDTH = 556;
/** As wide as the letters are high. */
const FULL_WIDTH = '—…™‰Œ';

function characterWidth(character: string, isBold: boolean): number {
  if (FULL_WIDTH.includes(character)) return 1_000;
  const base = character.normalize('NFKD').charCodeAt(0); // an accent adds nothing to the width
  const width = WIDTHS[base - 0x20];
  if (codeOf(character) === undefined) return glyphWidth(character) ?? OTHER_WIDTH;
  const isLetter = /\p{L}/u.test(character);
  return (width ?? OTHER_WIDTH) * (isBold && isLetter ? BOLD_FACTOR : 1);
}

function glyphWidth(character: string): number | undefined {
  const found = findGlyph(character, 400);
  return found && (found.glyph.advanceWidth / found.font.unitsPerEm) * 1_000;
}

export const textWidth = (text: string, size: number, isBold = false): number =>
  ([...text].reduce((sum, each) => sum + characterWidth(each, isBold), 0) * size) / 1_000;

/** Characters that the fonts at hand lack as well become a box. */
function outlines(text: string, x: number, y: number, size: number, isBold: boolean): string {
  const paths: string[] = [];
  let at = x;
  for (const character of text) {
    const found = findGlyph(character, isBold ? 600 : 400);
    const width = (characterWidth(character, isBold) * size) / 1_000;
    paths.push(
      found === undefined
        ? `${number(at + 0.5)} ${number(y)} ${number(width - 1)} ${number(size * 0.7)} re f`
        : `${found.glyph.getPath(at, 0, size).commands.map(pathOperator(y)).join(' ')} f`,
    );
    at += width;
  }
  return paths.join('\n');
}

function pathOperator(base: number) {
  let from = { x: 0, y: 0 };
  const point = (x: number, y: number): string => `${number(x)} ${number(base - y)}`;
  return (command: PathCommand): string => {
    switch (command.type) {
      case 'M':
        from = command;
        return `${point(command.x, command.y)} m`;
      case 'L':
        from = command;
        return `${point(command.x, command.y)} l`;
      case 'Q': {
        const { x1, y1, x, y } = command;
        const third = (a: number, b: number): number => a + ((b - a) * 2) / 3;
        const first = point(third(from.x, x1), third(from.y, y1));
        const second = point(third(x, x1), third(y, y1));
        from = command;
        return `${first} ${second} ${point(x, y)} c`;
      }
      case 'C': {
        const { x1, y1, x2, y2, x, y } = command;
        from = command;
        return `${point(x1, y1)} ${point(x2, y2)} ${point(x, y)} c`;
      }
      case 'Z':
        return 'h';
    }
  };
}
