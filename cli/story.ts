/**
 * `npm start`: the whole story on a throw-away directory, command by command as a person would type it, on the embedded
 * defaults: an authority, a provider, a meter on a serial line, a thermal printer, one label, its verification.
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
const POSTAGE = '0.78';

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
      process.stdout.write(`${text.replace(/^/gm, '    ')}\n`);
    },
  };
}

const output = recorder();

/** The command as a shell would want it. */
function show(argv: readonly string[]): void {
  const words = argv.map((word) => (/[ |]/.test(word) ? `'${word}'` : word));
  process.stdout.write(`\n$ tessera ${words.join(' ')}\n`);
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
async function emulator(directory: string): Promise<Emulator> {
  const meter = join(directory, 'meter');
  if (process.platform === 'linux') {
    try {
      return await startEmulator({ directory: meter, ptyPath: join(directory, 'ttyMeter') });
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

async function openOffices(lab: string, resources: AsyncDisposableStack): Promise<Offices> {
  const onFault = (cause: unknown): void => {
    process.stderr.write(`${cause}\n`);
  };
  const [authorityDirectory, providerDirectory] = [join(lab, 'authority'), join(lab, 'provider')];
  explain('An authority licenses meters and certifies their keys; a provider sells them value.');
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
  lab: string,
  resources: AsyncDisposableStack,
  { atAuthority, authorityToken, atProvider }: Offices,
): Promise<void> {
  explain('A blank device: the signed firmware image in the emulator, on a serial line.');
  const { addresses } = resources.use(await emulator(lab));
  const port = addresses.serial ?? addresses.tcp ?? '';
  await type('meter', 'status', '--port', port);
  await type('meter', 'make', '--port', port, ...atAuthority);
  const registration = ['--customer', '1', '--zip', '20260'];
  await type('meter', 'register', ...registration, ...authorityToken, ...atProvider);
  await type('meter', 'refill', '--amount', '100');
}

async function printAndVerify(
  lab: string,
  resources: AsyncDisposableStack,
  { authorityToken }: Offices,
): Promise<Figures> {
  explain('A thermal printer, and one label.');
  const paper = join(lab, 'paper');
  const printer = resources.use(await startVirtualPrinter({ outputDirectory: paper }));
  const from = 'Tessera Works|12 Mosaic Lane|Springfield 20260';
  const to = 'A. Reader|1 Main Street|Washington DC 20260-1234';
  const piece = ['--postage', POSTAGE, '--service', '1', '--to', '20260-1234'];
  const addresses = ['--return-address', from, '--addressee', to];
  const where = ['--printer', printer.address, '--profile', 'epson-80mm', '--out', OUT];
  await type('print', ...piece, ...addresses, ...where);

  explain('Whoever finds the label can have it verified. Seen twice, it is reported.');
  const verify = ['verify', join(OUT, 'label.png'), ...authorityToken];
  await type(...verify);
  const verdict = last('verdict');
  show(verify);
  if ((await tessera(verify, { output })) !== 1)
    throw new Error('the second sight of the label was not reported');
  return verdict;
}

/** What a program that checks this story wants to read. */
function leaveResult(before: Figures, verdict: Figures): void {
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
    secondSight: { accepted: last('verdict')['accepted'], checks: last('verdict')['checks'] },
  };
  writeFileSync(join(OUT, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
}

const byHand = `
Left in ${OUT}/: label.png, label.escpos, indicium.bin, device-certificate.bin, device-public-key.pem, result.json.

By hand, in the repository, with a terminal for each of these:
  npm run -s tessera -- authority init --dir lab/authority
  npm run -s tessera -- authority serve --dir lab/authority
  npm run -s tessera -- emulate --dir lab/meter --pty lab/ttyMeter
  npm run -s tessera -- printer --out lab/paper
  npm run -s tessera -- meter status --port serial:lab/ttyMeter
and then the commands above in the same order. --help behind each says more.`;

const startMs = performance.now();
mkdirSync(OUT, { recursive: true });
const lab = mkdtempSync(join(tmpdir(), 'tessera-'));
process.env['TESSERA_HOME'] = join(lab, 'home');
process.env['TESSERA_USER_PASSWORD'] = 'a password of the user';
process.env['TESSERA_OFFICER_PASSWORD'] = 'a password of the officer';
try {
  await using resources = new AsyncDisposableStack();
  const offices = await openOffices(lab, resources);
  await makeMeter(lab, resources, offices);
  const refilled = last('refilled');
  const verdict = await printAndVerify(lab, resources, offices);
  leaveResult(refilled, verdict);
  explain(byHand);
  explain(`Done in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
} finally {
  rmSync(lab, { recursive: true, force: true });
}
