/**
 * `npm run starts`: how long a meter takes from its start to its first answer, in a process of its own and as one more in
 * this one, what 500 of them take, and the same of Debian's software TPM where it is installed; `-- --install` installs it.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Meter, openMeter } from '#driver/meter';
import { type CpuName, cpuNames } from '#emulator/cpu/cpus';
import { type EmulatedMeter, emulatedMeter } from '#testing/emulated-meter';
import { installMissing } from '#tools/debian';
import { isInstalled } from '#tools/run';
import { repositoryRoot } from '#tools/sources';
import { startSwtpm } from './support/swtpm.ts';

const MORE_ROUNDS = 31;
const PROCESS_ROUNDS = 7;
const MANY = 500;
const TRIPS = 300;

const progress = (text: string): void => void process.stderr.write(`${text}\n`);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const rounded = (value: number): number => Math.round(value * 100) / 100;

async function timed<T>(
  action: () => Promise<T>,
): Promise<{ readonly ms: number; readonly cpuMs: number; readonly value: T }> {
  const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
  const value = await action();
  const { user, system } = process.cpuUsage(startCpu);
  return { ms: performance.now() - startMs, cpuMs: (user + system) / 1000, value };
}

/** @throws Error where the meter does not answer as one that is well */
async function firstAnswer(meter: Meter): Promise<void> {
  const { state } = await meter.status();
  if (state !== 'uninitialized') throw new Error(`the meter came up in ${state}`);
}

async function oneMore(cpu: CpuName): Promise<EmulatedMeter> {
  const meter = await emulatedMeter({ cpu });
  await firstAnswer(meter.driver);
  return meter;
}

/** Milliseconds of the first of its kind, which is made, and of each one more: on the clock, and of this process alone. */
async function inThisProcess(cpu: CpuName) {
  const first = await timed(() => oneMore(cpu));
  await first.value[Symbol.asyncDispose]();
  const [more, moreCpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < MORE_ROUNDS; round += 1) {
    const { ms, cpuMs, value } = await timed(() => oneMore(cpu));
    more.push(ms);
    moreCpu.push(cpuMs);
    await value[Symbol.asyncDispose]();
  }
  return {
    cpu,
    firstMs: rounded(first.ms),
    oneMoreMs: rounded(median(more)),
    oneMoreCpuMs: rounded(median(moreCpu)),
    mostMs: rounded(Math.max(...more)),
  };
}

/** Run in a process of its own, whose memory is then that of the meters. */
async function many(cpu: CpuName): Promise<void> {
  await using resources = new AsyncDisposableStack();
  resources.use(await oneMore(cpu));
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const { ms, cpuMs } = await timed(async () => {
    for (let made = 0; made < MANY; made += 1) resources.use(await oneMore(cpu));
  });
  globalThis.gc?.();
  const bytes = process.memoryUsage().rss - before;
  const figures = {
    cpu,
    meters: MANY,
    ms: Math.round(ms),
    cpuMs: Math.round(cpuMs),
    mibEach: rounded(bytes / MANY / 2 ** 20),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function manyElsewhere(cpu: CpuName): unknown {
  const parameters = ['--expose-gc', 'bench/starts.ts', '--many', cpu];
  const said = execFileSync(process.execPath, parameters, {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  return JSON.parse(said);
}

/** `tessera emulate`, from the start of its process to the first answer of the meter on TCP. */
async function startProcess(cpu: CpuName): Promise<Meter & AsyncDisposable> {
  const child = spawn(
    process.execPath,
    ['cli/main.ts', '--json', 'emulate', '--tcp', '0', '--cpu', cpu],
    { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const meter = await openMeter(await addressOf(child));
  await firstAnswer(meter);
  return {
    ...meter,
    async [Symbol.asyncDispose]() {
      await meter.close();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stdout as NonNullable<typeof stdout>)) {
    const { tcp } = JSON.parse(line) as { readonly tcp?: string };
    if (tcp !== undefined) return tcp;
  }
  throw new Error('the emulator ended before it was ready');
}

interface Started extends AsyncDisposable {
  ask(): Promise<unknown>;
}

/** Starts of all in turn, so that what slows one down slows the others. */
async function processes(candidates: Readonly<Record<string, () => Promise<Started>>>) {
  const spent = new Map(
    Object.keys(candidates).map((name) => [name, { start: [] as number[], trip: [] as number[] }]),
  );
  for (let round = 0; round < PROCESS_ROUNDS; round += 1)
    for (const [name, start] of Object.entries(candidates)) {
      const { ms, value } = await timed(start);
      const own = spent.get(name);
      own?.start.push(ms);
      for (let trip = 0; trip < TRIPS; trip += 1) own?.trip.push((await timed(value.ask)).ms);
      await value[Symbol.asyncDispose]();
      progress(`round ${round + 1}: ${name} ${ms.toFixed(0)} ms`);
    }
  return Object.fromEntries(
    Array.from(spent, ([name, { start, trip }]) => [
      name,
      { startMs: rounded(median(start)), tripMs: rounded(median(trip)) },
    ]),
  );
}

function startOf(cpu: CpuName): () => Promise<Started> {
  return async () => {
    const meter = await startProcess(cpu);
    return { ask: () => meter.status(), [Symbol.asyncDispose]: () => meter[Symbol.asyncDispose]() };
  };
}

const [, , mode, ofCpu] = process.argv;
if (mode === '--many') {
  await many(ofCpu as CpuName);
} else {
  if (mode === '--install') installMissing({ swtpm: 'swtpm' }, 'The comparison needs');
  const hasSwtpm = isInstalled('swtpm');
  if (!hasSwtpm)
    progress('swtpm is not installed, so nothing is compared with it; -- --install gets it.');
  const inProcess: unknown[] = [];
  for (const cpu of cpuNames) inProcess.push(await inThisProcess(cpu));
  progress(`one more: ${JSON.stringify(inProcess)}`);
  const crowd = cpuNames.map(manyElsewhere);
  progress(`${MANY}: ${JSON.stringify(crowd)}`);
  const figures = await processes({
    ...Object.fromEntries(cpuNames.map((cpu) => [`tessera emulate --cpu ${cpu}`, startOf(cpu)])),
    ...(hasSwtpm && { swtpm: startSwtpm }),
  });
  const { swtpm } = figures;
  const ratios =
    swtpm &&
    Object.fromEntries(
      Object.entries(figures).map(([name, { startMs, tripMs }]) => [
        name,
        { start: rounded(startMs / swtpm.startMs), trip: rounded(tripMs / swtpm.tripMs) },
      ]),
    );
  const result = {
    script: 'starts',
    inProcess,
    many: crowd,
    processes: figures,
    ratiosToSwtpm: ratios,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
