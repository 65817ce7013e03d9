/**
 * The shell around the services: bytes in, state machine, service, bytes out (architecture.md decisions 1 and 4).
 *
 * Whatever throws leads to the error state. A hardware that is dead throws at the next call too, so that nothing here
 * outlives a power cut.
 */

import type { Firmware, Hardware } from '#hw/hardware';
import { wipe } from '#protocol/bytes';
import type { CommandName, RequestOf, ResponseOf } from '#protocol/command';
import { commandOf } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { allows, dispatch, type Handlers, type Situation } from '#protocol/dispatch';
import { type Content, createResponder, type Responder } from '#protocol/responder';
import { ok, type Result } from '#protocol/result';
import { type StateName, stateNames } from '#protocol/state';
import { statuses } from '#protocol/status';
import { bringUp } from './bring-up.ts';
import { callerOf, type Device, destroyKeys, dropAccess, dropDeviceKeys, nowMs } from './device.ts';
import { Fault, invariant } from './fault.ts';
import { NO_MARK, noteFault } from './fault-note.ts';
import { blankState } from './journal-record.ts';
import { isConsistent, registersOf } from './registers.ts';
import { changePassword, logIn, logOut, resetUserPassword } from './services/access.ts';
import {
  acknowledgeInspection,
  applyLockOrder,
  challengeClock,
  checkClock,
  inspectionReport,
  setClock,
} from './services/contact.ts';
import { createIndicium, reprintIndicium, resetBatch, testPrint } from './services/indicium.ts';
import { authorityKey, changeHostKey, installAuthorityKey } from './services/keys.ts';
import { initialize, installCertificates, installRateTable, register } from './services/making.ts';
import { hashContent, postmark, validatePostmark } from './services/postmarks.ts';
import { refillCommit, refillRequest } from './services/refill.ts';
import { installRenewedKeys, renewKeys } from './services/renewal.ts';
import {
  certificates,
  condition,
  licence,
  rateTables,
  readLog,
  registers,
} from './services/report.ts';
import { repeatSelfTests, runSelfTest } from './services/self-test.ts';
import { updateBegin, updateFinish, updateStatus, updateWrite } from './services/update.ts';
import {
  dropKey,
  importKey,
  installKey,
  requestKey,
  requestRevocation,
  revokeKey,
  userKeys,
} from './services/user-keys.ts';
import { withdrawalCommit, withdrawalReport, withdrawalRequest } from './services/withdrawal.ts';
import { createSessions, type Sessions, sessionEnded } from './session.ts';
import { forgetRandomSources } from './shims.ts';
import { createStateHolder, type EventName, type StateHolder } from './state-machine.ts';
import { eraseStore } from './store.ts';
import { PROTOCOL_VERSION } from './version.ts';

/** The event that leads into the state a command is performed in. */
const entryEvents: Partial<Record<StateName, EventName>> = {
  selfTest: 'beginSelfTest',
  keyEntry: 'beginKeyEntry',
  user: 'beginUserService',
  cryptoOfficer: 'beginOfficerService',
};

/** One power cycle: what there is before, besides and after a working device. */
interface Cycle {
  readonly hardware: Hardware;
  readonly states: StateHolder;
  device: Device | undefined;
  sessions: Sessions | undefined;
  fault: Fault | undefined;
  port: number;
}

/**
 * Error state: no keys in memory, no session, the cause kept for the status (requirements.md A3). A fault after the first
 * one changes nothing: the registers stay readable even where the flash does not take the end of the keys.
 */
function enterError(cycle: Cycle, cause: unknown): void {
  if (cycle.states.current === 'error') {
    if (cause instanceof Fault) return;
    throw cause;
  }
  cycle.fault = cause instanceof Fault ? cause : new Fault('internalFault');
  cycle.states.move('fault');
  cycle.sessions?.abandon();
  if (cycle.device !== undefined) dropDeviceKeys(cycle.device);
  forgetRandomSources();
  noteFault(cycle.hardware.flash, cycle.fault, cycle.device?.faultMark ?? NO_MARK);
}

function guarded(cycle: Cycle, action: () => void): void {
  try {
    action();
  } catch (cause) {
    enterError(cycle, cause);
  }
}

function working(cycle: Cycle): Device {
  invariant(cycle.device !== undefined);
  return cycle.device;
}

function statusOf(cycle: Cycle): MeterStatus {
  const { device, states, fault, hardware } = cycle;
  const state = device?.journal.state ?? blankState();
  return {
    state: states.current,
    lifeCycle: state.lifeCycle,
    caller: device === undefined ? 'nobody' : callerOf(device),
    fault: fault === undefined ? 0 : statuses[fault.status].code,
    faultDetail: fault?.detail ?? 0,
    meterId: device?.content.meterId ?? new Uint8Array(8),
    timeMs: device === undefined ? hardware.clock.nowMs() : nowMs(device),
    registersValid:
      device !== undefined && isConsistent(state) && fault?.status !== 'registersInconsistent',
    registers: registersOf(state, device?.documents.licence),
  };
}

