/** HMAC_DRBG against the vectors of NIST that it can run: without prediction resistance (SP 800-90A; requirements.md A2). */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { createDrbg, type Drbg } from '#firmware/drbg';
import { crypto } from '#test/support/firmware-flash';
import { readVectors } from '#test/support/vectors';

interface CavpCase {
  readonly COUNT: string;
  readonly EntropyInput: string;
  readonly Nonce: string;
  readonly PersonalizationString: string;
  readonly AdditionalInput: readonly string[];
  readonly EntropyInputReseed?: string;
  readonly AdditionalInputReseed?: string;
  readonly EntropyInputPR?: readonly string[];
  readonly ReturnedBits: string;
}

interface CavpFile {
  readonly testGroups: readonly { readonly tests: readonly CavpCase[] }[];
}

function instantiate({ EntropyInput, Nonce, PersonalizationString }: CavpCase): Drbg {
  return createDrbg(
    crypto.hmac,
    hexToBytes(EntropyInput),
    hexToBytes(Nonce),
    hexToBytes(PersonalizationString),
  );
}

/** Prediction resistance is a reseed before each request, with its additional input (SP 800-90A 9.3.1). */
function run(each: CavpCase): string {
  const drbg = instantiate(each);
  const size = each.ReturnedBits.length / 2;
  if (each.EntropyInputReseed !== undefined)
    drbg.reseed(hexToBytes(each.EntropyInputReseed), hexToBytes(each.AdditionalInputReseed ?? ''));
  let output = new Uint8Array(0);
  for (const [request, additional] of each.AdditionalInput.entries()) {
    const fresh = each.EntropyInputPR?.[request];
    if (fresh !== undefined) drbg.reseed(hexToBytes(fresh), hexToBytes(additional));
    output = drbg.generate(
      size,
      hexToBytes(fresh === undefined ? additional : ''),
    ) as typeof output;
  }
  return bytesToHex(output);
}

describe('CAVP', () => {
  test.each(['no_reseed', 'pr_false', 'pr_true'])('%s', (name) => {
    const file = readVectors<CavpFile>(`cavp/hmac-drbg.${name}.SHA-256.json`);
    if (file === undefined) return;
    const cases = file.testGroups.flatMap(({ tests }) => tests);

    for (const each of cases) expect(run(each), each.COUNT).toBe(each.ReturnedBits);

    expect(cases.length).toBe(240);
  });
});

test('a reseed starts the count of requests anew', () => {
  const drbg = createDrbg(crypto.hmac, new Uint8Array(48), new Uint8Array(0));
  drbg.generate(32);
  drbg.generate(32);
  expect(drbg.reseedCounter).toBe(3);

  drbg.reseed(new Uint8Array(32).fill(1));

  expect(drbg.reseedCounter).toBe(1);
});
