/** Every state that may come of one, worked out on the real meter and the real provider. */

import type { FlashDevice } from '#emulator/flash';
import type { Givens } from './givens.ts';
import { isForMeter, receivers, withDocument } from './line.ts';
import {
  type Answer,
  type Asked,
  type Cut,
  type PowerCycle,
  powerUp,
  vaultKeyOf,
} from './meter-side.ts';
import { booksOf, type ProviderSide } from './provider-side.ts';
import type { Bounds } from './runs.ts';
import { receivedBy, type State, type Step, type Told } from './state.ts';

/** How power fails in an operation: it leaves nothing, a part, or takes with it what was not synced. */
const tears = [{ tornBytes: 0 }, { tornBytes: 80 }, { tornBytes: 0, unsynced: 'lost' }] as const;

export interface Counters {
  steps: number;
  refusals: number;
  cuts: number;
}

export interface Moves {
  readonly counters: Counters;
  first(rows: State['rows']): State;
  /** What a step comes to where power does not fail. */
  whole(state: State, step: Step): Promise<State>;
  /** Every state that may come next. */
  successors(state: State): Promise<State[]>;
  /** The meter as it is in a state. */
  resume(state: State): PowerCycle;
  /** The meter after power went and came, on what the flash holds now. */
  wake(powerUps: number): PowerCycle;
}

interface World {
  readonly givens: Givens;
  readonly bounds: Bounds;
  readonly provider: ProviderSide;
  readonly flash: FlashDevice;
}

