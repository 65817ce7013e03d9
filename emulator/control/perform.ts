/** The operations on a board in this process: one function for each of the table. */

import { decline, type Outcome, type Problem, problemOf } from '#protocol/http/refusal';
import { ShapeError } from '#protocol/http/shape';
import { type BoardPortName, boardPortNames, boardPorts } from '../board-ports.ts';
import { environmentLimits } from '../environment.ts';
import { tearModes } from '../flash/tear.ts';
import { wearFailures } from '../flash/wear.ts';
import type { PowerCut, Rot } from '../flash.ts';
import { StateError } from '../rig/board-state.ts';
import { defined } from '../rig/chip-shape.ts';
import type { Rig } from '../rig/rig.ts';
import { decodeState, encodeState, STATE_VERSION } from '../rig/state-file.ts';
import { faultFrom } from '../rig/state-shape.ts';
import { oneLine } from './events.ts';
import type { AnyOperation, RequestOf, ResponseOf } from './operation.ts';
import { FORKS_MAX, type OperationName, operations } from './operations.ts';
import { type ControlRefusal, controlRefusals } from './refusals.ts';
import { traces } from './traces.ts';

/** Who opens and closes ports for boards. */
export interface ControlHost {
  /** Takes boards over, gives them ports, and says where; undefined where there are too many. */
  publish(boards: () => readonly Rig[], count: number): Promise<readonly Published[] | undefined>;
  /** Ends this board, where it came of forking. */
  readonly end: (() => void) | undefined;
}

export interface Published {
  readonly control: string;
  readonly tcp: string;
}

type Operations = typeof operations;
type Answer<K extends OperationName> = Outcome<ResponseOf<Operations[K]>, ControlRefusal>;
export type Performers = {
  readonly [K in OperationName]: (
    request: RequestOf<Operations[K]>,
  ) => Answer<K> | Promise<Answer<K>>;
};
type StatusAnswer = Answer<'status'>;

const answer = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export function performersOf(rig: Rig, host: ControlHost | undefined): Performers {
  return {
    ...readersOf(rig, host),
    ...powerAndTime(rig),
    ...surroundingsAndFaults(rig),
    ...states(rig, host),
    ...traces(rig),
  };
}

function statusOf({ board, clock, entropy, environment }: Rig): StatusAnswer {
  const { fault } = board;
  return answer({
    isPowered: board.isPowered,
    isRunning: board.isRunning,
    indicator: board.indicator,
    fault: fault && { kind: fault.kind, message: oneLine(fault.message) },
    clock: clock.state,
    entropy: entropy.state,
    surroundings: environment.surroundings,
    isTampered: board.tamper.isTriggered,
  });
}

/** Does something and answers what the board is like then. */
const after =
  <Request>(rig: Rig, act: (request: Request) => void) =>
  (request: Request): StatusAnswer => {
    act(request);
    return statusOf(rig);
  };

type Readers = Pick<Performers, 'capabilities' | 'status' | 'panel' | 'flash' | 'lines'>;

function readersOf(rig: Rig, host: ControlHost | undefined): Readers {
  const { board } = rig;
  return {
    capabilities: () => answer(capabilitiesOf(rig, host)),
    status: () => statusOf(rig),
    panel: () => answer({ indicator: board.indicator, buttons: [] }),
    flash() {
      const { programs, erases, reads, syncs, refused, failed, cuts } = board.flash.counters;
      return answer({
        ...{ reads, programs, erases, syncs, refused, failed, cuts },
        operations: programs + erases + failed + cuts,
        wear: board.flash.wear,
        weakBits: board.flash.weakBits.length,
        hasPower: board.flash.isPowered,
      });
    },
    lines: () => answer({ ports: boardPortNames.map((port) => countsOf(rig, port)) }),
  };
}

function capabilitiesOf(
  rig: Rig,
  host: ControlHost | undefined,
): ResponseOf<Operations['capabilities']> {
  const { board } = rig;
  const { size, sectorSize, programUnit } = board.flash;
  const offered = (Object.entries(operations) as [string, AnyOperation][]).filter(
    ([name, { needs }]) =>
      needs === 'board' || (host !== undefined && (name !== 'end' || host.end !== undefined)),
  );
  return {
    version: 1,
    cpu: rig.cpuName,
    cryptoEngine: board.hasCryptoEngine,
    snapshotsHaveMemory: rig.keepsMemory,
    stateVersion: STATE_VERSION,
    ports: boardPortNames,
    panel: { indicator: true, display: false, buttons: [] },
    sensors: environmentLimits,
    flash: { size, sectorSize, programUnit },
    tears: tearModes,
    sectorFailures: wearFailures,
    forksMax: host === undefined ? 0 : FORKS_MAX,
    trace: true,
    operations: offered.map(([name]) => name),
  };
}

type PowerAndTime = Pick<
  Performers,
  | 'powerOn'
  | 'powerOff'
  | 'powerCycle'
  | 'cutPower'
  | 'setClock'
  | 'advanceClock'
  | 'runClock'
  | 'driftClock'
  | 'loseClock'
