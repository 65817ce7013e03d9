/**
 * The lengths of the ESC/POS commands: where each ends, known from its first bytes (Epson's and compatible manuals).
 *
 * A command is a head (introducer, letters, parameters) and, for a few, a body: rows of dots that are streamed one by
 * one and bytes that are passed over. Knowing every common length keeps a reader in step even where a command has no
 * effect here.
 */

const DLE = 0x10;
const ESC = 0x1b;
const FS = 0x1c;
const GS = 0x1d;

/** What follows the head of a command. */
export interface CommandBody {
  /** Bytes of one row of dots, 0 to 65,535. */
  readonly rowSize: number;
  /** Number of rows, 0 to 65,535. */
  readonly rows: number;
  /** Bytes after the rows that mean nothing here, 0 to 4,294,967,295; in a `text` body the most that may come. */
  readonly skip: number;
  /** The body ends early at a NUL byte. */
  readonly endsAtNul: boolean;
}

export interface CommandLayout {
  /** As the manuals write it, such as `GS v 0`. */
  readonly name: string;
  /** Bytes of the head, as far as `head` tells yet (two bytes or more of it are given). */
  headSize(head: readonly number[]): number;
  body(head: readonly number[]): CommandBody;
}

const NO_BODY: CommandBody = { rowSize: 0, rows: 0, skip: 0, endsAtNul: false };
/** A counted command up to this many parameters is kept whole; of a longer one the parameters are passed over. */
const COUNTED_PARAMETERS_KEPT = 32;
/** Function 112 of GS ( L and GS 8 L: m fn a bx by c xL xH yL yH, then the dots. */
const STORE_GRAPHICS_HEAD = 10;
const STORE_GRAPHICS_FUNCTION = 112;

/** Two bytes at `at`, low byte first; what has not come yet counts as 0. */
export function u16(head: ArrayLike<number>, at: number): number {
  return (head[at] ?? 0) + (head[at + 1] ?? 0) * 0x100;
}

const skip = (size: number): CommandBody => ({ ...NO_BODY, skip: size });

function fixed(name: string, parameters: number): CommandLayout {
  return { name, headSize: () => 2 + parameters, body: () => NO_BODY };
}

/** A head whose size depends on the parameter after the letter. */
function chosen(name: string, sizeOf: (parameter: number) => number): CommandLayout {
  return {
    name,
    headSize: (head) => (head.length < 3 ? 3 : sizeOf(head[2] ?? 0)),
    body: () => NO_BODY,
  };
}

/** A fixed head and then bytes that are passed over. */
function withData(
  name: string,
  headSize: number,
  dataSize: (head: readonly number[]) => number,
): CommandLayout {
  return { name, headSize: () => headSize, body: (head) => skip(dataSize(head)) };
}

/** `( X pL pH …` and `8 X p1 p2 p3 p4 …`: the parameters are counted; stored graphics among them are rows. */
function counted(name: string, countSize: 2 | 4): CommandLayout {
  const parametersAt = 3 + countSize;
  const count = (head: readonly number[]) =>
    u16(head, 3) + (countSize === 4 ? u16(head, 5) * 0x10000 : 0);
  const isStoredGraphics = (head: readonly number[]) =>
    head[2] === 0x4c &&
    head[parametersAt + 1] === STORE_GRAPHICS_FUNCTION &&
    count(head) >= STORE_GRAPHICS_HEAD;

  return {
    name,
    headSize(head) {
      if (head.length < parametersAt) return parametersAt;
      if (head.length < parametersAt + 2) return parametersAt + Math.min(2, count(head));
      if (isStoredGraphics(head)) return parametersAt + STORE_GRAPHICS_HEAD;
      return count(head) <= COUNTED_PARAMETERS_KEPT ? parametersAt + count(head) : head.length;
    },
    body(head) {
      const left = count(head) - (head.length - parametersAt);
      if (!isStoredGraphics(head)) return skip(left);
      const rowSize = Math.ceil(u16(head, parametersAt + 6) / 8);
      const rows =
        rowSize === 0 ? 0 : Math.min(u16(head, parametersAt + 8), Math.floor(left / rowSize));
      return { rowSize, rows, skip: left - rows * rowSize, endsAtNul: false };
    },
  };
}

const rasterImage: CommandLayout = {
  name: 'GS v 0',
  headSize: () => 8,
  body: (head) => ({ ...NO_BODY, rowSize: u16(head, 4), rows: u16(head, 6) }),
};

/** GS k: system 0 to 6 ends at a NUL, system 65 and up has a count. */
const barcode: CommandLayout = {
  name: 'GS k',
  headSize: (head) => ((head[2] ?? 0) >= 65 ? 4 : 3),
  body: (head) =>
    (head[2] ?? 0) >= 65
      ? skip(head[3] ?? 0)
      : { ...NO_BODY, skip: (head[2] ?? 0) <= 6 ? 255 : 0, endsAtNul: true },
};