/** Version is told in the error state too, even where the image was the cause: then with a digest of zeros. */
function versionOf(cycle: Cycle): ResponseOf<'version'> {
  const image = cycle.device?.image ?? { version: 0, digest: new Uint8Array(32) };
  const protocolVersion = PROTOCOL_VERSION;
  return { protocolVersion, imageVersion: image.version, imageDigest: image.digest };
}

function zeroize(device: Device): Result<Record<never, never>> {
  destroyKeys(device, 'zeroized');
  device.isRestarting = true;
  return ok({});
}

function closeSession(device: Device): Result<Record<never, never>> {
  dropAccess(device);
  device.isClosing = true;
  return ok({});
}

/** One handler for each command of the table; a missing one does not compile. */
function handlersOf(cycle: Cycle): Handlers {
  const device = (): Device => working(cycle);
  const sessions = (): Sessions => {
    invariant(cycle.sessions !== undefined);
    return cycle.sessions;
  };
  return {
    status: () => ok(statusOf(cycle)),
    condition: () => condition(device()),
    version: () => ok(versionOf(cycle)),
    selfTest: () => runSelfTest(device()),
    certificates: () => certificates(device()),
    openSession: ({ message1 }) => sessions().open(message1),
    confirmSession: ({ message3 }) => sessions().confirm(cycle.port, message3),
    closeSession: () => closeSession(device()),
    logIn: (request) => logIn(device(), request),
    logOut: () => logOut(device()),
    changePassword: (request) => changePassword(device(), request),
    resetUserPassword: (request) => resetUserPassword(device(), request),
    initialize: (request) => initialize(device(), request),
    installCertificates: (request) => installCertificates(device(), request),
    register: (request) => register(device(), request),
    installRateTable: (request) => installRateTable(device(), request),
    rateTables: () => rateTables(device()),
    licence: () => licence(device()),
    registers: () => registers(device()),
    refillRequest: (request) => refillRequest(device(), request),
    refillCommit: (request) => refillCommit(device(), request),
    createIndicium: (request) => createIndicium(device(), request),
    reprintIndicium: (request) => reprintIndicium(device(), request),
    testPrint: (request) => testPrint(device(), request),
    resetBatch: () => resetBatch(device()),
    inspectionReport: (request) => inspectionReport(device(), request),
    acknowledgeInspection: (request) => acknowledgeInspection(device(), request),
    readLog: (request) => readLog(device(), request),
    applyLockOrder: (request) => applyLockOrder(device(), request),
    challengeClock: () => challengeClock(device()),
    setClock: (request) => setClock(device(), request),
    installAuthorityKey: (request) => installAuthorityKey(device(), request),
    authorityKey: () => authorityKey(device()),
    changeHostKey: (request) => changeHostKey(device(), request),
    renewKeys: () => renewKeys(device()),
    installRenewedKeys: (request) => installRenewedKeys(device(), request),
    hashContent: (request) => hashContent(device(), request),
    postmark: (request) => postmark(device(), request),
    validatePostmark: (request) => validatePostmark(device(), request),
    requestKey: (request) => requestKey(device(), request),
    installKey: (request) => installKey(device(), request),
    userKeys: () => userKeys(device()),
    requestRevocation: (request) => requestRevocation(device(), request),
    revokeKey: (request) => revokeKey(device(), request),
    importKey: (request) => importKey(device(), request),
    dropKey: (request) => dropKey(device(), request),
    withdrawalRequest: () => withdrawalRequest(device()),
    withdrawalCommit: (request) => withdrawalCommit(device(), request),
    withdrawalReport: () => withdrawalReport(device()),
    updateBegin: (request) => updateBegin(device(), request),
    updateWrite: (request) => updateWrite(device(), request),
    updateFinish: () => updateFinish(device()),
    updateStatus: () => updateStatus(device()),
    zeroize: () => zeroize(device()),
  };
}

/** Whatever became of it, a request leaves no password and no key behind (requirements.md A6). */
function wipeSecrets(request: object): void {
  for (const [name, value] of Object.entries(request))
    if (name.endsWith('assword') || name === 'privateKey') wipe(value as Uint8Array);
}

