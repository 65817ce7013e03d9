/**
 * Looks for a secret wherever it could have been left: memory of a processor, flash, recordings of lines, logs; in every
 * form that this software, its engines and its people write bytes in (requirements.md A6).
 */

/** Where to look: a name for the report, and what is there. Text is looked at as UTF-8. */
export type Places = Readonly<Record<string, Uint8Array | string>>;

export interface Finding {
  readonly place: string;
  /** How it is written there. */
  readonly form: string;
  /** In bytes from the start of the place. */
  readonly offset: number;
  /** How many bytes of the secret are there, and from which on. */
  readonly bytes: number;
  readonly from: number;
}

export interface ScanOptions {
  /** The least part of the secret that counts; all of it by default. What is shorter than 8 bytes is found by chance. */
  readonly bytesMin?: number;
}

/** The first place of each form in each of the places; nothing where the secret is nowhere. */
export function findSecret(
  secret: Uint8Array,
  places: Places,
  { bytesMin = secret.length }: ScanOptions = {},
): Finding[] {
  const patterns = patternsOf(secret, bytesMin);
  return Object.entries(places).flatMap(([place, content]) => {
    const bytes = bytesOf(content);
    const found = new Map<string, Finding>();
    for (const { form, from, pattern } of patterns) {
      const offset = found.has(form) ? -1 : bytes.indexOf(pattern);
      if (offset >= 0) found.set(form, { place, form, offset, from, bytes: bytesMin });
    }
    return [...found.values()];
  });
}

/** A secret by its name that was found. */
export interface NamedFinding extends Finding {
  readonly secret: string;
}

/** Many secrets at once, in one walk through each of the places: the first place of each secret in each form. */
export function findSecrets(
  secrets: Readonly<Record<string, Uint8Array>>,
  places: Places,
  { bytesMin }: ScanOptions = {},
): NamedFinding[] {
  type Wanted = { readonly secret: string; readonly bytes: number } & Pattern;
  const byStart = new Map<number, Wanted[]>();
  const starts = new Uint8Array(1 << 16);
  for (const [secret, whole] of Object.entries(secrets)) {
    const bytes = bytesMin ?? whole.length;
    for (const pattern of patternsOf(whole, bytes)) {
      const start = pattern.pattern.readUInt32LE(0);
      starts[start & 0xffff] = 1;
      const known = byStart.get(start);
      if (known === undefined) byStart.set(start, [{ secret, bytes, ...pattern }]);
      else known.push({ secret, bytes, ...pattern });
    }
  }
  return Object.entries(places).flatMap(([place, content]) => {
    const all = bytesOf(content);
    const found = new Map<string, NamedFinding>();
    for (let offset = 0; offset + 4 <= all.length; offset++) {
      if (starts[(all[offset] as number) | ((all[offset + 1] as number) << 8)] === 0) continue;
      for (const { secret, form, from, bytes, pattern } of byStart.get(all.readUInt32LE(offset)) ??
        []) {
        const key = `${secret} ${form}`;
        if (found.has(key) || !all.subarray(offset, offset + pattern.length).equals(pattern))
          continue;
        found.set(key, { secret, place, form, offset, from, bytes });
      }
    }
    return [...found.values()];
  });
}

interface Pattern {
  readonly form: string;
  readonly from: number;
  readonly pattern: Buffer;
}

/** What there would be to see of a secret, or of a part of so many bytes, in each form. */
function patternsOf(secret: Uint8Array, bytesMin: number): Pattern[] {
  if (bytesMin < 1 || bytesMin > secret.length)
    throw new RangeError(`a part of ${secret.length} bytes has no ${bytesMin}`);
  const windows = Array.from({ length: secret.length - bytesMin + 1 }, (_, from) => from);
  return Object.entries(forms).flatMap(([form, write]) =>
    windows.flatMap((from) => {
      const part = Buffer.from(secret.subarray(from, from + bytesMin));
      return write(part)
        .filter(({ length }) => length >= part.length)
        .map((pattern) => ({ form, from, pattern }));
    }),
  );
}

const bytesOf = (content: Uint8Array | string): Buffer =>
  typeof content === 'string' ? Buffer.from(content) : viewOf(content);

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

type Form = (secret: Buffer) => readonly Buffer[];

/**
 * A BigInt keeps a number in limbs, the lowest first, each in the byte order of its processor: on a little-endian one that is
 * the secret reversed; the others swap bytes within limbs.
 */
const forms: Readonly<Record<string, Form>> = {
  raw: (secret) => [secret],
  reversed: (secret) => [reversed(secret)],
  'limbs of 32 bits, big-endian, lowest first': (secret) => [swapped(reversed(secret), 4)],
  'limbs of 32 bits, little-endian, highest first': (secret) => [swapped(secret, 4)],
  'limbs of 64 bits, big-endian, lowest first': (secret) => [swapped(reversed(secret), 8)],
  'limbs of 64 bits, little-endian, highest first': (secret) => [swapped(secret, 8)],
  hex: (secret) => [Buffer.from(secret.toString('hex'))],
  'hex, upper case': (secret) => [Buffer.from(secret.toString('hex').toUpperCase())],
  'hex in 16-bit characters': (secret) => [
    Buffer.from(secret.toString('hex'), 'utf16le'),
    Buffer.from(secret.toString('hex').toUpperCase(), 'utf16le'),
  ],
  'hex, reversed': (secret) => [Buffer.from(reversed(secret).toString('hex'))],
  base64: (secret) => base64(secret, 'base64'),
  base64url: (secret) => base64(secret, 'base64url'),
  'base64 in 16-bit characters': (secret) =>
    [...base64(secret, 'base64'), ...base64(secret, 'base64url')].map(wide),
  'bytes in 16-bit characters': (secret) => [wide(secret)],
  'list of decimals': (secret) => [Buffer.from(secret.join()), Buffer.from(secret.join(', '))],
  'decimal digits': (secret) => [Buffer.from(digits(secret)), wide(Buffer.from(digits(secret)))],
};

/** Each byte as one character of 16 bits. */
const wide = (text: Buffer): Buffer => Buffer.from(text.toString('latin1'), 'utf16le');

/** The number that the secret is, big-endian. */
const digits = (secret: Buffer): string => BigInt(`0x0${secret.toString('hex')}`).toString();

const reversed = (bytes: Uint8Array): Buffer => Buffer.from(bytes).reverse();

/** Each group of so many bytes turned round; less than the secret where that is no multiple, which then has no such form. */
function swapped(bytes: Buffer, size: number): Buffer {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % size));
  const groups = Array.from({ length: whole.length / size }, (_, group) =>
    reversed(whole.subarray(group * size, (group + 1) * size)),
  );
  return Buffer.concat(groups);
}

/** Anywhere in a longer text: the characters that hold bits of the secret alone, for each of the three ways it can lie. */
function base64(secret: Buffer, alphabet: 'base64' | 'base64url'): Buffer[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString(alphabet);
    const bits = 8 * (before + secret.length);
    return Buffer.from(text.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6)));
  });
}
