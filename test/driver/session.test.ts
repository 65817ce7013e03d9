/** Sessions and lines that are lost, given up, opened again and closed (requirements.md F1, F2, F4). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { createAssembler, encodeMessage } from '#protocol/message';
import { ok } from '#protocol/result';
import { createImitation } from '#test/support/imitation';
import {
  arrives,
  identity,
  openTo,
  registers,
  replugable,
  trust,
} from '#test/support/imitation-host';
import { failureOf, settle } from '#test/support/settle';

const version = { protocolVersion: 1, imageVersion: 0x10000, imageDigest: new Uint8Array(32) };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a session that the meter has lost', () => {
  const services = {
    registers: () => ok(registers),
    version: () => ok(version),
  };

  test('is over: services in it are refused until it is opened again', async () => {
    const imitation = createImitation({ services });
    await using meter = await openTo(imitation);

    imitation.restart();
    const first = await failureOf(meter.registers());
    const second = await failureOf(meter.registers());

    expect(first).toMatchObject({ status: 'sessionEnded', state: 'uninitialized' });
    expect(second).toMatchObject({ status: 'sessionEnded', state: undefined });
    expect(meter.isOpen).toBe(false);

    await meter.reconnect();
    expect(await meter.registers()).toEqual(registers);
  });

  test('does not keep what is open to anybody from being answered', async () => {
    const imitation = createImitation({ services });
    await using meter = await openTo(imitation);

    imitation.restart();

    expect(await meter.version()).toEqual(version);
    expect(await meter.version()).toEqual(version);
  });

  test('is over as well when an answer never came, since nobody knows which record is next', async () => {
    let isDumb = false;
    const imitation = createImitation({ services });
    await using meter = await openTo(imitation, (direction) =>
      isDumb && direction === 'response' ? 'lost' : 'arrives',
    );

    isDumb = true;
    const error = await failureOf(settle(meter.registers()));
    isDumb = false;

    expect(error).toMatchObject({ stage: 'request', isUncertain: true });
    expect(imitation.performed).toEqual(['registers']);
    expect(await failureOf(meter.registers())).toMatchObject({ status: 'sessionEnded' });
  });
});

test('an answer that is a copy of an older one ends the session', async () => {
  const imitation = createImitation({ services: { registers: () => ok(registers) } });
  const line = imitation.connect();
  let older: Uint8Array | undefined;
  let toHost: (bytes: Uint8Array) => void = () => undefined;
  const swap = createAssembler((message) => {
    const payload = older ?? message.payload;
    older = message.kind === 'sealed' ? payload : undefined;
    for (const frame of encodeMessage({ ...message, payload })) toHost(frame);
  });
  const link = memoryLink({
    ...line,
    onData(listener) {
      toHost = listener;
      line.onData(swap.push);
    },
  });
  await using meter = await openMeter(link, { identity, trust });
  await meter.registers();

  const error = await failureOf(settle(meter.registers()));

  expect(error).toMatchObject({ stage: 'session', isUncertain: true });
  expect(meter.isOpen).toBe(false);
});

describe('a signal', () => {
  test('ends a request at once; the session goes on', async () => {
    let fate: 'lost' | 'arrives' = 'arrives';
    const imitation = createImitation({ services: { registers: () => ok(registers) } });
    await using meter = await openTo(imitation, () => fate);
    const controller = new AbortController();

    fate = 'lost';
    const aborted = failureOf(meter.registers({ signal: controller.signal }));
    await vi.advanceTimersByTimeAsync(0);
    controller.abort();
    expect(await aborted).toMatchObject({ name: 'AbortError' });
    fate = 'arrives';

    expect(await settle(meter.registers())).toEqual(registers);
    expect(imitation.performed).toEqual(['registers', 'registers']);
  });

  test('ends the opening, and the line is closed', async () => {
    const link = memoryLink(createImitation().connect(() => 'lost'));
    const controller = new AbortController();
    const closed = new Promise((resolve) => link.onClose(resolve));

    const opening = failureOf(openMeter(link, { identity, trust, signal: controller.signal }));
    controller.abort();

    expect(await opening).toMatchObject({ name: 'AbortError' });
    expect(await closed).toBe(undefined);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that was aborted before keeps the port from being opened', async () => {
    const { port, opened } = replugable(createImitation);

    const error = await failureOf(openMeter(port, { signal: AbortSignal.abort() }));

    expect(error).toMatchObject({ name: 'AbortError' });
    expect(opened()).toBe(0);
  });
});

describe('reconnect', () => {
  const services = { registers: () => ok(registers) };

  test('after an unplugging', async () => {
    const imitation = createImitation({ services });
    const { port, unplug, opened } = replugable(() => imitation);
    await using meter = await openMeter(port, { identity, trust });

    unplug();
    const lost = await failureOf(meter.registers());
    expect(lost).toMatchObject({ stage: 'request', isUncertain: false });
    expect(meter.isOpen).toBe(false);
    await meter.reconnect();

    expect(await meter.registers()).toEqual(registers);
    expect(opened()).toBe(2);
  });

  test('tries three times, then gives up with the last reason', async () => {
    let tries = 0;
    const imitation = createImitation({ services });
    await using meter = await openMeter(
      async () => {
        tries += 1;
        return memoryLink(imitation.connect(tries === 1 ? arrives : () => 'lost'));
      },
      { identity, trust },
    );

    const error = await failureOf(settle(meter.reconnect()));

    expect(error).toMatchObject({ stage: 'reset' });
    expect(tries).toBe(4);
    expect(meter.isOpen).toBe(false);
  });

  test('takes the third try', async () => {
    let tries = 0;
    const imitation = createImitation({ services });
    await using meter = await openMeter(
      async () => {
        tries += 1;
        return memoryLink(imitation.connect(tries === 2 || tries === 3 ? () => 'lost' : arrives));
      },
      { identity, trust },
    );

    await settle(meter.reconnect());

    expect(await meter.registers()).toEqual(registers);
  });

  test('to another meter of the same authority is refused, without another try', async () => {
    const [mine, replacement] = [createImitation({ services }), createImitation({ services })];
    let here = mine;
    const { port, opened } = replugable(() => here);
    await using meter = await openMeter(port, { identity, trust });

    here = replacement;
    const error = await failureOf(settle(meter.reconnect()));

    expect(error).toMatchObject({
      stage: 'handshake',
      message: expect.stringContaining('another meter took its place'),
    });
    expect(opened()).toBe(2);
  });

  test('on a link that was given open begins anew on it', async () => {
    const imitation = createImitation({ services });
    await using meter = await openTo(imitation);

    imitation.restart();
    await meter.reconnect();

    expect(await meter.registers()).toEqual(registers);
  });

  test('is not possible after a close', async () => {
    const meter = await openTo(createImitation());
    await meter.close();

    expect(await failureOf(meter.reconnect())).toMatchObject({ stage: 'open' });
  });

  test('needs no key of the caller any more, who may have wiped his', async () => {
    const mine = { privateKey: identity.privateKey.slice(), publicKey: identity.publicKey };
    const imitation = createImitation({ services });
    const { port } = replugable(() => imitation);
    await using meter = await openMeter(port, { identity: mine, trust });

    mine.privateKey.fill(0);
    await meter.reconnect();

    expect(await meter.registers()).toEqual(registers);
  });
});

describe('close', () => {
  test('tells the meter, and closes the line', async () => {
    const imitation = createImitation();
    const link = memoryLink(imitation.connect());
    const meter = await openMeter(link, { identity, trust });

    await meter.close();
    await meter.close();

    expect(await failureOf(meter.registers())).toBeInstanceOf(Error);
    expect(meter.isOpen).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not wait for a meter that is gone', async () => {
    const { port, unplug } = replugable(() => createImitation());
    const meter = await openMeter(port, { identity, trust });
    unplug();

    await meter.close();

    expect(meter.isOpen).toBe(false);
  });

  test('rejects what is under way', async () => {
    let fate: 'lost' | 'arrives' = 'arrives';
    const meter = await openTo(createImitation(), () => fate);
    fate = 'lost';
    const outstanding = failureOf(meter.registers());
    await vi.advanceTimersByTimeAsync(0);

    await meter.close();

    expect(await outstanding).toMatchObject({ stage: 'request', isUncertain: true });
  });
});
