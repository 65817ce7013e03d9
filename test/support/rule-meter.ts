/**
 * A meter made of its rules and its keys: the registers are those of the firmware (`firmware/registers.ts`), the documents
 * are signed as the image signs them, and the rest of the device is left out, so that thousands of them are cheap.
 */

import { nodeCrypto } from '#driver/node-crypto';
import type { MeterState } from '#firmware/journal-record';
import { blankState } from '#firmware/journal-record';
import {
  beginRefill,
  debit,
  endRefill,
  type RefillWish,
  registersOf,
  type Terms,
  withdraw,
} from '#firmware/registers';
import type { Registers } from '#protocol/command-layouts';
import { dateOf } from '#protocol/documents/date';
import {
  acknowledgementDocument,
  type InspectionReport,
  signInspectionReport,
} from '#protocol/documents/inspection';
import { ordinaryTerms } from '#protocol/documents/licence';
import { lockOrderDocument } from '#protocol/documents/orders';
import { matchRefill, readRefillAuthorisation, refillKinds } from '#protocol/documents/refill';
import {
  EMPTY_LOG,
  encodeLogRecord,
  type LogPosition,
  type LogRecord,
  logChain,
} from '#protocol/documents/security-log';
import {
  matchWithdrawal,
  signWithdrawalReport,
  signWithdrawalRequest,
  withdrawalAuthorisationDocument,
} from '#protocol/documents/withdrawal';
import { type Mills, mills } from '#protocol/mills';
import type { Refusal, Result } from '#protocol/result';
import { signIndicium, signRequest, type TestClock, type TestMeter } from './back-office.ts';

/** All that a copy of the meter's flash would hold. */
interface Memory {
  readonly state: MeterState;
  readonly log: LogPosition;
  readonly records: readonly Uint8Array[];
  readonly acknowledged: number;
  readonly lockSequence: number;
  readonly isLocked: boolean;
  readonly isRevoked: boolean;
  /** Number of the last journal record. */
  readonly journal: number;
  readonly withdrawal: Uint8Array | undefined;
}

export interface RuleMeter {
  readonly keys: TestMeter;
  readonly registers: Registers;
  /** Whether it offers all that is left, or has given it back. */
  readonly isLeaving: boolean;
  /** Refusal, or the indicium of a piece that was charged. */
  print(postage: number, kind?: 'postage' | 'redate', original?: number): Uint8Array | Refusal;
  /** Refusal, or the signed request, which is the same one for as long as it is pending. */
  requestRefill(wish: RefillWish): Uint8Array | Refusal;
  /** Takes an authorisation, once. @throws Error where it does not answer what is pending */
  commitRefill(authorisation: Uint8Array): void;
  requestWithdrawal(): Uint8Array;
  /** Takes the answer. @returns the proof, where it was agreed */
  commitWithdrawal(authorisation: Uint8Array): Uint8Array | undefined;
  report(challenge: Uint8Array, changes?: Partial<InspectionReport>): Uint8Array;
  /** The records of the log after a number, as they are exported. */
  exportLog(after: number): Uint8Array;
  acknowledge(acknowledgement: Uint8Array): void;
  apply(order: Uint8Array): void;
  note(event: LogRecord['event'], figures?: Partial<Pick<LogRecord, 'a' | 'b' | 'c'>>): void;
  /** What a copy of the flash holds now, and a meter that has it. */
  copy(): RuleMeter;
}

/** Terms without limits that would stand in the way of a test. */
export const easyTerms: Terms = {
  ...ordinaryTerms,
  descendingMax: mills(5_000_000),
  certificateDescendingMax: mills(5_000_000),
};

const blank = (): Memory => ({
  state: blankState(),
  log: EMPTY_LOG,
  records: [],
  acknowledged: 0,
  lockSequence: 0,
  isLocked: false,
  isRevoked: false,
  journal: 1,
  withdrawal: undefined,
});

