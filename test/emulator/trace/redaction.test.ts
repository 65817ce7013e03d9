/** A redacted trace holds no secret in any form; what does not is found by the same search in one that is not (requirements.md A6). */

import { beforeAll, describe, expect, test } from 'vitest';
import { createSeededEntropy } from '#emulator/entropy';
import { findSecret } from '#emulator/secret-scan';
import { isSecret, redacted, type Trace, type TraceEvent } from '#emulator/trace/event';
import { eventText } from '#emulator/trace/event-text';
import { pcapngOf } from '#emulator/trace/pcapng';
import { encodeTrace } from '#emulator/trace/trace-file';
import { turnsOf, turnText } from '#emulator/trace/turn';
import { hosts, password } from '#test/differential/documents';
import { recordedLife } from '#test/support/recorded-life';

let trace: Trace;
let shown: Trace;
beforeAll(async () => {
  ({ trace } = await recordedLife());
  shown = { isRedacted: true, events: trace.events.map(redacted) };
});

/** Parts of this size are looked for: shorter ones are found by chance. */
const bytesMin = 10;

/** Everything that is made of a trace for people. */
const placesOf = (looked: Trace) => ({
  file: encodeTrace(looked),
  steps: looked.events.map(eventText).join('\n'),
  turns: [...turnsOf(looked)].map(turnText).join('\n'),
  packets: pcapngOf(looked),
});

/** The first bytes that a board programs in each of its sectors of the store. */
function programmed(events: readonly TraceEvent[]): Uint8Array[] {
  return events.flatMap((event) => {
    const data = event.kind === 'call' && event.path === 'flash.program' ? event.given[1] : 0;
    return isSecret(data) && data.bytes !== undefined && data.bytes.length >= 64
      ? [data.bytes.slice(32, 64)]
      : [];
  });
}

describe('in a redacted trace is nowhere', () => {
  test('the secret of the fuses', () => {
    const secret = new Uint8Array(32).fill(0x5e);

    expect(findSecret(secret, placesOf(shown), { bytesMin })).toEqual([]);
    expect(findSecret(secret, placesOf(trace), { bytesMin })).toContainEqual(
      expect.objectContaining({ place: 'file', form: 'hex' }),
    );
  });

  test('noise that the image drew', () => {
    const noise = new Uint8Array(createSeededEntropy(5).read(64));

    expect(findSecret(noise, placesOf(shown), { bytesMin })).toEqual([]);
    expect(findSecret(noise, { file: encodeTrace(trace) }, { bytesMin })).toMatchObject([
      { form: 'hex' },
    ]);
  });

  test('what was written to flash, sealed or not', () => {
    const written = programmed(trace.events).filter((data) => new Set(data).size > 8);
    expect(written.length).toBeGreaterThan(5);
    const [file, steps] = [encodeTrace(shown), shown.events.map(eventText).join('\n')];

    for (const data of written) expect(findSecret(data, { file, steps })).toEqual([]);
    expect(findSecret(written[0] as Uint8Array, { file: encodeTrace(trace) })).not.toEqual([]);
  });

  test('the digest of calls that held keys', () => {
    const quiet = shown.events.filter((event) => event.kind === 'end' && event.quiet !== undefined);

    expect(quiet).toEqual([]);
  });
});

test('in no trace at all is a password or a private key: the crypto engine is not recorded', () => {
  const file = { file: encodeTrace(trace) };

  expect(findSecret(password('cryptoOfficer'), file, { bytesMin })).toEqual([]);
  expect(findSecret(hosts.user.privateKey, file, { bytesMin })).toEqual([]);
  expect(findSecret(password('user'), file, { bytesMin })).toEqual([]);
});

test('frames stay as they were on the line', () => {
  const received = (looked: Trace) => looked.events.filter(({ kind }) => kind === 'receive');

  expect(received(shown)).toEqual(received(trace));
  expect(received(shown).length).toBeGreaterThan(20);
});