>;

function powerAndTime(rig: Rig): PowerAndTime {
  const { board, clock } = rig;
  function switchedOn(): StatusAnswer {
    if (!rig.environment.canRun) return decline('supplyTooLow');
    rig.powerOn();
    return statusOf(rig);
  }
  return {
    powerOn: switchedOn,
    powerOff: after(rig, () => rig.powerOff()),
    powerCycle() {
      rig.powerOff();
      return switchedOn();
    },
    cutPower: after(rig, ({ operations: before, ...cut }) =>
      board.flash.losePowerAfter(before, defined(cut) as PowerCut),
    ),
    setClock: after(rig, ({ timeMs }) => clock.set(timeMs)),
    advanceClock: after(rig, ({ durationMs }) => rig.advance(durationMs)),
    runClock: after(rig, ({ isRunning }) => clock.run(isRunning)),
    driftClock: after(rig, ({ ppm }) => clock.drift(ppm)),
    loseClock: after(rig, () => clock.loseTrust()),
  };
}

type SurroundingsAndFaults = Pick<
  Performers,
  | 'openHousing'
  | 'rearmTamper'
  | 'setSurroundings'
  | 'breakEntropy'
  | 'mendEntropy'
  | 'rotFlash'
  | 'damageFlash'
  | 'breakSector'
  | 'mendSector'
  | 'roughenLine'
  | 'mendLine'
>;

function surroundingsAndFaults(rig: Rig): SurroundingsAndFaults {
  const { board, entropy, environment, lines } = rig;
  return {
    openHousing: after(rig, () => board.tamper.trigger()),
    rearmTamper: after(rig, () => board.tamper.rearm()),
    setSurroundings: after(rig, (changes) => environment.set(defined(changes))),
    breakEntropy: after(rig, (fault) => entropy.break(faultFrom(fault))),
    mendEntropy: after(rig, () => entropy.break(undefined)),
    rotFlash: (rot) => answer({ bits: board.flash.rot(defined(rot) as Rot) }),
    damageFlash: after(rig, ({ offset, bytes }) => {
      if (offset + bytes.length > board.flash.size)
        throw new RangeError(`the flash ends at ${board.flash.size}`);
      board.flash.damage(offset, bytes);
    }),
    breakSector: after(rig, ({ sector, failure }) => board.flash.breakSector(sector, failure)),
    mendSector: after(rig, ({ sector }) => board.flash.breakSector(sector, undefined)),
    roughenLine({ port, ...ways }) {
      const well = { drop: 0, flip: 0, double: 0, delay: 0, delayMs: 100, split: 0, seed: 0 };
      const all = { direction: 'both', portions: Number.MAX_SAFE_INTEGER } as const;
      lines.roughen(boardPorts[port], { ...well, ...all, ...defined(ways) });
      return answer(countsOf(rig, port));
    },
    mendLine({ port }) {
      lines.mend(boardPorts[port]);
      return answer(countsOf(rig, port));
    },
  };
}

const countsOf = (rig: Rig, port: BoardPortName): ResponseOf<Operations['mendLine']> => ({
  port,
  ...rig.lines.counts(boardPorts[port]),
});

type States = Pick<Performers, 'snapshot' | 'restore' | 'fork' | 'end'>;

function states(rig: Rig, host: ControlHost | undefined): States {
  return {
    snapshot() {
      const state = rig.capture();
      return answer({ state: encodeState(state), hasMemory: state.running !== undefined });
    },
    async restore({ state, boots }) {
      const decoded = await decodeState(state);
      rig.restore(decoded, { boots });
      return statusOf(rig);
    },
    async fork({ count }) {
      if (host === undefined) return decline('hostMissing');
      const boards = await host.publish(() => rig.fork(count), count);
      return boards === undefined ? decline('forksAtMost') : answer({ boards });
    },
    end() {
      if (host?.end === undefined) return decline('noFork');
      host.end();
      return answer({});
    },
  };
}

/** The value that an operation answers, or the problem. */
export type Performed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number; readonly problem: Problem };

/**
 * Judges a request and performs it.
 * @throws whatever is a defect of the emulator
 */
export async function perform(
  performers: Performers,
  name: OperationName,
  json: unknown,
): Promise<Performed> {
  const { request } = operations[name] as AnyOperation;
  try {
    const outcome: Outcome<unknown, ControlRefusal> = await performers[name](
      request.decode(json) as never,
    );
    return outcome.ok ? outcome : refused(outcome.error, outcome.detail);
  } catch (cause) {
    if (cause instanceof ShapeError) return refused('requestMalformed', cause.message);
    if (cause instanceof RangeError) return refused('valueOutOfRange', cause.message);
    if (cause instanceof StateError) return refused(cause.reason, cause.message);
    throw cause;
  }
}

export function refused(name: ControlRefusal, detail = ''): Performed & { readonly ok: false } {
  const entry = controlRefusals[name];
  return { ok: false, status: entry.httpStatus, problem: problemOf(name, entry, detail) };
}