export function ruleMeter(
  keys: TestMeter,
  clock: TestClock,
  terms: Terms = easyTerms,
  start: Memory = blank(),
): RuleMeter {
  let memory = start;
  const sign = keys.device.privateKey;
  const { meterId } = keys;

  function commit(changes: Partial<Memory>): void {
    memory = { ...memory, ...changes, journal: memory.journal + 1 };
  }

  function note(
    event: LogRecord['event'],
    figures: Partial<Pick<LogRecord, 'a' | 'b' | 'c'>> = {},
  ): void {
    const count = memory.log.count + 1;
    const record = { a: 0, b: 0, c: 0, ...figures, event, count, timeMs: clock.timeMs };
    const bytes = encodeLogRecord(nodeCrypto, memory.log.head, record);
    const log = { count, head: logChain(bytes).slice() };
    commit({ log, records: [...memory.records, bytes] });
  }

  const termsOfWithdrawal = () => ({
    meterId,
    sequence: memory.state.refillSequence,
    nonce: memory.state.refillNonce,
    postal: memory.state.descending,
    certificate: memory.state.certificateDescending,
  });

  function account(): { readonly ascending: Mills; readonly descending: Mills } {
    const { state } = memory;
    return state.refillAccount === 'postal'
      ? { ascending: state.ascending, descending: state.descending }
      : { ascending: state.certificateAscending, descending: state.certificateDescending };
  }

  const pending = () => {
    const { refillSequence, refillNonce, refillPending, refillKind, refillAccount, pieceCount } =
      memory.state;
    return {
      meterId,
      sequence: refillSequence,
      nonce: refillNonce,
      kind: refillKind,
      account: refillAccount,
      amount: refillPending,
      pieceCount,
      ...account(),
    };
  };

  const self: RuleMeter = {
    keys,
    get registers() {
      return registersOf(memory.state, terms);
    },
    get isLeaving() {
      return ['withdrawing', 'withdrawn'].includes(memory.state.lifeCycle);
    },
    print(postage, kind = 'postage', original = 0) {
      const detail = {
        kind,
        postage: mills(postage),
        mailingDate: dateOf(clock.timeMs),
        destination: 0,
        serviceId: 100,
        rateVersion: 1,
        original,
        requestDigest: new Uint8Array(8),
      };
      const id = { counter: memory.state.requestId.counter + 1, nonce: 7 };
      const next = debit(memory.state, terms, id, detail, clock.timeMs);
      if (!next.ok) return next;
      commit({ state: next.value });
      const { ascending, descending, pieceCount } = next.value;
      if (kind === 'redate') note('redated', { a: detail.mailingDate, b: pieceCount, c: original });
      const flags = {
        redate: kind === 'redate',
        correction: false,
        reprint: false,
        test: false,
        certificateService: false,
      };
      const { mailingDate, serviceId } = detail;
      const piece = { ascending, descending, pieceCount, postage: mills(postage) };
      return signIndicium(keys, { ...piece, mailingDate, serviceId, flags });
    },
    requestRefill(wish) {
      if (memory.state.refillPending === 0) {
        const next = beginRefill(memory.state, terms, wish, nodeCrypto.randomBytes(8));
        if (!next.ok) return next;
        commit({ state: next.value });
        const { refillSequence: b, refillKind } = next.value;
        note('refillRequested', { a: wish.amount, b, c: refillKinds.indexOf(refillKind) });
      }
      return signRequest(keys, pending());
    },
    commitRefill(bytes) {
      const read = expectOk(readRefillAuthorisation(bytes));
      const isRepeated =
        memory.state.refillPending === 0 && read.sequence === memory.state.refillSequence;
      if (isRepeated) return;
      const { ascending, descending } = account();
      expectOk(matchRefill(read, { ...pending(), controlSum: ascending + descending }));
      commit({ state: endRefill(memory.state, read.amount) });
      note('refilled', { a: read.amount, b: read.sequence, c: refillKinds.indexOf(read.kind) });
    },
    requestWithdrawal() {
      if (memory.state.lifeCycle !== 'withdrawing') {
        const refillSequence = memory.state.refillSequence + 1;
        const refillNonce = nodeCrypto.randomBytes(8);
        const lifeCycle = 'withdrawing' as const;
        commit({ state: { ...memory.state, lifeCycle, refillSequence, refillNonce } });
        note('withdrawalRequested', { b: refillSequence });
      }
      return signWithdrawalRequest(nodeCrypto, sign, {
        ...termsOfWithdrawal(),
        registers: self.registers,
        timeMs: clock.timeMs,
      });
    },
    commitWithdrawal(bytes) {
      if (memory.withdrawal !== undefined) return memory.withdrawal;
      const read = expectOk(withdrawalAuthorisationDocument.read(bytes));
      const asked = termsOfWithdrawal();
      expectOk(matchWithdrawal(read, asked));
      if (read.verdict === 'refused') {
        commit({ state: { ...memory.state, lifeCycle: 'registered' } });
        note('withdrawalRefused', { b: asked.sequence });
        return undefined;
      }
      commit({ state: { ...withdraw(memory.state), lifeCycle: 'withdrawn' } });
      const proof = signWithdrawalReport(nodeCrypto, sign, {
        ...asked,
        registers: self.registers,
        journalSequence: memory.journal,
        auditHead: auditHead(memory),
        logCount: memory.log.count,
        logHead: memory.log.head,
        timeMs: clock.timeMs,
      });
      commit({ withdrawal: proof });
      return proof;
    },
    report(challenge, changes = {}) {
      return signInspectionReport(nodeCrypto, sign, {
        meterId,
        challenge,
        timeMs: clock.timeMs,
        lifeCycle: memory.state.lifeCycle === 'blank' ? 'registered' : memory.state.lifeCycle,
        locks: locksOf(memory),
        imageVersion: 0x1_0000,
        imageDigest: new Uint8Array(32),
        registers: self.registers,
        journalSequence: memory.journal,
        auditHead: auditHead(memory),
        logCount: memory.log.count,
        logHead: memory.log.head,
        logAcknowledged: memory.acknowledged,
        powerCount: 1,
        userTries: 0,
        officerTries: 0,
        contactMs: clock.timeMs,
        clockSetMs: 0,
        lockSequence: memory.lockSequence,
        licenceSequence: 1,
        rateVersion: 1,
        ...changes,
      });
    },
    exportLog(after) {
      return Buffer.concat(memory.records.slice(after));
    },
    acknowledge(bytes) {
      const { logCount } = expectOk(acknowledgementDocument.read(bytes));
      commit({ acknowledged: logCount });
    },
    apply(bytes) {
      const { sequence, action } = expectOk(lockOrderDocument.read(bytes));
      if (sequence <= memory.lockSequence) return;
      commit({
        lockSequence: sequence,
        isLocked: action !== 'unlock',
        isRevoked: memory.isRevoked || action === 'revoke',
      });
      note('locked', { a: sequence });
    },
    note,
    copy: () => ruleMeter(keys, clock, terms, memory),
  };
  return self;
}

/** Stands for the digest over all states: two memories that were once the same and went apart differ in it. */
function auditHead({ state, log, journal }: Memory): Uint8Array {
  const told = JSON.stringify([state, journal], (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return nodeCrypto.sha256(new TextEncoder().encode(told), log.head).slice(0, 16);
}

const locksOf = ({ isLocked, isRevoked }: Memory): InspectionReport['locks'] => ({
  clockNotTrusted: false,
  clockFault: false,
  inspectionOverdue: false,
  locked: isLocked,
  revoked: isRevoked,
  licenceExpired: false,
  logFull: false,
});

function expectOk<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the meter refuses it: ${result.status}`);
  return result.value;
}

/** The bytes of an outcome that must not be a refusal. */
export function done(outcome: Uint8Array | Refusal): Uint8Array {
  if (outcome instanceof Uint8Array) return outcome;
  throw new Error(`the meter refuses: ${outcome.status} ${outcome.detail}`);
}
