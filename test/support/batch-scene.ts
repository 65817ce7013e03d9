/**
 * A desk with a mailing list, each of its four parties for itself: meter, cable, host, printer. Any of them can be killed in
 * the middle of a job, and is brought back by the person who looks at the paper and decides.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scanSymbols } from '#authority/scan/scan';
import { openJob } from '#driver/batch/job';
import { startVirtualPrinter, type VirtualPrinter } from '#emulator/printer/virtual-printer';
import { repositoryRoot } from '#tools/sources';
import { openCable } from './cable.ts';
import { cliDone, cliRunning, type Running, type Said, type World } from './cli.ts';

export const parties = ['meter', 'cable', 'host', 'printer'] as const;
export type Party = (typeof parties)[number];

/** Whom to kill, behind which piece, and how much more may happen before. */
export interface Killing {
  readonly party: Party;
  readonly afterPiece: number;
  /** Changes of files, or hundreds of bytes. */
  readonly delay: number;
}

/** What a run of the host told of itself. */
export interface RunFigures {
  readonly pieces: number;
  /** Memory in use by the host, bytes, at every 20th piece. */
  readonly memory: readonly number[];
  readonly last: Said | undefined;
}

export interface BatchScene extends AsyncDisposable {
  readonly job: string;
  readonly asUser: readonly string[];
  /** How often each indicium, in hex, is whole on paper; waits until all pages are read. */
  labels(): Promise<ReadonlyMap<string, number>>;
  /** Runs the host until it ends by itself or by the killing. */
  run(killing: Killing | undefined): Promise<RunFigures>;
  /** Brings everything back, looks at every label that may be on paper, and decides. */
  tidyUp(): Promise<void>;
}

const MEMORY_EVERY = 20;