export function createMoves({ givens, bounds, provider, flash }: World): Moves {
  const vaultKey = vaultKeyOf(givens, flash);
  const counters: Counters = { steps: 0, refusals: 0, cuts: 0 };
  let beginning = flash.snapshot();
  let sealedKeys: readonly Uint8Array[] = [];

  function wake(powerUps: number): PowerCycle {
    const cycle = powerUp(givens, flash, { seed: powerUps, vaultKey });
    if (cycle === undefined) throw new Error('power failed without a cut');
    return cycle;
  }

  function resume(state: State): PowerCycle {
    flash.restore(state.flash);
    const cycle = wake(state.powerUps);
    for (const asked of state.since) cycle.perform(asked);
    return cycle;
  }

  function found({ device }: PowerCycle): Pick<State, 'meter' | 'hasKeys'> {
    const meter = device.journal.state;
    if (meter.lifeCycle !== 'withdrawn') return { meter, hasKeys: true };
    const held = Buffer.from(flash.contents());
    return { meter, hasKeys: sealedKeys.some((key) => held.includes(Buffer.from(key))) };
  }

  /** The state after a power-up on what the flash holds now. */
  function restarted(state: State, step: Step, changes: Partial<State> = {}): State {
    const held = flash.snapshot();
    const powerUps = state.powerUps + 1;
    const cycle = wake(powerUps);
    const path = [...state.path, step];
    const same = { ...state, contradiction: undefined };
    return { ...same, path, flash: held, since: [], powerUps, ...found(cycle), ...changes };
  }

  function asked(state: State, step: Step): Asked | undefined {
    switch (step.kind) {
      case 'ask':
      case 'print':
      case 'offer':
      case 'readProof':
        return step as Asked;
      case 'deliver': {
        if (!isForMeter(step.to)) return undefined;
        return { kind: step.to, bytes: documentAt(state, step.document).bytes };
      }
      case 'restart':
      case 'rollBack':
        return undefined;
    }
  }

  /** A request to the meter that comes to its end, and the operations on the flash that it took. */
  function performed(state: State, step: Step, request: Asked) {
    const cycle = resume(state);
    const answer = cycle.perform(request);
    const { operations } = cycle;
    if (answer.kind === 'refused') counters.refusals += 1;
    const line =
      answer.kind === 'document' ? withDocument(state.line, answer.document) : state.line;
    const after = found(cycle);
    const changes = {
      told: toldBy(state, answer, step, after.meter),
      contradiction: contradictionIn(state, answer, step, operations),
      line,
      credits: line.map((_, at) => state.credits[at] ?? 0),
    };
    const next: State = cycle.device.isRestarting
      ? restarted(state, step, changes)
      : {
          ...state,
          ...changes,
          ...after,
          path: [...state.path, step],
          since: [...state.since, request],
        };
    return { next: credited(state, next, step), operations };
  }

  /** The same request, and power fails on the way. */
  function cutShort(state: State, step: Step, request: Asked, cut: Cut): State {
    counters.cuts += 1;
    resume(state).performUntil(request, cut);
    const cutsLeft = state.cutsLeft - 1;
    return credited(state, restarted(state, { ...step, cut } as Step, { cutsLeft }), step);
  }

  /** The answer goes out; then power fails, and whatever was not synced by then is lost. */
  function losingUnsynced(
    state: State,
    { next, operations }: { readonly next: State; readonly operations: number },
    step: Step,
    request: Asked,
  ): State {
    counters.cuts += 1;
    const cycle = resume(state);
    flash.losePowerAfter(operations, { unsynced: 'lost' });
    cycle.perform(request);
    const failed = powerUp(givens, flash, { seed: state.powerUps + 1, vaultKey });
    if (failed !== undefined) throw new Error('power did not fail');
    const cut: Cut = { operation: operations, how: { unsynced: 'lost' } };
    const { told, line, credits } = next;
    const cutsLeft = state.cutsLeft - 1;
    return restarted(state, { ...step, cut } as Step, { told, line, credits, cutsLeft });
  }

  /** Power goes and comes, and fails again in every operation with which the meter comes up. */
  function restarts(state: State, step: Step): State[] {
    resume(state);
    const held = flash.snapshot();
    using trace = flash.traceOperations();
    const whole = restarted(state, step);
    const cuts = state.cutsLeft === 0 ? [] : cutsOf(trace.operations.length).slice(0, -1);
    const again = cuts.map((cut) => {
      counters.cuts += 1;
      flash.restore(held);
      const cycle = powerUp(givens, flash, { seed: state.powerUps + 1, vaultKey }, cut);
      if (cycle !== undefined) throw new Error('power did not fail');
      return restarted(state, { ...step, cut } as Step, { cutsLeft: state.cutsLeft - 1 });
    });
    return [whole, ...again];
  }

  function rolledBack(state: State, step: Step): State {
    flash.restore(beginning);
    const rollBacksLeft = state.rollBacksLeft - 1;
    return restarted(state, step, { rollBacksLeft, isRolledBack: true });
  }

  async function answered(state: State, step: Step & { kind: 'deliver' }): Promise<State> {
    if (isForMeter(step.to)) throw new Error('that is for the meter');
    await provider.put(state.rows);
    const reply = await provider.answer(step.to, documentAt(state, step.document).bytes);
    const rows = await provider.take();
    const books = booksOf(rows, bounds.funds);
    const path = [...state.path, step];
    const next = { ...state, contradiction: undefined, path, rows, books };
    if (reply === 'done') return next;
    if ('refused' in reply) {
      counters.refusals += 1;
      return next;
    }
    const line = withDocument(state.line, reply);
    return { ...next, line, credits: line.map((_, at) => state.credits[at] ?? 0) };
  }

  async function whole(state: State, step: Step): Promise<State> {
    const request = asked(state, step);
    if (request !== undefined) return performed(state, step, request).next;
    if (step.kind === 'deliver') return answered(state, step);
    if (step.kind === 'rollBack') return rolledBack(state, step);
    resume(state);
    return restarted(state, step);
  }

  async function successorsBy(state: State, step: Step): Promise<State[]> {
    const request = asked(state, step);
    if (step.kind === 'restart') return restarts(state, step);
    if (request === undefined) return [await whole(state, step)];
    const once = performed(state, step, request);
    if (state.cutsLeft === 0) return [once.next];
    return [
      once.next,
      ...cutsOf(once.operations).map((cut) => cutShort(state, step, request, cut)),
      losingUnsynced(state, once, step, request),
    ];
  }

  return {
    counters,
    resume,
    wake,
    whole,
    first(rows) {
      const { cuts, rollBacks, isCurrent, funds } = bounds;
      const { device } = wake(1);
      sealedKeys = [device.content.sealedDeviceKey, device.content.sealedIndiciumKey];
      return {
        path: [],
        flash: beginning,
        since: [],
        powerUps: 1,
        line: [],
        credits: [],
        rows,
        books: booksOf(rows, funds),
        meter: device.journal.state,
        hasKeys: true,
        told: { received: 0, ascending: 0, indicia: new Map() },
        cutsLeft: cuts,
        rollBacksLeft: rollBacks,
        isRolledBack: false,
        isCurrent,
        contradiction: undefined,
      };
    },
    async successors(state) {
      if (state.path.length === bounds.before.length) {
        resume(state);
        beginning = flash.snapshot();
      }
      const next: State[] = [];
      for (const step of stepsFrom(state, bounds)) {
        counters.steps += 1;
        next.push(...(await successorsBy(state, step)));
      }
      return next;
    },
  };
}

