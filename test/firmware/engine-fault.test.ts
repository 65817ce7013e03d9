/**
 * A crypto engine that answers wrongly, on the image as it is: the known answers find it before anything leaves the meter,
 * at power-up and on demand (requirements.md A2, H1).
 */

import { describe, expect, test } from 'vitest';
import { type EngineFault, engineAnswers } from '#emulator/engine-fault';
import { createMemoryFlash } from '#emulator/flash';
import { encodeRequest } from '#protocol/dispatch';
import { readIndicium } from '#protocol/documents/indicium';
import { statuses } from '#protocol/status';
import { bench, expectStopped, expectWorking, powerCycle } from '#test/support/error-state';
import { letter } from '#test/support/mail';
import { flashAt, meterAt } from '#test/support/meter';

describe('a crypto engine that answers wrongly', () => {
  /** By the call that does: the number of the known answer that finds it. */
  const numbers: Readonly<Record<EngineFault['call'], number>> = {
    hashEnd: 1,
    macEnd: 2,
    verify: 3,
    sign: 4,
    agree: 5,
    cipherUpdate: 6,
    sealEnd: 6,
    openEnd: 7,
    stretch: 9,
    publicKey: 11,
  };
  const cases = Object.entries(numbers).flatMap(([call, number]) =>
    (['wrong', 'short'] as const).map((answer) => [call, answer, number] as const),
  ) as readonly [EngineFault['call'], EngineFault['answer'], number][];

  test('is tried for every call that answers', () => {
    expect(Object.keys(numbers).sort()).toEqual(engineAnswers.toSorted());
  });

  test.each(cases)('%s, %s, at power-up', async (call, answer, detail) => {
    await using meter = bench(createMemoryFlash(), { cryptoEngine: { call, answer } });

    expectStopped(meter, { name: 'selfTestFailed', detail });
    powerCycle(meter);
    expectStopped(meter, { name: 'selfTestFailed', detail });
    expect(meter.board.flash.contents().every((byte) => byte === 0xff)).toBe(true);
  });

  test.each(cases)('%s, %s, when the self-test is asked for', async (call, answer, detail) => {
    let isBroken = false;
    const cryptoEngine = { call, answer, isOn: () => isBroken };
    await using meter = bench(await flashAt('refilled'), { cryptoEngine });
    expectWorking(meter);
    meter.host.bytesOut();
    isBroken = true;

    expect(meter.host.open(encodeRequest('selfTest', {}))).toBeUndefined();

    expectStopped(meter, { name: 'selfTestFailed', detail });
    isBroken = false;
    powerCycle(meter);
    expectWorking(meter);
  });

  test('an answer of another size in the middle of a service is a fault', async () => {
    let isBroken = false;
    const cryptoEngine = { call: 'agree', answer: 'short', isOn: () => isBroken } as const;
    await using meter = bench(await flashAt('refilled'), { cryptoEngine });
    isBroken = true;

    expect(() => meter.host.openSession('user')).toThrow('openSession is answered by undefined');

    expectStopped(meter, { name: 'internalFault', detail: 0 });
  });

  describe('when it signs', () => {
    async function broken() {
      let isBroken = false;
      const isOn = (): boolean => isBroken;
      const cryptoEngine = { call: 'sign', answer: 'wrong', isOn } as const;
      const meter = await meterAt('refilled', { cryptoEngine });
      const breakIt = (isIt: boolean): void => {
        isBroken = isIt;
      };
      return { meter, breakIt };
    }

    test('a piece: no signature leaves, and the same piece is had once power was off', async () => {
      const { meter, breakIt } = await broken();
      await using _ = meter;
      const user = await meter.loggedIn('user');
      breakIt(true);

      const wrong = user.createIndicium(letter(1));

      await expect(wrong).rejects.toMatchObject({ status: 'sessionEnded' });
      const { state, fault, faultDetail } = await (await meter.anonymous()).status();
      expect([state, fault, faultDetail]).toEqual(['error', statuses.selfTestFailed.code, 34]);
      breakIt(false);
      meter.board.powerOff();
      meter.board.powerOn();
      const again = await meter.loggedIn('user');
      const { indicium } = await again.createIndicium(letter(1));
      expect(readIndicium(indicium).ok).toBe(true);
      expect(await again.registers()).toMatchObject({ pieceCount: 1, ascending: 780 });
    });

    test('for the device: the handshake ends in the error state', async () => {
      const { meter, breakIt } = await broken();
      await using _ = meter;
      breakIt(true);

      await expect(meter.session('user')).rejects.toBeDefined();

      const { state, faultDetail } = await (await meter.anonymous()).status();
      expect([state, faultDetail]).toEqual(['error', 34]);
    });
  });
});