/** @param list rows of the mailing list, its header first */
export async function openBatchScene(world: World, list: string): Promise<BatchScene> {
  await using opening = new AsyncDisposableStack();
  const [meterDirectory, job, port] = ['meter', 'job', 'ttyMeter'].map((name) =>
    join(world.folder, name),
  ) as [string, string, string];
  const listFile = join(world.folder, 'list.csv');
  writeFileSync(listFile, list);
  const meter = await openMeterProcess(meterDirectory);
  opening.defer(() =>
    meter
      .process()
      .end('SIGKILL')
      .then(() => undefined),
  );
  const cable = opening.use(openCable(port, meter.port));
  const paper = await openPaper();
  opening.defer(() => paper.close());
  await cable.plugIn();
  const home = await world.homeForMaking();
  await world.makeRefilled(home, `serial:${port}`);
  const asUser = ['--home', home, '--password-file', world.passwordFiles.user];
  const owned = opening.move();
  let isBegun = false;
  let decisions = 0;

  return {
    job,
    asUser,
    labels: paper.labels,
    async run(killing) {
      const toPrinter = ['--printer', paper.address(), '--profile', 'epson-80mm'];
      const words = isBegun ? ['resume', job] : ['run', job, '--list', listFile];
      isBegun = true;
      const argv = ['--json', 'batch', ...words, ...asUser, ...toPrinter];
      return await runHost(argv, killing, (host, delay) => {
        if (killing?.party === 'meter')
          return behind(meterDirectory, delay, () => void meter.process().end('SIGKILL'));
        if (killing?.party === 'host') return behind(job, delay, () => void host.kill('SIGKILL'));
        if (killing?.party === 'cable') cable.pullBehind(delay * 100);
        else paper.break(delay);
        return nothing;
      });
    },
    async tidyUp() {
      await meter.revive();
      await cable.plugIn();
      await paper.mend();
      const labels = await paper.labels();
      const atPrinter = ['--printer', paper.address(), '--profile', 'epson-80mm'];
      for (const { reference, hex } of await unclearPieces(job)) {
        decisions += 1;
        const decision = labels.has(hex) ? 'accept' : decisions % 2 === 0 ? 'reprint' : 'spoil';
        const options = decision === 'reprint' ? [...asUser, ...atPrinter] : [];
        await cliDone('batch', decision, job, reference, ...options);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Those of which only a person can tell whether they are on paper. */
async function unclearPieces(path: string): Promise<{ reference: string; hex: string }[]> {
  await using job = await openJob(path);
  const unclear: { reference: string; hex: string }[] = [];
  for await (const { index, reference, record } of job.pieces())
    if (record.state === 'sending' || record.state === 'sent')
      unclear.push({ reference, hex: Buffer.from(await job.indicium(index)).toString('hex') });
  return unclear;
}

async function openMeterProcess(directory: string) {
  let running = await cliRunning('emulate', '--dir', directory, '--tcp', '0');
  const port = (): number => Number(String(running.ready['tcp']).split(':').at(-1));
  return {
    process: (): Running => running,
    port,
    async revive(): Promise<void> {
      const { exitCode, signalCode } = running.process;
      if (exitCode === null && signalCode === null) return;
      running = await cliRunning('emulate', '--dir', directory, '--tcp', '0');
    },
  };
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/** Does something when files in a folder have changed so often more, unless it is disposed of before. */
function behind(folder: string, changes: number, action: () => void): Disposable {
  let left = changes;
  const watcher = watch(folder, () => {
    left -= 1;
    if (left === 0) action();
    if (left <= 0) watcher.close();
  });
  if (changes === 0) action();
  return { [Symbol.dispose]: () => watcher.close() };
}

async function runHost(
  argv: readonly string[],
  killing: Killing | undefined,
  kill: (host: ChildProcess, delay: number) => Disposable,
): Promise<RunFigures> {
  const main = join(repositoryRoot, 'cli/main.ts');
  const host = spawn(process.execPath, [main, ...argv], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(repositoryRoot, 'build/compile-cache') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(host, 'close');
  const memory: number[] = [];
  using waiting = new DisposableStack();
  let pieces = 0;
  let isKilled = false;
  let last: Said | undefined;
  for await (const line of createInterface({ input: host.stdout })) {
    const said = JSON.parse(line) as Said;
    if (said.event === 'piece') last = said;
    if (said.event !== 'piece' || said['state'] !== 'confirmed') continue;
    pieces += 1;
    if (pieces % MEMORY_EVERY === 0) memory.push(memoryOf(host));
    if (killing === undefined || isKilled || (said['done'] as number) < killing.afterPiece)
      continue;
    isKilled = true;
    waiting.use(kill(host, killing.delay));
  }
  await ended;
  return { pieces, memory, last };
}

/** Resident memory of a process, bytes; 0 where it has just ended. */
function memoryOf({ pid }: ChildProcess): number {
  try {
    const [, kibibytes = '0'] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1_024;
  } catch {
    return 0; // it ended meanwhile: there is nothing to be told
  }
}

/** A printer on one port that dies in three ways, and the paper that came out of it. */
async function openPaper() {
  const whole = new Map<string, number>();
  let reading: Promise<void> = Promise.resolve();
  let printer = await start(0);
  const { tcpPort } = printer;

  async function start(port: number): Promise<VirtualPrinter> {
    return await startVirtualPrinter({
      tcpPort: port,
      onPage: ({ png }) => {
        reading = reading.then(async () => {
          for (const { bytes } of await scanSymbols(png)) {
            const hex = Buffer.from(bytes).toString('hex');
            whole.set(hex, (whole.get(hex) ?? 0) + 1);
          }
        });
      },
    });
  }

  return {
    address: (): string => printer.address,
    break(delay: number): void {
      if (delay % 3 === 0) printer.fault({ kind: 'cutConnection', afterBytes: delay * 700 });
      else if (delay % 3 === 1) printer.fault({ kind: 'paperOut', afterRows: delay * 60 });
      else void printer.close();
    },
    async mend(): Promise<void> {
      printer.powerCycle();
      printer.tearOff();
      printer.clearFaults();
      await printer.close();
      printer = await start(tcpPort);
    },
    async labels(): Promise<ReadonlyMap<string, number>> {
      await reading;
      return whole;
    },
    close: () => printer.close(),
  };
}