function documentAt(state: State, at: number) {
  const document = state.line[at];
  if (document === undefined) throw new Error(`there is no document ${at}`);
  return document;
}

/** What host, line and provider may do in a state. */
function stepsFrom(
  state: State,
  { wishes, pieces, sequenceMax, isLeaving, isSpliced }: Bounds,
): Step[] {
  const { refillPending, refillSequence, lifeCycle, descending } = state.meter;
  const mayBegin = refillPending > 0 || refillSequence < sequenceMax;
  const mayOffer = isLeaving && (lifeCycle === 'withdrawing' || refillSequence < sequenceMax);
  const mayPrint = state.isCurrent || descending > 0;
  const deliveries = state.line.flatMap(({ kind }, document) =>
    (isSpliced ? receivers : [kind]).map((to): Step => ({ kind: 'deliver', document, to })),
  );
  return [
    ...(mayBegin ? wishes.map((wish): Step => ({ kind: 'ask', wish })) : []),
    ...(mayPrint ? pieces.map((piece): Step => ({ kind: 'print', piece })) : []),
    ...(mayOffer ? [{ kind: 'offer' } as const] : []),
    ...(lifeCycle === 'withdrawn' ? [{ kind: 'readProof' } as const] : []),
    ...deliveries,
    { kind: 'restart' },
    ...(state.rollBacksLeft > 0 ? [{ kind: 'rollBack' } as const] : []),
  ];
}

function cutsOf(operations: number): Cut[] {
  const within = Array.from({ length: operations }, (_, operation) =>
    tears.map((how): Cut => ({ operation, how })),
  ).flat();
  return [...within, { operation: undefined, how: {} }];
}

/** Counts the document that a meter took value for. */
function credited(before: State, next: State, step: Step): State {
  const isMore =
    receivedBy(next.meter, next.isCurrent) > receivedBy(before.meter, before.isCurrent);
  if (step.kind !== 'deliver' || !isMore) return next;
  const { document } = step;
  return { ...next, credits: next.credits.with(document, (next.credits[document] ?? 0) + 1) };
}

/** A refusal that wrote something, or an answer that is not the one which was given before. */
function contradictionIn(
  { told, line }: State,
  answer: Answer,
  step: Step,
  operations: number,
): string | undefined {
  if (answer.kind === 'refused' && operations > 0) return `${answer.status} wrote on the flash`;
  if (answer.kind === 'document' && answer.document.kind === 'proof') {
    const before = line.find(({ kind }) => kind === 'proof');
    const isSame = before === undefined || withDocument([before], answer.document).length === 1;
    return isSame ? undefined : 'another proof of one withdrawal';
  }
  if (answer.kind !== 'indicium' || step.kind !== 'print') return undefined;
  const before = told.indicia.get(step.piece);
  return before === undefined || before === inHex(answer.indicium)
    ? undefined
    : 'another indicium for one request id';
}

const inHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function toldBy(
  { told, isCurrent }: State,
  answer: Answer,
  step: Step,
  meter: State['meter'],
): Told {
  if (answer.kind === 'credited')
    return { ...told, received: Math.max(told.received, receivedBy(meter, isCurrent)) };
  if (answer.kind !== 'indicium' || step.kind !== 'print') return told;
  const indicium = told.indicia.get(step.piece) ?? inHex(answer.indicium);
  const indicia = new Map(told.indicia).set(step.piece, indicium);
  return { ...told, indicia, ascending: Math.max(told.ascending, meter.ascending) };
}
