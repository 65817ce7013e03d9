/**
 * `npm run print-bench`: labels composed and encoded a second, as a ratio to the symbol alone by bwip-js in the same round;
 * bytes of a label and how long they take at 9,600 baud; memory of many labels (docs/printing.md).
 */

import { dataMatrixModules } from '#driver/print/bwip';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import {
  type PrinterProfile,
  type PrinterProfileName,
  printerProfiles,
} from '#driver/print/printer-profile';
import {
  INDICIUM_ALGORITHM,
  INDICIUM_VERSION,
  type Indicium,
  indiciumCore,
  joinIndicium,
} from '#protocol/documents/indicium';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import { type Candidate, compare } from './support/compare.ts';
import { jsonLine, table } from './support/report.ts';

const ROUNDS = 7;
const PER_ROUND = 12;
const JOB_PIECES = numberAfter('--pieces') ?? 10_000;
/** 8N1: ten bits a byte. */
const SERIAL_BYTES_PER_SECOND = 960;
const SYMBOL = 'bwip-js, the symbol alone';
const names: readonly PrinterProfileName[] = [
  'escpos-58mm',
  'escpos-80mm',
  'zpl-4inch',
  'zpl-4inch-300dpi',
  'tspl-4inch',
  'tspl-4inch-300dpi',
  'office',
];

let pieces = 0;

function numberAfter(option: string): number | undefined {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
}

/** Another indicium each time, so that nothing can be remembered of the one before. */
function nextIndicium(): Indicium {
  pieces += 1;
  const signature = Uint8Array.from({ length: 64 }, (_, at) => (at * 37 + pieces * 101) & 0xff);
  return {
    version: INDICIUM_VERSION,
    algorithm: INDICIUM_ALGORITHM,
    certificateSerial: 7,
    meterId: encodeMeterId({ model: 'TS01', serial: 42 }),
    serviceId: 1,
    postage: mills(780),
    mailingDate: 20260301,
    destination: 20260,
    ascending: mills(pieces * 780),
    descending: mills(100_000_000),
    originZip: 20260,
    softwareId: new Uint8Array(6),
    rateCategory: 0,
    pieceCount: pieces,
    flags: {
      redate: false,
      correction: false,
      reprint: false,
      test: false,
      certificateService: false,
    },
    keyId: new Uint8Array(8),
    signature,
  };
}

function labelFor(profile: PrinterProfile): Uint8Array {
  const addressee = [`Piece ${pieces} of many`, '12 St James’s Square', 'London SW1Y 4JH'];
  const label = composeLabel(nextIndicium(), profile, { service: 'First-class letter', addressee });
  return encodeJob(label, profile, { jobId: '0001' });
}

const symbolAlone: Candidate = {
  name: SYMBOL,
  operations: PER_ROUND * 4,
  run(operations) {
    for (let done = 0; done < operations; done++) {
      const indicium = nextIndicium();
      dataMatrixModules(joinIndicium(indiciumCore(indicium), indicium.signature));
    }
  },
};

const labels = names.map((name): Candidate => {
  const profile = printerProfiles[name];
  return {
    name: `${name}, ${profile.dpi} dpi`,
    baseline: SYMBOL,
    operations: profile.dpi > 300 ? 2 : PER_ROUND,
    run(operations) {
      for (let done = 0; done < operations; done++) labelFor(profile);
    },
  };
});

/** Megabytes of this process, least and most, while it composes a whole job one piece after the other. */
function memoryOfJob(): {
  readonly beginMb: number;
  readonly mostMb: number;
  readonly endMb: number;
} {
  const megabytes = (): number => Math.round(process.memoryUsage.rss() / 1_000_000);
  const beginMb = megabytes();
  let mostMb = beginMb;
  for (let piece = 0; piece < JOB_PIECES; piece++) {
    labelFor(printerProfiles['zpl-4inch']);
    if (piece % 100 === 0) mostMb = Math.max(mostMb, megabytes());
  }
  return { beginMb, mostMb, endMb: megabytes() };
}

const measurements = await compare(ROUNDS, [symbolAlone, ...labels]);
const sizes = Object.fromEntries(
  names.map((name) => {
    const bytes = labelFor(printerProfiles[name]).length;
    return [name, { bytes, secondsAt9600: Number((bytes / SERIAL_BYTES_PER_SECOND).toFixed(1)) }];
  }),
);
const isQuiet = process.argv.includes('--json');
if (!isQuiet) {
  process.stderr.write(`${table(measurements)}\n`);
  for (const [name, { bytes, secondsAt9600 }] of Object.entries(sizes))
    process.stderr.write(`${name}: ${bytes} bytes, ${secondsAt9600} s at 9,600 baud\n`);
}
const memory = process.argv.includes('--no-memory') ? undefined : memoryOfJob();
const line = JSON.parse(jsonLine('print-bench', measurements)) as Record<string, unknown>;
process.stdout.write(`${JSON.stringify({ ...line, sizes, jobPieces: JOB_PIECES, memory })}\n`);
