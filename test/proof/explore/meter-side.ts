/**
 * The meter in the explorer: the real bring-up, journal and services on a flash that loses power when told to. Sessions and
 * roles are left out: whoever may ask for a service asks for it. Its stage of life decides as it does in a meter.
 */

import { createCryptoEngine } from '#emulator/crypto-engine';
import { createSeededEntropy } from '#emulator/entropy';
import type { FlashDevice, PowerCut } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import { bringUp } from '#firmware/bring-up';
import type { Device } from '#firmware/device';
import type { RefillWish } from '#firmware/registers';
import { logIn } from '#firmware/services/access';
import { createIndicium } from '#firmware/services/indicium';
import { refillCommit, refillRequest } from '#firmware/services/refill';
import {
  withdrawalCommit,
  withdrawalReport,
  withdrawalRequest,
} from '#firmware/services/withdrawal';
import { createStateHolder } from '#firmware/state-machine';
import type { Hardware } from '#hw/hardware';
import { type CommandName, commands, type ResponseOf } from '#protocol/command';
import { allows } from '#protocol/dispatch';
import { dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import type { Givens } from './givens.ts';
import type { Document, MeterTakes } from './line.ts';

/** One thing that a host asks of a meter. */
export type Asked =
  | { readonly kind: 'ask'; readonly wish: RefillWish }
  | { readonly kind: 'print'; readonly piece: number }
  | { readonly kind: 'offer' }
  | { readonly kind: 'readProof' }
  | { readonly kind: MeterTakes; readonly bytes: Uint8Array };

/** Where power fails: within this operation on the flash; none: behind them all, before the answer is out. */
export interface Cut {
  readonly operation: number | undefined;
  readonly how: PowerCut;
}

export type Answer =
  | { readonly kind: 'document'; readonly document: Document }
  | { readonly kind: 'credited'; readonly amount: number }
  | { readonly kind: 'indicium'; readonly indicium: Uint8Array }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly status: string };

/** The meter from one power-up to the next. */
export interface PowerCycle {
  readonly device: Device;
  readonly flash: FlashDevice;
  /** Operations on the flash that the last request began. */
  readonly operations: number;
  /** @throws Fault of the firmware, which nothing that a host does may lead to */
  perform(asked: Asked): Answer;
  /** The same, and power fails. */
  performUntil(asked: Asked, cut: Cut): void;
}

/** What every piece costs. */
export const PIECE_POSTAGE = 780;

function hardwareOf(givens: Givens, flash: FlashDevice, seed: number): Hardware {
  const { image, imageKey, deviceSecret, timeMs } = givens;
  const copy = (bytes: Uint8Array) => bytes.slice().buffer;
  const never = (what: string) => (): never => {
    throw new Error(`the explorer asks for nothing that ${what}`);
  };
  return {
    flash,
    entropy: createSeededEntropy(seed),
    clock: { nowMs: () => timeMs, ticksMs: () => 0, set: never('sets the clock') },
    tamper: { isTriggered: () => 0 },
    indicator: { show: () => undefined },
    watchdog: { feed: () => undefined },
    fuses: { deviceSecret: () => copy(deviceSecret), imageKey: () => copy(imageKey) },
    image: {
      size: image.length,
      read: (offset, length) => copy(image.subarray(offset, offset + length)),
    },
    ports: { send: () => undefined },
    cryptoEngine: createCryptoEngine(),
    imageStore: undefined,
    reset: never('restarts a meter by itself'),
  };
}

/** Brings the real firmware up. @throws Fault, PowerLost */
function bootDevice(givens: Givens, flash: FlashDevice, seed: number): Device {
  const states = createStateHolder(() => undefined);
  states.move('powerOn');
  let found: Device | undefined;
  bringUp(hardwareOf(givens, flash, seed), states, (device) => {
    found = device;
  });
  if (found === undefined) throw new Error('no device was found');
  return found;
}

