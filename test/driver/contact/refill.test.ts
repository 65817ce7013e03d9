/** Refills of every kind, credited once whatever is lost on the way, and what the log tells of them (B6, B7; R12-R20). */

import { describe, expect, onTestFinished, test } from 'vitest';
import {
  dueRefill,
  finishRefill,
  pendingRefill,
  type RefillWish,
  refill,
} from '#driver/contact/refill';
import { refillHistory } from '#driver/contact/refill-history';
import { readLogRecords } from '#driver/contact/security-log';
import { spendable } from '#driver/funds';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { connectMemory } from '#emulator/ports/memory';
import { ordinaryTerms } from '#protocol/documents/licence';
import { type Mills, mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import {
  authorityKeys,
  hostKeys,
  licence,
  meterAt,
  meterId,
  passwords,
  purchase,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { lockOrder, openOffices } from '#test/support/offices';
import { failureOf } from '#test/support/settle';

async function deviceAt(stage: 'registered' | 'refilled' | 'made' = 'refilled') {
  const device = await meterAt(stage);
  onTestFinished(() => device[Symbol.asyncDispose]());
  return device;
}

async function spend(meter: Meter, postage: Mills): Promise<void> {
  const { requestCounter } = await meter.registers();
  const requestId = { counter: requestCounter + 1, nonce: 1 };
  const piece = { serviceId: 9, postage, mailingDate: 20260301, destination: 0 };
  await meter.createIndicium(pieceRequest(requestId, piece));
}

/** A meter whose line loses what it says behind a number of answers. */
async function losingMeter({ board }: TestMeter) {
  let loses = false;
  const open = async () => {
    const inner = connectMemory(board);
    let closed: (reason: Error | undefined) => void = () => undefined;
    let isOpen = true;
    return memoryLink({
      send: (bytes: Uint8Array) => inner.send(bytes),
      onData: (listener: (bytes: Uint8Array) => void) =>
        void inner.onData((bytes) => {
          if (loses && isOpen) {
            isOpen = false;
            loses = false;
            closed(new Error('pulled'));
          } else if (isOpen) listener(bytes);
        }),
      onClose(listener: (reason: Error | undefined) => void) {
        closed = listener;
      },
      close: () => inner.close(),
    });
  };
  const trust = { authorityKey: authorityKeys.publicKey, meterId };
  const meter = await openMeter(open, { identity: hostKeys.user, role: 'user', trust });
  await meter.logIn(passwords.user());
  onTestFinished(() => meter.close());
  return {
    meter,
    loseNextAnswer() {
      loses = true;
    },
  };
}

describe('a refill', () => {
  test.each<[string, RefillWish, object]>([
    ['postal', purchase(mills(5_000)), { descending: 105_000, certificateDescending: 0 }],
    [
      'certificate',
      { kind: 'purchase', account: 'certificate', amount: mills(5_000) },
      { descending: 100_000, certificateDescending: 5_000 },
    ],
  ])('of the %s account is credited to it', async (_, wish, registers) => {
    const device = await deviceAt();
    const meter = await device.loggedIn('user');

    const outcome = await refill(meter, openOffices().provider, wish);

    expect(outcome).toMatchObject({ outcome: 'credited', wish, registers });
    expect(await meter.registers()).toMatchObject(registers);
  });

  test('for spoilage comes back up to the cap of the licence', async () => {
    const device = await deviceAt();
    const meter = await device.loggedIn('user');
    await spend(meter, mills(50_000));
    const wish = { kind: 'spoilage', account: 'postal', amount: mills(500) } as const;
    const { provider } = openOffices();

    const outcome = await refill(meter, provider, wish);
    const beyond = await failureOf(refill(meter, provider, { ...wish, amount: mills(1) }));

    expect(outcome).toMatchObject({
      outcome: 'credited',
      registers: { descending: 50_500, spoilageCredited: 500, credited: 100_000 },
    });
    expect(beyond).toMatchObject({ status: 'spoilageAboveCap' });
  });

  test('of a current account settles what was spent, and what may be spent grows again', async () => {
    const device = await deviceAt('made');
    const officer = await device.loggedIn('cryptoOfficer');
    const terms = { ...ordinaryTerms, accountKind: 'current', certificateDescendingMax: mills(0) };
    await officer.register(licence({ ...terms, descendingMax: mills(60_000) } as never));
    await officer.installRateTable(rateTable());
    const meter = await device.loggedIn('user');
    await spend(meter, mills(50_000));
    const limits = { accountKind: 'current', descendingMax: mills(60_000) } as const;
    expect(spendable(await meter.registers(), limits)).toBe(10_000);

    const wish = { kind: 'settlement', account: 'postal', amount: mills(50_000) } as const;
    const outcome = await refill(meter, openOffices().provider, wish);

    expect(outcome).toMatchObject({ outcome: 'credited', registers: { settled: 50_000 } });
    expect(spendable(await meter.registers(), limits)).toBe(60_000);
  });

  test('that is declined says why and what could be had, and leaves the meter free', async () => {
    const device = await deviceAt();
    const meter = await device.loggedIn('user');
    const { provider, rules } = openOffices();
    const reason = 'insufficientAccountFunds' as const;
    rules.answer = () => ({ amount: mills(0), reason, available: mills(123) });

    const outcome = await refill(meter, provider, purchase(mills(5_000)));

    expect(outcome).toMatchObject({ outcome: 'declined', reason, available: 123 });
    expect(pendingRefill(await meter.registers())).toBeUndefined();
  });

  test('brings the lock order that comes with it', async () => {
    const device = await deviceAt();
    const meter = await device.loggedIn('user');
    const { provider, rules } = openOffices();
    rules.order = lockOrder();

    await refill(meter, provider, purchase(mills(5_000)));

    expect((await meter.condition()).locks.locked).toBe(true);
  });

  test('whose office does not answer stays under way, and is finished as it was', async () => {
    const device = await deviceAt();
    const meter = await device.loggedIn('user');
    const { provider, rules } = openOffices();
    rules.onQuestion = () => {
      throw new Error('the office is shut');
    };
    const wish = { kind: 'purchase', account: 'certificate', amount: mills(5_000) } as const;
    await failureOf(refill(meter, provider, wish));
    rules.onQuestion = () => undefined;

    const pending = pendingRefill(await meter.registers());
    const outcome = await finishRefill(meter, provider);

    expect(pending).toEqual(wish);
    expect(outcome).toMatchObject({ outcome: 'credited', wish });
    expect(await finishRefill(meter, provider)).toBeUndefined();
  });

  test('whose last answer is lost is known to be credited, without being asked for twice', async () => {
    const device = await deviceAt();
    const { meter, loseNextAnswer } = await losingMeter(device);
    const { provider, rules, asked } = openOffices();
    rules.onQuestion = loseNextAnswer;

    const outcome = await refill(meter, provider, purchase(mills(5_000)));

    expect(outcome).toMatchObject({ outcome: 'credited', registers: { descending: 105_000 } });
    expect(asked).toEqual(['refill']);
    expect(await meter.status()).toMatchObject({ caller: 'nobody' });
  });
});

describe('a refill by itself', () => {
  test.each([
    [undefined, 100_001, true],
    [undefined, 100_000, false],
    [100_001, 0, true],
    [100_000, 200_000, false],
  ])('below %j, low funds of the licence %i: due %j', async (below, lowFunds, isDue) => {
    const device = await deviceAt();
    const officer = await device.loggedIn('cryptoOfficer');
    await officer.register(licence({ sequence: 2, lowFunds: mills(lowFunds) }));
    const meter = await device.loggedIn('user');
    const amount = mills(20_000);
    const limit = below === undefined ? undefined : mills(below);

    const due = await dueRefill(meter, { below: limit, amount });

    expect(due).toEqual(isDue ? purchase(amount) : undefined);
  });
});

test('the log tells the last refills, declined and unfinished ones too', async () => {
  const device = await deviceAt('registered');
  const meter = await device.loggedIn('user');
  const { provider, rules } = openOffices();
  await refill(meter, provider, purchase(mills(5_000)));
  rules.answer = () => ({ amount: mills(0), reason: 'poolEmpty', available: mills(0) });
  await refill(meter, provider, purchase(mills(6_000)));
  rules.onQuestion = () => {
    throw new Error('the office is shut');
  };
  await failureOf(refill(meter, provider, purchase(mills(7_000))));

  const history = await refillHistory(readLogRecords(meter));

  const timeMs = TEST_TIME_MS;
  const common = { kind: 'purchase', requestedMs: timeMs };
  expect(history).toEqual([
    { ...common, sequence: 1, requested: 5_000, credited: 5_000, finishedMs: timeMs },
    { ...common, sequence: 2, requested: 6_000, credited: 0, finishedMs: timeMs },
    { ...common, sequence: 3, requested: 7_000, credited: undefined, finishedMs: undefined },
  ]);
});
