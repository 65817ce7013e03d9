/**
 * What test vectors ask of the algorithms of the image, and how its answers are compared. The image works in another realm,
 * so that its arrays are not ours.
 */

import { equalBytes, joinBytes } from '#protocol/bytes';
import { fromHex, toHex } from './golden.ts';

/** As the image leaves them in its scope (firmware/algorithms.ts). */
export type Algorithms = ReturnType<typeof import('#firmware/algorithms').algorithmsOn>;

/** A copy in this realm. */
export const own = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);
export const isHex = (bytes: Uint8Array | undefined, hex: string): boolean =>
  bytes !== undefined && toHex(own(bytes)) === hex.toLowerCase();

/** A number of any length in hex as 32 bytes. */
export const scalar = (hex: string): Uint8Array => fromHex(hex.padStart(64, '0').slice(-64));

/** The same, without cutting one that is too long. */
const wholeBytes = (hex: string): Uint8Array =>
  fromHex(hex.padStart(hex.length > 64 ? 66 : 64, '0'));

/** The short form of a point, the only one that the meter takes. */
export const compress = (x: string, y: string): Uint8Array =>
  Uint8Array.of(2 + (Number.parseInt(y.slice(-1), 16) & 1), ...scalar(x));

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % P];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** Whether some point has this x: all that the short form of a point can be wrong in (SEC 1 2.3.4). */
export function isOnCurve(x: bigint): boolean {
  if (x >= P) return false;
  const square = (((x * x * x - 3n * x + B) % P) + P) % P;
  return power(square, (P - 1n) / 2n) !== P - 1n;
}

/**
 * Whether the image judges a point as it is: in its long form it takes none; in its short form it takes those whose x
 * is on the curve, which then have the right y by construction.
 */
export function judges(image: Algorithms, x: string, y: string): boolean {
  const isTaken = (key: Uint8Array): boolean => image.agree(scalar('01'), key) !== undefined;
  const [wholeX, wholeY] = [wholeBytes(x), wholeBytes(y)];
  if (isTaken(joinBytes(Uint8Array.of(4), wholeX, wholeY))) return false;
  if (wholeX.length > 32) return !isTaken(joinBytes(Uint8Array.of(2), wholeX));
  return isTaken(compress(x, y)) === isOnCurve(BigInt(`0x${x}`));
}

const NOTHING = new Uint8Array(0);

/** What is asked of a generator: with prediction resistance each request reseeds first (SP 800-90A 9.3.1, step 7). */
type DrbgStep =
  | { readonly reseed: string; readonly additional: string }
  | { readonly additional: string; readonly fresh?: string };

/** Runs a generator and compares what the last request gave. */
function generates(
  image: Algorithms,
  seed: readonly [entropy: string, nonce: string, personalization: string],
  steps: readonly DrbgStep[],
  returned: string,
): boolean {
  const [entropy, nonce, personalization] = seed.map(fromHex);
  const drbg = image.createDrbg(image.hmac, entropy ?? NOTHING, nonce ?? NOTHING, personalization);
  let bits: Uint8Array | undefined;
  for (const step of steps) {
    const additional = fromHex(step.additional);
    if ('reseed' in step) drbg.reseed(fromHex(step.reseed), additional);
    else if (step.fresh === undefined) bits = drbg.generate(returned.length / 2, additional);
    else {
      drbg.reseed(fromHex(step.fresh), additional);
      bits = drbg.generate(returned.length / 2);
    }
  }
  return isHex(bits, returned);
}

/** The first bits of a derived key; those behind the last one are not compared. */
export function derives(
  image: Algorithms,
  key: string,
  fixedData: string,
  derived: string,
  bits: number,
): boolean {
  const size = Math.ceil(bits / 8);
  const computed = own(image.kdfCounter(fromHex(key), fromHex(fixedData), size));
  const expected = fromHex(derived);
  const spare = 8 * size - bits;
  for (const whole of [computed, expected])
    whole[size - 1] = (whole[size - 1] as number) & (0xff << spare);
  return expected.length === size && equalBytes(computed, expected);
}

/** The Monte Carlo test of SHA-2 in its alternate form: each message has the size of the seed. */
export function equalsMonteCarlo(
  image: Algorithms,
  seed: Uint8Array,
  results: readonly { readonly md: string }[],
): boolean {
  let digest = seed;
  for (const { md } of results) {
    let [a, b, c] = [digest, digest, digest];
    for (let round = 0; round < 1000; round++) {
      const joined = joinBytes(a, b, c);
      const message = new Uint8Array(seed.length);
      message.set(joined.subarray(0, seed.length));
      [a, b, c] = [b, c, own(image.sha256(message))];
    }
    if (!isHex(c, md)) return false;
    digest = c;
  }
  return results.length === 100;
}

export interface AcvpDrbg {
  readonly entropyInput: string;
  readonly nonce: string;
  readonly persoString: string;
  readonly otherInput: readonly {
    readonly intendedUse: 'generate' | 'reSeed';
    readonly additionalInput: string;
    readonly entropyInput: string;
  }[];
  readonly returnedBits: string;
}

export interface CavpDrbg {
  readonly EntropyInput: string;
  readonly Nonce: string;
  readonly PersonalizationString: string;
  readonly EntropyInputReseed?: string;
  readonly AdditionalInputReseed?: string;
  readonly AdditionalInput: readonly string[];
  readonly EntropyInputPR?: readonly string[];
  readonly ReturnedBits: string;
}

export function generatesAcvp(
  image: Algorithms,
  one: AcvpDrbg,
  predictionResistance: boolean,
): boolean {
  const steps = one.otherInput.map(({ intendedUse, additionalInput: additional, entropyInput }) => {
    if (intendedUse === 'reSeed') return { reseed: entropyInput, additional };
    return predictionResistance ? { additional, fresh: entropyInput } : { additional };
  });
  const seed = [one.entropyInput, one.nonce, one.persoString] as const;
  return generates(image, seed, steps, one.returnedBits);
}

export function generatesCavp(image: Algorithms, one: CavpDrbg): boolean {
  const reseed = one.EntropyInputReseed;
  const steps: DrbgStep[] = one.AdditionalInput.map((additional, index) => {
    const fresh = one.EntropyInputPR?.[index];
    return fresh === undefined ? { additional } : { additional, fresh };
  });
  if (reseed !== undefined) steps.unshift({ reseed, additional: one.AdditionalInputReseed ?? '' });
  const seed = [one.EntropyInput, one.Nonce, one.PersonalizationString] as const;
  return generates(image, seed, steps, one.ReturnedBits);
}
