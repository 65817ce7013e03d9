/**
 * `npm start`: the whole story on a throw-away directory, command by command as a person would type it, on the embedded
 * defaults: an authority, a provider, a meter on a serial line, a thermal printer, one label, its verification, a lock.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '#emulator/emulator';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import type { Figures, Output } from './output.ts';
import { publicKeyToPem } from './public-key-pem.ts';
import { startAuthority, startProvider } from './server/start.ts';
import { tessera } from './tessera.ts';

const OUT = 'out';

interface Said {
  readonly event: string;
  readonly figures: Figures;
}

/** Shows what commands say, indented, and keeps it. */
function recorder(): Output & { readonly said: Said[] } {
  const said: Said[] = [];
  return {
    said,
    isJson: false,
    say(event, figures, text) {
      said.push({ event, figures });
      process.stdout.write(`${short(text).replace(/^/gm, '    ')}\n`);
    },
  };
}

const output = recorder();
const lab = mkdtempSync(join(tmpdir(), 'tessera-'));

/** Paths as they are when all is done by hand. */
function short(text: string): string {
  return text.replaceAll(lab, 'lab');
}

/** The command as a shell would want it. */
function show(argv: readonly string[]): void {
  const words = argv.map((word) => (/[ |]/.test(word) ? `'${word}'` : word));
  process.stdout.write(`\n$ tessera ${short(words.join(' '))}\n`);
}

/** Types one command and goes on only if it succeeds. */
async function type(...argv: string[]): Promise<void> {
  show(argv);
  const exitCode = await tessera(argv, { output });
  if (exitCode !== 0) throw new Error(`that ended with exit code ${exitCode}`);
}

function last(event: string): Figures {
  const found = output.said.findLast((each) => each.event === event);
  if (found === undefined) throw new Error(`no command said ${event}`);
  return found.figures;
}