/** Moves out of the service state again, to where the service has led. */
function leave(cycle: Cycle): void {
  const { states } = cycle;
  switch (states.current) {
    case 'selfTest':
      states.move('testsPassed');
      break;
    case 'keyEntry':
      states.move(working(cycle).access === undefined ? 'keyEntryEnded' : 'keysLoaded');
      break;
    case 'user':
    case 'cryptoOfficer':
      states.move('serviceEnded');
      break;
    case 'powerOff':
    case 'uninitialized':
    case 'idle':
    case 'error':
      break;
  }
}

function createPerform(
  cycle: Cycle,
): (channel: 'open' | 'sealed', request: Uint8Array) => Uint8Array {
  const handlers = handlersOf(cycle);

  function situation(channel: 'open' | 'sealed'): Situation {
    const { device, states } = cycle;
    return {
      channel,
      state: states.current,
      lifeCycle: device?.journal.state.lifeCycle ?? 'blank',
      caller: device === undefined || channel === 'open' ? 'nobody' : callerOf(device),
    };
  }

  function run<N extends CommandName>(
    channel: 'open' | 'sealed',
    name: N,
    request: RequestOf<N>,
  ): Result<unknown> {
    invariant(allows(name, situation(channel)) === undefined); // a second time: no fault gives a right
    const { enters, states } = commandOf(name);
    const isStatus = states.includes('error') || name.startsWith('update');
    if (!isStatus && cycle.device !== undefined) cycle.device.loading = undefined; // no data goes out while it loads
    const entry = enters === undefined ? undefined : entryEvents[enters];
    if (entry !== undefined) cycle.states.move(entry);
    const handler = handlers[name] as (request: RequestOf<N>) => Result<unknown>;
    try {
      const result = handler(request);
      leave(cycle);
      return result;
    } finally {
      wipeSecrets(request);
    }
  }

  return (channel, request) =>
    dispatch(
      request,
      () => situation(channel),
      (name, content) => run(channel, name, content),
    );
}

/** @param hardware of this power cycle; another cycle gets another firmware */
export function powerOn(hardware: Hardware): Firmware {
  const states = createStateHolder((state) => hardware.indicator.show(stateNames.indexOf(state)));
  const cycle: Cycle = {
    hardware,
    states,
    device: undefined,
    sessions: undefined,
    fault: undefined,
    port: 0,
  };
  states.move('powerOn');
  guarded(cycle, () => {
    bringUp(hardware, states, (device) => {
      cycle.device = device;
    });
    cycle.sessions = createSessions(working(cycle));
    states.move('testsPassed');
    hardware.imageStore?.confirm();
  });
  if (cycle.fault !== undefined && hardware.imageStore?.isOnTrial === 1) hardware.reset();
  const perform = createPerform(cycle);
  const responders = new Map<number, Responder>();

  function handle(kind: Content['kind'], payload: Uint8Array): Content {
    if (kind === 'open') return { kind, payload: perform('open', payload) };
    if (cycle.sessions === undefined) return sessionEnded(states.current); // no session ever was
    return cycle.sessions.unseal(cycle.port, payload, (request) => perform('sealed', request));
  }

  function responderOf(port: number): Responder {
    const known = responders.get(port);
    if (known !== undefined) return known;
    const responder = createResponder({
      send: (frame) => hardware.ports.send(port, frame.slice().buffer),
      handle,
    });
    responders.set(port, responder);
    return responder;
  }

  /** A meter whose withdrawal is finished has nothing to destroy, and its proof stays. */
  function checkTamper(): void {
    if (hardware.tamper.isTriggered() === 0 || cycle.fault?.status === 'tampered') return;
    const isWithdrawn = cycle.device?.journal.state.lifeCycle === 'withdrawn';
    if (isWithdrawn && states.current !== 'error') return;
    const isKeyed = states.current !== 'error';
    try {
      if (isKeyed) destroyKeys(working(cycle), 'tampered');
      else eraseStore(hardware.flash);
    } finally {
      if (isKeyed) enterError(cycle, new Fault('tampered'));
      else cycle.fault = new Fault('tampered');
    }
  }

  /** Before each request: a clock that went wrong is written down before anybody relies on the time. */
  function checkTime(): void {
    const { device } = cycle;
    if (device !== undefined && states.current !== 'error') checkClock(device);
  }

  return {
    receive(port, data) {
      hardware.watchdog.feed();
      guarded(cycle, () => {
        checkTamper();
        checkTime();
        cycle.port = port;
        responderOf(port).receive(new Uint8Array(data));
        if (cycle.device?.isRestarting === true) hardware.reset();
      });
    },
    tick() {
      hardware.watchdog.feed();
      guarded(cycle, () => {
        checkTamper();
        checkTime();
        if (cycle.device !== undefined && states.current !== 'error') repeatSelfTests(cycle.device);
      });
    },
  };
}
