/**
 * A host that a test can kill at any of its steps, or take its power: what it still waits for never comes, and what it
 * wrote and did not sync may be lost.
 */

import { type FileHandle, open, truncate } from 'node:fs/promises';
import type { BatchMeter } from '#driver/batch/charging';
import type { PiecePrinter } from '#driver/batch/piece-printing';
import { type Disk, hostDisk, type LineFile } from '#driver/disk';

export type HostEnd = 'killed' | 'powerCut';

export interface FrailHost {
  /** Resolves when it has ended. */
  readonly ended: Promise<HostEnd>;
  /** Steps it has taken. */
  readonly steps: number;
  readonly disk: Disk;
  meter(meter: BatchMeter): BatchMeter;
  printer<Label>(printer: PiecePrinter<Label>): PiecePrinter<Label>;
  /** What an end leaves on the disk; to be called when its files are closed. */
  leaveDisk(): Promise<void>;
}

export interface HostPlan {
  readonly end: HostEnd;
  /** The step at which it ends; never where there is none. */
  readonly atStep: number;
  /** How much of what was not synced a power cut leaves: 0 to 1. */
  readonly keeps: number;
}

export function frailHost(plan?: HostPlan): FrailHost {
  const { promise: ended, resolve: end } = Promise.withResolvers<HostEnd>();
  const never = new Promise<never>(() => undefined);
  let steps = 0;
  let isDead = false;
  const journals: { readonly path: string; synced: number; written: number }[] = [];
  const work: Promise<unknown>[] = [];
  /** What the system takes back from a program that ended. */
  const openFiles: FileHandle[] = [];
  const locks: Disposable[] = [];

  /** Whatever the host does, it does between two of these. */
  async function step(): Promise<void> {
    steps += 1;
    if (!isDead && plan !== undefined && steps >= plan.atStep) {
      isDead = true;
      await Promise.allSettled(work); // what it asked others for before, they do
      end(plan.end);
    }
    if (isDead) await never;
  }
  async function done<T>(action: () => Promise<T>): Promise<T> {
    await step();
    const doing = action();
    const watched = doing.catch(() => undefined);
    work.push(watched);
    try {
      return await doing;
    } finally {
      work.splice(work.indexOf(watched), 1);
      await step();
    }
  }

  async function openLines(path: string): Promise<LineFile> {
    const handle = await open(path, 'a+', 0o600);
    const { size } = await handle.stat();
    const journal = { path, synced: size, written: size };
    journals.push(journal);
    openFiles.push(handle);
    return {
      read: handle.read.bind(handle) as LineFile['read'],
      truncate: (to) => handle.truncate(to),
      async close() {
        openFiles.splice(openFiles.indexOf(handle), 1);
        await handle.close();
      },
      appendFile: (text) =>
        done(async () => {
          await handle.appendFile(text);
          journal.written = (await handle.stat()).size;
        }),
      datasync: () =>
        done(async () => {
          const { written } = journal;
          await handle.datasync();
          journal.synced = written;
        }),
    };
  }

  function lock(path: string): Disposable | undefined {
    const held = hostDisk.lock(path);
    if (held === undefined) return undefined;
    locks.push(held);
    return {
      [Symbol.dispose]() {
        locks.splice(locks.indexOf(held), 1);
        held[Symbol.dispose]();
      },
    };
  }

  return {
    ended,
    get steps() {
      return steps;
    },
    disk: { ...hostDisk, openLines, lock },
    meter: (meter) => ({
      address: meter.address,
      server: meter.server,
      registers: (options) => done(() => meter.registers(options)),
      createIndicium: (request, options) => done(() => meter.createIndicium(request, options)),
      condition: (options) => done(() => meter.condition(options)),
      rateTables: (options) => done(() => meter.rateTables(options)),
      licence: (options) => done(() => meter.licence(options)),
    }),
    printer: (printer) => ({
      ...printer,
      checkReady: () => done(() => printer.checkReady()),
      print: (label) => done(() => printer.print(label)),
    }),
    async leaveDisk() {
      for (const handle of openFiles.splice(0)) await handle.close();
      for (const held of locks.splice(0)) held[Symbol.dispose]();
      if (plan?.end !== 'powerCut') return;
      for (const { path, synced, written } of journals)
        await truncate(path, synced + Math.floor((written - synced) * plan.keeps));
    },
  };
}
