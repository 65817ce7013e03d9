/**
 * The command line for tests, in this process or as one of its own, and what it needs around it: an authority, a
 * provider and meters, all real, in a folder that is thrown away.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { authorityRoutes } from '#authority/routes';
import { openAuthorityDirectory } from '#cli/server/directory';
import { type HttpClient, httpClient } from '#cli/server/http-client';
import { startAuthority, startProvider } from '#cli/server/start';
import { tessera } from '#cli/tessera';
import { createKeyFile } from '#driver/key-file';
import { nodeCrypto } from '#driver/node-crypto';
import { type Emulator, type EmulatorOptions, startEmulator } from '#emulator/emulator';
import type { Role } from '#protocol/state';
import { repositoryRoot } from '#tools/sources';

/** One line of what a command said. */
export interface Said {
  readonly event: string;
  readonly [figure: string]: unknown;
}

export interface Ended {
  readonly exitCode: number;
  readonly said: readonly Said[];
  /** What it ended with, where it failed. */
  readonly error: Said | undefined;
  /** The figures of the last event of a name; fails where there is none. */
  figures(event: string): Said;
}

/** Runs a command line in this process. Bytes among the figures stay bytes. */
export async function cli(...argv: readonly string[]): Promise<Ended> {
  const said: Said[] = [];
  const exitCode = await tessera(argv, {
    output: { isJson: true, say: (event, figures) => said.push({ event, ...figures }) },
  });
  return ended(exitCode, said);
}

function ended(exitCode: number, said: readonly Said[]): Ended {
  return {
    exitCode,
    said,
    error: said.find(({ event }) => event === 'error'),
    figures(event) {
      const found = said.findLast((each) => each.event === event);
      if (found === undefined) throw new Error(`no ${event} in ${JSON.stringify(said)}`);
      return found;
    },
  };
}