const tabPositions: CommandLayout = {
  name: 'ESC D',
  headSize: () => 2,
  body: () => ({ ...NO_BODY, skip: 33, endsAtNul: true }),
};

/** ESC * m nL nH: columns of 8 dots, or of 24 from mode 32 on. */
const columnImage = withData('ESC *', 5, (head) => u16(head, 3) * ((head[2] ?? 0) >= 32 ? 3 : 1));

const cut = chosen('GS V', (m) => (m > 60 ? 4 : 3));
const realTimeStatus = chosen('DLE EOT', (n) => (n === 7 || n === 8 || n === 18 ? 4 : 3));
/** Size of DLE DC4 by its function: pulse, power off, buzzer, status, clear. */
const DLE_DC4_SIZES = new Map([
  [1, 5],
  [2, 5],
  [3, 8],
  [7, 4],
  [8, 10],
]);

const special: ReadonlyMap<number, CommandLayout> = new Map(
  (
    [
      [DLE, 0x04, realTimeStatus],
      [DLE, 0x05, fixed('DLE ENQ', 1)],
      [DLE, 0x14, chosen('DLE DC4', (fn) => DLE_DC4_SIZES.get(fn) ?? 3)],
      [ESC, '*', columnImage],
      [ESC, 'D', tabPositions],
      [GS, 'V', cut],
      [GS, 'k', barcode],
      [GS, '*', withData('GS *', 4, (head) => (head[2] ?? 0) * (head[3] ?? 0) * 8)],
      [GS, 'Q', withData('GS Q 0', 8, (head) => u16(head, 4) * u16(head, 6))],
    ] as const
  ).map(([first, second, layout]) => [
    key(first, typeof second === 'number' ? second : second.charCodeAt(0)),
    layout,
  ]),
);

/** Number of parameter bytes after introducer and letter, for the commands that have a fixed number. */
const PARAMETERS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [ESC]: {
    ...{ '\f': 0, ' ': 1, '!': 1, $: 2, '%': 1, '-': 1, 2: 0, 3: 1, '<': 0, '=': 1, '?': 1 },
    ...{ '@': 0, B: 2, E: 1, G: 1, J: 1, K: 1, L: 0, M: 1, R: 1, S: 0, T: 1, U: 1, V: 1, W: 8 },
    ...{ '\\': 2, a: 1, c: 2, d: 1, e: 1, i: 0, m: 0, p: 3, r: 1, t: 1, v: 0, '{': 1 },
  },
  [FS]: { '!': 1, '&': 0, '-': 1, '.': 0, '?': 2, C: 1, S: 2, W: 1, p: 2 },
  [GS]: {
    ...{ '!': 1, $: 2, '/': 1, ':': 0, B: 1, E: 1, H: 1, I: 1, L: 2, P: 2, T: 1, W: 2, '\\': 2 },
    ...{ '^': 3, a: 1, b: 1, c: 0, f: 1, g: 4, h: 1, j: 1, r: 1, w: 1, z: 3 },
  },
};
const INTRODUCER_NAMES = new Map([
  [ESC, 'ESC'],
  [FS, 'FS'],
  [GS, 'GS'],
]);

function key(first: number, second: number): number {
  return first * 0x100 + second;
}

export function isIntroducer(byte: number): boolean {
  return byte === DLE || INTRODUCER_NAMES.has(byte);
}

/**
 * The layout of the command that begins with these bytes, `undefined` where there is none, or `'more'` where the next
 * byte must be seen to tell.
 */
export function layoutOf(head: readonly number[]): CommandLayout | 'more' | undefined {
  const [first = 0, second, third] = head;
  if (second === undefined) return 'more';
  const letter = String.fromCharCode(second);
  if (letter === '(' || (first === GS && (letter === '8' || letter === 'v'))) {
    return third === undefined ? 'more' : layoutOfThree(first, letter, third);
  }
  const parameters = PARAMETERS[first]?.[letter];
  if (parameters !== undefined) return fixed(nameOf(first, letter), parameters);
  return special.get(key(first, second));
}

function layoutOfThree(first: number, letter: string, third: number): CommandLayout | undefined {
  const name = `${nameOf(first, letter)} ${String.fromCharCode(third)}`;
  if (letter === 'v') return third === 0x30 ? rasterImage : undefined;
  if (letter === '8') return third === 0x4c ? counted(name, 4) : undefined;
  return first !== DLE && third >= 0x41 && third <= 0x5a ? counted(name, 2) : undefined;
}

function nameOf(first: number, letter: string): string {
  const shown = letter === ' ' ? 'SP' : letter === '\f' ? 'FF' : letter;
  return `${INTRODUCER_NAMES.get(first) ?? 'DLE'} ${shown}`;
}