function explain(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** A serial line where this computer can give one, else TCP. */
async function emulator(): Promise<Emulator> {
  const meter = join(lab, 'meter');
  if (process.platform === 'linux') {
    try {
      return await startEmulator({ directory: meter, ptyPath: join(lab, 'ttyMeter') });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      explain(`(no serial line here, so the meter is on TCP instead: ${why})`);
    }
  }
  return await startEmulator({ directory: meter, tcpPort: 0 });
}

/** The servers of the story, as a command names them. */
interface Offices {
  readonly atAuthority: readonly string[];
  readonly authorityToken: readonly string[];
  readonly atProvider: readonly string[];
}

async function openOffices(resources: AsyncDisposableStack): Promise<Offices> {
  const onFault = (cause: unknown): void => {
    process.stderr.write(`${cause}\n`);
  };
  const [authorityDirectory, providerDirectory] = [join(lab, 'authority'), join(lab, 'provider')];
  explain('1. An authority, which licenses meters, and a provider, which sells them value.');
  await type('authority', 'init', '--dir', authorityDirectory);
  const authority = resources.use(
    await startAuthority({ directory: authorityDirectory, port: 0, onFault }),
  );
  const authorityToken = ['--authority-token', join(authorityDirectory, 'token')];
  const atAuthority = ['--authority', authority.url, ...authorityToken];
  await type('provider', 'init', '--dir', providerDirectory, ...atAuthority);
  const provider = resources.use(
    await startProvider({ directory: providerDirectory, port: 0, onFault }),
  );
  const providerToken = ['--provider-token', join(providerDirectory, 'token')];
  const atProvider = ['--provider', provider.url, ...providerToken];
  await type('provider', 'buy', '--amount', '10000', ...atProvider);
  await type('provider', 'customer', '--name', 'Desk', ...atProvider);
  await type('provider', 'pay', '--customer', '1', '--amount', '250', ...atProvider);
  return { atAuthority, authorityToken, atProvider };
}

async function makeMeter(
  resources: AsyncDisposableStack,
  { atAuthority, authorityToken, atProvider }: Offices,
): Promise<void> {
  const { addresses } = resources.use(await emulator());
  const port = addresses.serial ?? addresses.tcp ?? '';
  explain(`2. A blank device becomes a meter and gets value: the firmware image runs in the emulator,
   on ${port.startsWith('serial:') ? 'a serial line' : 'TCP'}; the key files of its two roles are kept in lab/home.`);
  await type('meter', 'status', '--port', port);
  await type('meter', 'make', '--port', port, ...atAuthority);
  const registration = ['--customer', '1', '--zip', '20260'];
  await type('meter', 'register', ...registration, ...authorityToken, ...atProvider);
  await type('meter', 'refill', '--amount', '100');
}

async function printAndVerify(
  resources: AsyncDisposableStack,
  { authorityToken }: Offices,
): Promise<Figures> {
  explain('3. One label on a thermal printer: the printer is asked first, then the meter charges.');
  const paper = join(lab, 'paper');
  const printer = resources.use(await startVirtualPrinter({ outputDirectory: paper }));
  const from = 'Tessera Works|12 Mosaic Lane|Springfield 20260';
  const to = 'A. Reader|1 Main Street|Washington DC 20260-1234';
  const piece = ['--service', '1', '--to', '20260-1234'];
  const addresses = ['--return-address', from, '--addressee', to];
  const where = ['--printer', printer.address, '--profile', 'epson-80mm', '--out', OUT];
  await type('print', ...piece, ...addresses, ...where);

  explain('4. The label is verified from its picture alone. A copy of it is found out.');
  const verify = ['verify', join(OUT, 'label.png'), ...authorityToken];
  await type(...verify);
  const verdict = last('verdict');
  show(verify);
  if ((await tessera(verify, { output })) !== 1)
    throw new Error('the second sight of the label was not reported');
  return verdict;
}

/** What the copy leads to: the meter is locked from afar, inspected, and unlocked again. */
async function lookAfter({ authorityToken }: Offices): Promise<Figures> {
  explain(`5. For the copy the authority locks the meter. At its next contact the meter gets the order, and hands over its
   registers and its security log. Somebody has looked into it: the meter is unlocked, and goes on.`);
  await type('meter', 'sync');
  const locked = last('condition');
  const meter = last('made')['meter'] as string;
  await type('authority', 'unlock', '--meter', meter, ...authorityToken);
  await type('meter', 'locks');
  return locked;
}

/** What a program that checks this story wants to read. */
function leaveResult(before: Figures, verdict: Figures, locked: Figures): void {
  const certificate = last('made')['indicium'] as Uint8Array;
  const read = readCompactCertificate(certificate);
  if (!read.ok) throw new Error('the certificate cannot be read');
  writeFileSync(join(OUT, 'device-certificate.bin'), certificate);
  writeFileSync(join(OUT, 'device-public-key.pem'), publicKeyToPem(read.value.publicKey));
  const printed = last('printed');
  const result = {
    meter: printed['meter'],
    postageMills: printed['postageMills'],
    before: {
      ascendingMills: before['ascendingMills'],
      descendingMills: before['descendingMills'],
      pieceCount: before['pieceCount'],
    },
    after: {
      ascendingMills: printed['ascendingMills'],
      descendingMills: printed['descendingMills'],
      pieceCount: printed['pieceCount'],
    },
    printing: printed['outcome'],
    verdict: { accepted: verdict['accepted'], checks: verdict['checks'] },
    locked: { locks: locked['locks'], reason: locked['lockReason'] },
    condition: last('condition'),
    secondSight: { accepted: last('verdict')['accepted'], checks: last('verdict')['checks'] },
  };
  writeFileSync(join(OUT, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
}

const byHand = `
Left in ${OUT}/: label.png (look at it), label.escpos (what the printer got), indicium.bin (the bytes in the symbol),
device-certificate.bin, device-public-key.pem, result.json.

By hand, in the repository: one terminal for what keeps running,
  alias tessera='npm run -s tessera --'
  tessera authority init --dir lab/authority
  tessera authority serve --dir lab/authority &
  tessera provider init --dir lab/provider --authority http://127.0.0.1:8620 --authority-token lab/authority/token
  tessera provider serve --dir lab/provider &
  tessera printer --out lab/paper &
  tessera emulate --dir lab/meter --pty lab/ttyMeter
and another for the commands above, from provider buy on, with the same alias, --home lab/home, and these addresses:
  --authority http://127.0.0.1:8620   --provider http://127.0.0.1:8621
  --port serial:$PWD/lab/ttyMeter   --printer tcp:127.0.0.1:9100
Passwords are asked for. --help behind each command says more.`;

const startMs = performance.now();
mkdirSync(OUT, { recursive: true });
process.env['TESSERA_HOME'] = join(lab, 'home');
process.env['TESSERA_USER_PASSWORD'] = 'a password of the user';
process.env['TESSERA_OFFICER_PASSWORD'] = 'a password of the officer';
try {
  await using resources = new AsyncDisposableStack();
  explain(`From nothing to a verified label. lab is a throw-away directory here: ${lab}`);
  const offices = await openOffices(resources);
  await makeMeter(resources, offices);
  const refilled = last('refilled');
  const verdict = await printAndVerify(resources, offices);
  const locked = await lookAfter(offices);
  leaveResult(refilled, verdict, locked);
  explain(byHand);
  explain(`Done in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
} finally {
  rmSync(lab, { recursive: true, force: true });
}