/** The same, for steps that must succeed. */
export async function cliDone(...argv: readonly string[]): Promise<Ended> {
  const done = await cli(...argv);
  if (done.exitCode !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(done.said)}`);
  return done;
}

export interface ProcessEnded {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiled once for all processes of all tests, which halves the time until one begins. */
const compileCache = join(repositoryRoot, 'build/compile-cache');

/** Runs a command line in a process of its own, to its end. */
export function cliProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessEnded> {
  return nodeProcess(['cli/main.ts', ...argv], { env });
}

/** Runs `npm start` in a directory that is to have its `out/`. */
export function storyIn(directory: string): Promise<ProcessEnded> {
  return nodeProcess(['cli/story.ts'], { cwd: directory });
}

async function nodeProcess(
  [script = '', ...parameters]: readonly string[],
  { env = {}, cwd }: { env?: Readonly<Record<string, string>>; cwd?: string },
): Promise<ProcessEnded> {
  const child = spawn(process.execPath, [join(repositoryRoot, script), ...parameters], {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
    });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...heard };
}

/** A command that runs until it is told to end: a server, an emulator, a printer. */
export interface Running extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it said when it was ready. */
  readonly ready: Said;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal to the end, milliseconds. */
  readonly durationMs: number;
}

/** Starts a command in a process of its own, and waits until it says that it is ready. */
export async function cliRunning(...argv: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli/main.ts'), '--json', ...argv], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as Said;
  if (ready.event !== 'ready') throw new Error(`${argv.join(' ')}: ${line}`);

  async function end(signal: NodeJS.Signals): Promise<Exit> {
    const startMs = performance.now();
    child.kill(signal);
    const [exitCode, endSignal] = await ended;
    return { exitCode, signal: endSignal, durationMs: performance.now() - startMs };
  }
  return {
    process: child,
    ready,
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

const passwordTexts = {
  user: 'a password of the user',
  cryptoOfficer: 'a password of the officer',
} as const;

/** Fresh bytes: whoever takes them wipes them. */
export const passwordBytes = (role: Role): Uint8Array =>
  new TextEncoder().encode(passwordTexts[role]);

/** A running authority and a running provider, with value to sell and one customer who has paid 250. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  readonly authorityPath: string;
  /** Stops the authority, does what is to be done to its directory, and starts it again under its address. */
  readonly whileAuthorityRests: (change: () => Promise<unknown>) => Promise<void>;
  readonly authorityUrl: string;
  readonly providerUrl: string;
  readonly authorityTokenFile: string;
  readonly providerTokenFile: string;
  /** Files with the passwords. */
  readonly passwordFiles: Readonly<Record<Role, string>>;
  readonly operator: HttpClient<typeof authorityRoutes>;
  /** What the servers met and did not tell. */
  readonly faults: readonly unknown[];
  /** Options of commands. */
  readonly atAuthority: readonly string[];
  readonly atProvider: readonly string[];
  /**
   * A home for a meter that is still to be made: it has a number, and key files that open eight times faster than those
   * that `meter make` would make.
   */
  homeForMaking(): Promise<string>;
  /** A blank device on TCP. */
  blankDevice(options?: EmulatorOptions): Promise<Emulator>;
  /** A meter on TCP, with 100 to spend, and its home. */
  refilledMeter(options?: EmulatorOptions): Promise<MeterAtHand>;
  makeRefilled(home: string, port: string, customer?: number): Promise<void>;
}

export interface MeterAtHand {
  readonly emulator: Emulator;
  readonly port: string;
  readonly home: string;
  /** Options of commands that log the user in. */
  readonly asUser: readonly string[];
}

export async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'world-'));
  opening.defer(() => rmSync(folder, { recursive: true, force: true }));
  const offices = await openOffices(folder, opening);
  const passwordFiles = { user: join(folder, 'user'), cryptoOfficer: join(folder, 'officer') };
  for (const role of ['user', 'cryptoOfficer'] as const)
    writeFileSync(passwordFiles[role], `${passwordTexts[role]}\n`);
  const devices = opening.use(new AsyncDisposableStack());
  const owned = opening.move();

  let homes = 0;
  const world: World = {
    folder,
    ...offices,
    passwordFiles,
    async homeForMaking() {
      homes += 1;
      const home = join(folder, `home-${homes}`);
      await makeHome(home, offices.operator);
      return home;
    },
    async blankDevice(options = {}) {
      return devices.use(await startEmulator({ tcpPort: 0, ...options }));
    },
    async refilledMeter(options = {}) {
      const home = await world.homeForMaking();
      const emulator = await world.blankDevice(options);
      const port = emulator.addresses.tcp as string;
      await world.makeRefilled(home, port);
      const asUser = ['--home', home, '--password-file', passwordFiles.user];
      return { emulator, port, home, asUser };
    },
    async makeRefilled(home, port, customer = 1) {
      const asOfficer = ['--home', home, '--password-file', passwordFiles.cryptoOfficer];
      await cliDone('meter', 'make', ...makeOptions(world, home, port));
      await cliDone('meter', 'register', ...asOfficer, ...registration(world, customer));
      const asUser = ['--home', home, '--password-file', passwordFiles.user];
      await cliDone('meter', 'refill', '--amount', '100', ...asUser);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return world;
}

async function openOffices(folder: string, resources: AsyncDisposableStack) {
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => faults.push(fault);
  const [authorityPath, providerPath] = [join(folder, 'authority'), join(folder, 'provider')];
  await cliDone('authority', 'init', '--dir', authorityPath);
  const { token } = await openAuthorityDirectory(authorityPath);
  let authority = await startAuthority({ directory: authorityPath, port: 0, onFault });
  resources.defer(() => authority[Symbol.asyncDispose]());
  const port = Number(new URL(authority.url).port);
  const authorityTokenFile = join(authorityPath, 'token');
  const atAuthority = ['--authority', authority.url, '--authority-token', authorityTokenFile];
  await cliDone('provider', 'init', '--dir', providerPath, ...atAuthority);
  const provider = resources.use(
    await startProvider({ directory: providerPath, port: 0, onFault }),
  );
  const providerTokenFile = join(providerPath, 'token');
  const atProvider = ['--provider', provider.url, '--provider-token', providerTokenFile];
  await cliDone('provider', 'buy', '--amount', '10000', ...atProvider);
  await cliDone('provider', 'customer', '--name', 'Desk', ...atProvider);
  await cliDone('provider', 'pay', '--customer', '1', '--amount', '250', ...atProvider);
  return {
    authorityPath,
    async whileAuthorityRests(change: () => Promise<unknown>) {
      await authority[Symbol.asyncDispose]();
      await change();
      authority = await startAuthority({ directory: authorityPath, port, onFault });
    },
    authorityUrl: authority.url,
    providerUrl: provider.url,
    authorityTokenFile,
    providerTokenFile,
    operator: httpClient(authorityRoutes, { url: authority.url, token }),
    faults,
    atAuthority,
    atProvider,
  };
}

/** The least that a key file may cost to open. */
const LOG_COST_MIN = 14;

async function makeHome(home: string, operator: HttpClient<typeof authorityRoutes>): Promise<void> {
  mkdirSync(home);
  const { publicKey: authorityKey } = await operator.key({});
  const { meterId } = await operator.allotMeter({ model: 'TS01' });
  for (const [role, name] of [
    ['user', 'user.key'],
    ['cryptoOfficer', 'officer.key'],
  ] as const) {
    const content = { ...nodeCrypto.generateKeyPair(), role, meterId, authorityKey };
    const options = { logCost: LOG_COST_MIN };
    await createKeyFile(join(home, name), content, passwordBytes(role), options);
  }
}

/** Options of `meter make`. */
export function makeOptions(
  { atAuthority, passwordFiles }: World,
  home: string,
  port: string,
): readonly string[] {
  const { user, cryptoOfficer } = passwordFiles;
  const passwords = ['--user-password-file', user, '--officer-password-file', cryptoOfficer];
  return ['--home', home, '--port', port, ...atAuthority, ...passwords];
}

/** Options of `meter register`, but for those of whoever logs in. */
export function registration(
  { authorityTokenFile, atProvider }: World,
  customer = 1,
): readonly string[] {
  const account = ['--customer', String(customer), '--zip', '20260'];
  return [...account, '--authority-token', authorityTokenFile, ...atProvider];
}
