/**
 * Test vectors that nobody here wrote, computed by the image by itself in the processor of a board, and with the crypto
 * engine of the board (requirements.md A2). What a file holds and the meter does not do is counted with its reason, so
 * that nothing is left out unseen.
 */

import { afterAll, describe, expect, test } from 'vitest';
import type { Board } from '#emulator/board';
import { ascii, equalBytes, joinBytes } from '#protocol/bytes';
import { makeBoard } from '#test/support/board';
import { fromHex, toHex } from '#test/support/golden';
import {
  type AcvpDrbg,
  type Algorithms,
  type CavpDrbg,
  compress,
  derives,
  equalsMonteCarlo,
  generatesAcvp,
  generatesCavp,
  isHex,
  isOnCurve,
  judges,
  own,
  scalar,
} from '#test/support/image-algorithms';
import { readVectors } from '#test/support/vectors';

/** Every vector is computed by both. */
const boards = [
  ['by itself', makeBoard({ cryptoEngine: false }).board],
  ['with a crypto engine', makeBoard({ cryptoEngine: true }).board],
] as const;

/** The one that is asked. */
let image: Algorithms;

function ask(board: Board): void {
  image = board.algorithms as unknown as Algorithms;
}

const totals = { files: 0, run: 0, notApplicable: 0, absent: 0 };

afterAll(async () => {
  for (const [, board] of boards) await board[Symbol.asyncDispose]();
  process.stdout.write(`${JSON.stringify({ script: 'vectors', ...totals })}\n`);
});

/** What became of one case: whether the image gave what it must, or why it is not asked. */
type Outcome = boolean | `not asked: ${string}`;

interface Expected {
  readonly run: number;
  readonly notApplicable: number;
}

/** Declares the test of one file; its counts are part of it, so that a file that shrinks fails. */
function vectors<T>(
  path: string,
  expected: Expected,
  casesOf: (file: T) => readonly (() => Outcome)[],
): void {
  test.for(boards)(`${path}, %s`, ([who, board], { skip }) => {
    ask(board);
    const file = readVectors<T>(path);
    if (file === undefined) {
      totals.absent += 1;
      skip();
      return;
    }

    const outcomes = casesOf(file).map((run) => run());

    const wrong = outcomes.flatMap((outcome, index) => (outcome === false ? [index] : []));
    const reasons = outcomes.filter((outcome) => typeof outcome === 'string');
    const counts = { run: outcomes.length - reasons.length, notApplicable: reasons.length };
    const why = [...new Set(reasons)].map((reason) => reason.replace('not asked: ', '')).join('; ');
    process.stdout.write(
      `${path}, ${who}: ${counts.run} run${reasons.length > 0 ? `, ${reasons.length} not applicable (${why})` : ''}\n`,
    );
    totals.files += 1;
    totals.run += counts.run;
    totals.notApplicable += counts.notApplicable;
    expect(wrong).toEqual([]);
    expect(counts).toEqual(expected);
  });
}

interface Groups<Group> {
  readonly testGroups: readonly Group[];
}
type Fields = Readonly<Record<string, string>>;

/** Each test of each group, with what its group says. */
function each<G, T>(
  { testGroups }: Groups<G & { readonly tests: readonly T[] }>,
  run: (one: T, group: G) => Outcome,
): (() => Outcome)[] {
  return testGroups.flatMap((group) => group.tests.map((one) => () => run(one, group)));
}

const acvpDrbg = (file: Groups<{ predResistance: boolean; tests: AcvpDrbg[] }>) =>
  each(file, (one, { predResistance }) => generatesAcvp(image, one, predResistance));
const cavpDrbg = (file: Groups<{ tests: CavpDrbg[] }>) =>
  each(file, (one) => generatesCavp(image, one));

