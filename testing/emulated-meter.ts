/** A meter for one test: a copy of one made before, the same for the same seed (requirements.md H4; docs/control.md). */

import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { boardPorts } from '#emulator/board-ports';
import { type Control, controlOf } from '#emulator/control/control';
import { Forks } from '#emulator/control/forks';
import { type CpuName, createCpu } from '#emulator/cpu/cpus';
import { loadImage } from '#emulator/image-file';
import { connectMemory } from '#emulator/ports/memory';
import { listenTcp } from '#emulator/ports/tcp';
import { type BoardState, blankState } from '#emulator/rig/board-state';
import { createRig, type Rig, type RigHome } from '#emulator/rig/rig';
import type { RigClock } from '#emulator/rig/rig-clock';
import type { Role } from '#protocol/state';
import { type LifeCycle, make, openSession, parties, START_TIME_MS } from './made-meter.ts';

export interface EmulatedMeterOptions {
  /** Decides all noise of the meter from its start on; 1 by default. Its number and its keys are the same for every seed. */
  readonly seed?: number;
  /** What has become of it before; `registered` by default. */
  readonly lifeCycle?: LifeCycle;
  /** Where its clock stands; it moves by `clock` and `control` alone. */
  readonly timeMs?: number;
  /** `node-vm` by default. */
  readonly cpu?: CpuName;
  readonly cryptoEngine?: boolean;
  /** Opens TCP for drivers and HTTP for the control, for tests of other processes. */
  readonly ports?: boolean;
}

/** A meter that is on; it ends with its sessions where it is disposed of. */
export interface EmulatedMeter extends AsyncDisposable {
  /** Asks in clear, as anybody may: status, version, certificates. */
  readonly driver: Meter;
  /** A session, in which nobody is logged in. */
  session(role: Role): Promise<Meter>;
  /** A session with somebody logged in. */
  logIn(role: Role): Promise<Meter>;
  readonly clock: RigClock;
  /** All that can be done to its board, as over HTTP. */
  readonly control: Control;
  /** The same for code that wants it at once, without promises. */
  readonly rig: Rig;
  /** `tcp:HOST:PORT` and `http://HOST:PORT`, where ports were asked for. */
  readonly tcp: string | undefined;
  readonly controlUrl: string | undefined;
}

const DEFAULT_SEED = 1;
/** States that are kept for the next one who asks. */
const PREPARED_MAX = 16;
const DEVICE_SECRET = new Uint8Array(32).fill(0x5e);

type Kind = Required<Pick<EmulatedMeterOptions, 'lifeCycle' | 'cpu' | 'cryptoEngine'>>;

const homes = new Map<CpuName, RigHome>();
const prepared = new Map<string, Promise<BoardState>>();

/** The first of its kind in a process is made through the driver; whatever comes after it starts from a copy of it. */
export async function emulatedMeter(options: EmulatedMeterOptions = {}): Promise<EmulatedMeter> {
  const { lifeCycle = 'registered', cpu = 'node-vm', cryptoEngine = true, ...how } = options;
  const { seed = DEFAULT_SEED, timeMs = START_TIME_MS, ports = false } = how;
  const kind = { lifeCycle, cpu, cryptoEngine };
  const state = await stateOf(kind, seed);
  await using resources = new AsyncDisposableStack();
  const clock = { ...state.clock, timeMs };
  const rig = resources.use(createRig({ ...state, clock }, homeOf(cpu)));
  rig.powerOn();
  const opened = ports ? await openPorts(rig, resources) : { tcp: undefined, url: undefined };
  const keep = async (meter: Promise<Meter>): Promise<Meter> => resources.use(await meter);
  const driver = await keep(openMeter(memoryLink(connectMemory(rig.lines, boardPorts.memory))));
  const owned = resources.move();
  async function session(role: Role): Promise<Meter> {
    return owned.use(await openSession(rig, role, lifeCycle));
  }
  return {
    driver,
    session,
    async logIn(role) {
      const meter = await session(role);
      await meter.logIn(parties.passwords[role]());
      return meter;
    },
    clock: rig.clock,
    control: controlOf(rig),
    rig,
    tcp: opened.tcp,
    controlUrl: opened.url,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function homeOf(name: CpuName): RigHome {
  const known = homes.get(name);
  if (known !== undefined) return known;
  const cpu = createCpu(name);
  const home = { ...loadImage(cpu.bytecodeEngine === undefined ? 'source' : 'bytecode'), cpu };
  homes.set(name, home);
  return home;
}

/**
 * The state that a meter of a kind starts from: off, so that its noise is of the seed from power-up on; or where memory can
 * be copied, started with that noise already.
 */
async function stateOf(kind: Kind, seed: number): Promise<BoardState> {
  const off = { ...(await known(`${keyOf(kind)}`, () => madeState(kind))), isPowered: false };
  const seeded = { ...off, entropy: { seed, position: 0, fault: undefined } };
  if (homeOf(kind.cpu).cpu?.restore === undefined) return seeded;
  return known(`${keyOf(kind)} ${seed}`, () => startedState(kind, seeded));
}

const keyOf = ({ lifeCycle, cpu, cryptoEngine }: Kind): string =>
  `${lifeCycle} ${cpu} ${cryptoEngine}`;

/** Made once; two who ask at the same time wait for the same one. */
function known(key: string, prepare: () => Promise<BoardState>): Promise<BoardState> {
  const found = prepared.get(key);
  if (found !== undefined) return found;
  const [oldest] = prepared.keys();
  if (prepared.size >= PREPARED_MAX && oldest !== undefined) prepared.delete(oldest);
  const made = prepare();
  prepared.set(key, made);
  made.catch(() => prepared.delete(key)); // whoever asked is told; the next one may try again
  return made;
}

async function madeState({ lifeCycle, cpu, cryptoEngine }: Kind): Promise<BoardState> {
  const blank = blankState({
    seed: DEFAULT_SEED,
    deviceSecret: DEVICE_SECRET,
    cryptoEngine,
    clock: { timeMs: START_TIME_MS },
  });
  await using rig = createRig(blank, homeOf(cpu));
  rig.powerOn();
  await make(rig, lifeCycle);
  rig.powerOff();
  return rig.capture();
}

async function startedState({ cpu }: Kind, state: BoardState): Promise<BoardState> {
  await using rig = createRig(state, homeOf(cpu));
  rig.powerOn();
  return rig.capture();
}

async function openPorts(
  rig: Rig,
  resources: AsyncDisposableStack,
): Promise<{ readonly tcp: string; readonly url: string }> {
  const tcp = resources.use(await listenTcp(rig.lines, { boardPort: boardPorts.tcp }));
  const forks = resources.use(new Forks({}));
  return { tcp: tcp.address, url: resources.use(await forks.serve(rig)).url };
}