/** The key that the user's password opens; asked for once, since that takes its time. */
export function vaultKeyOf(givens: Givens, flash: FlashDevice): Uint8Array {
  const device = bootDevice(givens, flash, 0);
  device.sessionRole = 'user';
  const entered = logIn(device, { password: givens.password.slice() });
  if (!entered.ok || device.access === undefined) throw new Error('the user cannot log in');
  return device.access.vaultKey;
}

const document = (kind: Document['kind'], bytes: Uint8Array): Answer => ({
  kind: 'document',
  document: { kind, bytes },
});

function serve(device: Device, asked: Asked): Answer {
  /** What the table of commands says of this stage of life; channel, state and caller are as they must be. */
  function asTold<N extends CommandName>(
    name: N,
    service: () => Result<ResponseOf<N>>,
    tell: (value: ResponseOf<N>) => Answer,
  ): Answer {
    const { channel, states, callers } = commands[name];
    const { lifeCycle } = device.journal.state;
    const [state, caller] = [states[0] ?? 'error', callers[0] ?? 'nobody'];
    const refusal = allows(name, { channel, state, caller, lifeCycle });
    const result = refusal ?? service();
    return result.ok ? tell(result.value) : { kind: 'refused', status: result.status };
  }

  switch (asked.kind) {
    case 'ask':
      return asTold(
        'refillRequest',
        () => refillRequest(device, asked.wish),
        ({ request }) => document('refillRequest', request),
      );
    case 'authorisation':
      return asTold(
        'refillCommit',
        () => refillCommit(device, { authorisation: asked.bytes }),
        ({ credited }) => ({ kind: 'credited', amount: credited }),
      );
    case 'print':
      return asTold(
        'createIndicium',
        () => createIndicium(device, pieceOf(device, asked.piece)),
        ({ indicium }) => ({ kind: 'indicium', indicium }),
      );
    case 'offer':
      return asTold(
        'withdrawalRequest',
        () => withdrawalRequest(device),
        ({ request }) => document('offer', request),
      );
    case 'agreement':
      return asTold(
        'withdrawalCommit',
        () => withdrawalCommit(device, { authorisation: asked.bytes }),
        () => ({ kind: 'done' }),
      );
    case 'readProof':
      return asTold(
        'withdrawalReport',
        () => withdrawalReport(device),
        ({ report }) => document('proof', report),
      );
  }
}

const pieceOf = (device: Device, piece: number) =>
  ({
    requestId: { counter: piece, nonce: 7 },
    kind: 'postage',
    original: 0,
    serviceId: 1,
    weightMg: 0,
    zone: 0,
    extras: [],
    postage: mills(PIECE_POSTAGE),
    isConfirmed: false,
    mailingDate: dateOf(device.hardware.clock.nowMs()),
    destination: 0,
  }) as const;

/**
 * @param cut where power fails while it comes up
 * @returns undefined where power failed; the flash has power again
 */
export function powerUp(
  givens: Givens,
  flash: FlashDevice,
  { seed, vaultKey }: { readonly seed: number; readonly vaultKey: Uint8Array },
  cut?: Cut,
): PowerCycle | undefined {
  if (cut?.operation !== undefined) flash.losePowerAfter(cut.operation, cut.how);
  let device: Device;
  try {
    device = bootDevice(givens, flash, seed);
  } catch (cause) {
    if (!(cause instanceof PowerLost)) throw cause;
    flash.restorePower();
    return undefined;
  }
  device.access = { role: 'user', vaultKey: vaultKey.slice() };
  device.sessionRole = 'user';
  let operations = 0;

  function perform(asked: Asked): Answer {
    using trace = flash.traceOperations();
    const answer = serve(device, asked);
    operations = trace.operations.length;
    return answer;
  }

  function performUntil(asked: Asked, { operation, how }: Cut): void {
    if (operation !== undefined) flash.losePowerAfter(operation, how);
    try {
      serve(device, asked);
    } catch (cause) {
      if (!(cause instanceof PowerLost)) throw cause;
      flash.restorePower();
    }
  }

  return {
    device,
    flash,
    get operations() {
      return operations;
    },
    perform,
    performUntil,
  };
}