interface Wycheproof {
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

describe('Wycheproof', () => {
  interface Ecdsa {
    readonly publicKey: { readonly wx: string; readonly wy: string };
  }
  vectors<Groups<Ecdsa & { tests: (Wycheproof & { msg: string; sig: string })[] }>>(
    'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json',
    { run: 262, notApplicable: 0 },
    (file) =>
      each(file, ({ msg, sig, result }, { publicKey: { wx, wy } }) => {
        const isRight = image.verify(compress(wx, wy), fromHex(msg), fromHex(sig));
        return isRight === (result === 'valid');
      }),
  );

  vectors<Groups<{ tests: (Wycheproof & { public: string; private: string; shared: string })[] }>>(
    'wycheproof/ecdh_secp256r1_ecpoint_test.json',
    { run: 355, notApplicable: 0 },
    (file) =>
      each(file, (one) => {
        const given = fromHex(one.public);
        const privateKey = scalar(one.private);
        const asGiven = image.agree(privateKey, given);
        if (one.result === 'invalid') return asGiven === undefined;
        if (given.length === 33) return isHex(asGiven, one.shared);
        const [x, y] = [one.public.slice(2, 66), one.public.slice(66)];
        return asGiven === undefined && isHex(image.agree(privateKey, compress(x, y)), one.shared);
      }),
  );

  vectors<Groups<{ ivSize: number; keySize: number; tests: (Wycheproof & Fields)[] }>>(
    'wycheproof/aes_gcm_test.json',
    { run: 66, notApplicable: 250 },
    (file) =>
      each(file, (one, { ivSize, keySize }) => {
        if (keySize !== 256 || ivSize !== 96)
          return 'not asked: the meter has keys of 256 bits and nonces of 96 only';
        const { key = '', iv = '', aad = '', msg = '', ct = '', tag = '', result } = one;
        const [k, n, a] = [fromHex(key), fromHex(iv), fromHex(aad)] as const;
        const opened = image.open(k, n, a, fromHex(ct + tag));
        if (result === 'invalid') return opened === undefined;
        return isHex(opened, msg) && isHex(image.seal(k, n, a, fromHex(msg)), ct + tag);
      }),
  );

  vectors<Groups<{ tagSize: number; tests: (Wycheproof & Fields)[] }>>(
    'wycheproof/hmac_sha256_test.json',
    { run: 174, notApplicable: 0 },
    (file) =>
      each(file, ({ key = '', msg = '', tag = '', result }, { tagSize }) => {
        const computed = own(image.hmac(fromHex(key), fromHex(msg))).subarray(0, tagSize / 8);
        return isHex(computed, tag) === (result === 'valid');
      }),
  );

  interface Pbkdf2 {
    readonly password: string;
    readonly salt: string;
    readonly iterationCount: number;
    readonly dkLen: number;
    readonly dk: string;
  }
  vectors<Groups<{ tests: Pbkdf2[] }>>(
    'wycheproof/pbkdf2_hmacsha256_test.json',
    { run: 60, notApplicable: 0 },
    (file) =>
      each(file, ({ password, salt, iterationCount, dk }) => {
        // the meter derives 32 bytes, the first block of PBKDF2: shorter keys begin it, longer ones begin with it
        const size = Math.min(32, dk.length / 2);
        const stretched = image.stretchPassword(fromHex(password), fromHex(salt), iterationCount);
        return isHex(own(stretched).subarray(0, size), dk.slice(0, 2 * size));
      }),
  );
});

describe('ACVP', () => {
  vectors<Groups<{ d: string; tests: { message: string; r: string; s: string }[] }>>(
    'acvp/DetECDSA-SigGen-FIPS186-5.P-256.SHA2-256.json',
    { run: 11, notApplicable: 0 },
    (file) =>
      each(file, ({ message, r, s }, { d }) =>
        isHex(image.sign(scalar(d), fromHex(message)), r + s),
      ),
  );

  vectors<Groups<{ d: string; qx: string; qy: string; tests: Fields[] }>>(
    'acvp/ECDSA-SigGen-FIPS186-5.P-256.SHA2-256.json',
    { run: 10, notApplicable: 0 },
    (file) =>
      // the numbers k are random there and derived here, so that the signatures are verified and not made
      each(file, ({ message = '', r = '', s = '' }, { d, qx, qy }) => {
        const key = compress(qx, qy);
        const signature = joinBytes(scalar(r), scalar(s));
        return (
          image.verify(key, fromHex(message), signature) &&
          equalBytes(own(image.publicKeyOf(scalar(d))), key)
        );
      }),
  );

  vectors<Groups<{ tests: (Fields & { testPassed: boolean })[] }>>(
    'acvp/ECDSA-SigVer-FIPS186-5.P-256.SHA2-256.json',
    { run: 7, notApplicable: 0 },
    (file) =>
      each(file, ({ testPassed, message = '', qx = '', qy = '', r = '', s = '' }) => {
        const signature = joinBytes(scalar(r), scalar(s));
        return image.verify(compress(qx, qy), fromHex(message), signature) === testPassed;
      }),
  );

  vectors<Groups<{ tests: { qx: string; qy: string }[] }>>(
    'acvp/ECDSA-KeyVer-FIPS186-5.P-256.json',
    { run: 3, notApplicable: 0 },
    (file) => each(file, ({ qx, qy }) => judges(image, qx, qy)),
  );

  vectors<Groups<{ tests: { d: string; qx: string; qy: string }[] }>>(
    'acvp/ECDSA-KeyGen-FIPS186-5.P-256.json',
    { run: 6, notApplicable: 0 },
    (file) =>
      each(file, ({ d, qx, qy }) =>
        equalBytes(own(image.publicKeyOf(scalar(d))), compress(qx, qy)),
      ),
  );

  vectors<Groups<{ tests: { key: string; msg: string; mac: string }[] }>>(
    'acvp/HMAC-SHA2-256-2.0.json',
    { run: 150, notApplicable: 0 },
    (file) =>
      each(file, ({ key, msg, mac }) =>
        isHex(own(image.hmac(fromHex(key), fromHex(msg))).subarray(0, mac.length / 2), mac),
      ),
  );

  vectors<Groups<{ keyLen: number; tests: unknown[] }>>(
    'acvp/ACVP-AES-GCM-1.0.json',
    { run: 0, notApplicable: 60 },
    (file) =>
      each(file, (_, { keyLen }) =>
        keyLen === 256 ? false : 'not asked: the meter has keys of 256 bits only',
      ),
  );

  interface Kdf {
    readonly counterLength: number;
    readonly keyOutLength: number;
    readonly tests: { keyIn: string; fixedData: string; keyOut: string }[];
  }
  vectors<Groups<Kdf>>(
    'acvp/KDF-1.0.counter.HMAC-SHA2-256.json',
    { run: 16, notApplicable: 44 },
    (file) =>
      each(file, ({ keyIn, fixedData, keyOut }, { counterLength, keyOutLength }) => {
        if (counterLength !== 32) return 'not asked: the counter of the meter has 32 bits';
        return derives(image, keyIn, fixedData, keyOut, keyOutLength);
      }),
  );

  vectors<Groups<{ hmacAlg: string; tests: unknown[] }>>(
    'acvp/PBKDF-1.0.json',
    { run: 0, notApplicable: 50 },
    (file) =>
      each(file, (_, { hmacAlg }) =>
        hmacAlg === 'SHA2-256' ? false : `not asked: ${hmacAlg}, which the meter does not have`,
      ),
  );

  vectors<Groups<{ tests: unknown[] }>>(
    'acvp/KDF-SPDM-1.0.SHA2-256.json',
    { run: 0, notApplicable: 120 },
    (file) => each(file, () => 'not asked: the meter does not speak SPDM'),
  );

  interface Sha {
    readonly testType: 'AFT' | 'MCT';
    readonly tests: { msg: string; md: string; resultsArray?: { md: string }[] }[];
  }
  vectors<Groups<Sha>>('acvp/SHA2-256-1.0.AFT-MCT.json', { run: 129, notApplicable: 0 }, (file) =>
    each(file, ({ msg, md, resultsArray }, { testType }) =>
      testType === 'AFT'
        ? isHex(image.sha256(fromHex(msg)), md)
        : equalsMonteCarlo(image, fromHex(msg), resultsArray ?? []),
    ),
  );

  vectors('acvp/hmacDRBG-1.0.SHA2-256.json', { run: 30, notApplicable: 0 }, acvpDrbg);
  vectors('acvp/hmacDRBG-SP800-90Ar1.SHA2-256.json', { run: 60, notApplicable: 0 }, acvpDrbg);
});

describe('CAVP', () => {
  interface Point {
    readonly Qx: string;
    readonly Qy: string;
  }
  interface Signed extends Point {
    readonly Msg: string;
    readonly R: string;
    readonly S: string;
  }
  const isSigned = ({ Qx, Qy, Msg, R, S }: Signed): boolean =>
    image.verify(compress(Qx, Qy), fromHex(Msg), joinBytes(scalar(R), scalar(S)));

  vectors<Groups<{ tests: (Signed & { Result: string })[] }>>(
    'cavp/ecdsa-sigver.P-256.SHA-256.json',
    { run: 15, notApplicable: 0 },
    (file) => each(file, (one) => isSigned(one) === one.Result.startsWith('P')),
  );

  vectors<Groups<{ tests: (Signed & { d: string })[] }>>(
    'cavp/ecdsa-siggen.P-256.SHA-256.json',
    { run: 15, notApplicable: 0 },
    // verified and not made, as with ACVP
    (file) =>
      each(
        file,
        (one) =>
          isSigned(one) &&
          equalBytes(own(image.publicKeyOf(scalar(one.d))), compress(one.Qx, one.Qy)),
      ),
  );

  vectors<Groups<{ tests: Point[] }>>(
    'cavp/ecdsa-pkv.P-256.json',
    { run: 12, notApplicable: 0 },
    (file) => each(file, ({ Qx, Qy }) => judges(image, Qx, Qy)),
  );

  vectors<Groups<{ tests: (Partial<Point> & { d?: string })[] }>>(
    'cavp/ecdsa-keypair.P-256.json',
    { run: 10, notApplicable: 1 },
    (file) =>
      each(file, ({ d, Qx = '', Qy = '' }) => {
        if (d === undefined) return 'not asked: a line that says how many keys follow';
        return equalBytes(own(image.publicKeyOf(scalar(d))), compress(Qx, Qy));
      }),
  );

  vectors<Groups<{ tests: Fields[] }>>(
    'cavp/ecc-cdh.P-256.json',
    { run: 25, notApplicable: 0 },
    (file) =>
      each(file, ({ QCAVSx = '', QCAVSy = '', dIUT = '', ZIUT = '' }) =>
        isHex(image.agree(scalar(dIUT), compress(QCAVSx, QCAVSy)), ZIUT),
      ),
  );

  vectors<Groups<{ RLEN: string; tests: Fields[] }>>(
    'cavp/kdf108-counter.HMAC-SHA256.json',
    { run: 40, notApplicable: 120 },
    (file) =>
      each(file, ({ KI = '', FixedInputData = '', KO = '' }, { RLEN }) => {
        if (RLEN !== '32_BITS') return 'not asked: the counter of the meter has 32 bits';
        return derives(image, KI, FixedInputData, KO, 4 * KO.length);
      }),
  );

  for (const kind of ['no_reseed', 'pr_false', 'pr_true'])
    vectors(`cavp/hmac-drbg.${kind}.SHA-256.json`, { run: 240, notApplicable: 0 }, cavpDrbg);
});

describe('RFC', () => {
  interface Rfc6979 {
    readonly private: string;
    readonly cases: { hash: string; message: string; r: string; s: string }[];
  }
  vectors<Rfc6979[]>('rfc/rfc6979.P-256.json', { run: 2, notApplicable: 8 }, (file) =>
    file.flatMap(({ private: key, cases }) =>
      cases.map(({ hash, message, r, s }) => () => {
        if (hash !== 'SHA-256') return 'not asked: the meter signs SHA-256 only';
        return isHex(image.sign(scalar(key), ascii(message)), r + s);
      }),
    ),
  );
});

test.for(boards)('a vector that does not hold would be seen, %s', ([, board]) => {
  ask(board);

  expect(isHex(image.sha256(ascii('abd')), toHex(own(image.sha256(ascii('abc')))))).toBe(false);
  expect(judges(image, `${'0'.repeat(63)}1`, '0'.repeat(64))).toBe(true);
  expect(isOnCurve(0n)).toBe(true);
  expect(isOnCurve(1n)).toBe(false);
});
