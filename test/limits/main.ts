/** `npm run limits`: how small an embedded processor may be for the image (docs/cpu.md). */

import { parseArgs } from 'node:util';
import { checksOf } from '#cli/conformance/checks';
import { DEFAULT_LIMITS } from '#emulator/cpu/quickjs';
import { bodyForms } from '#protocol/documents/image-header';
import { type Smallest, smallestLimits } from './smallest.ts';

const HELP = `Usage: npm run limits

Lives a whole life of a meter on the embedded processor, which is every check of \`tessera conformance --level life\`, from
source and from bytecode, with a crypto engine and without. Prints the smallest memory, stack and time in which all checks pass,
each of which was seen to do where one less did not. Fails where that is more than a board has by default.
`;

function tableOf(found: readonly Smallest[]): string {
  const lines = found.map(
    ({ conditions: { form, cryptoEngine }, limits: { ramBytes, stackBytes, polls } }) =>
      `${form.padEnd(9)} ${(cryptoEngine ? 'with' : 'without').padEnd(8)} crypto engine` +
      `${String(ramBytes >> 10).padStart(9)} KiB of memory${String(stackBytes).padStart(8)} bytes of stack` +
      `${String(polls).padStart(7)} polls`,
  );
  return `${lines.join('\n')}\n`;
}

/** @returns the exit code: 0 it fits, 1 it does not or something is wrong, 2 usage */
async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const found: Smallest[] = [];
  for (const form of bodyForms)
    for (const cryptoEngine of [true, false]) {
      process.stderr.write(`${form}, ${cryptoEngine ? 'with' : 'without'} crypto engine\n`);
      const smallest = await smallestLimits({ form, cryptoEngine });
      found.push(smallest);
      process.stdout.write(tableOf([smallest]));
    }
  const fits = found.every(
    ({ limits: { ramBytes, stackBytes, polls } }) =>
      ramBytes <= DEFAULT_LIMITS.ramBytes &&
      stackBytes <= DEFAULT_LIMITS.stackBytes &&
      polls <= DEFAULT_LIMITS.polls,
  );
  const figures = found.map(({ conditions, limits }) => ({ ...conditions, ...limits }));
  process.stdout.write(
    `${JSON.stringify({ script: 'limits', fits, checks: checksOf('life').length, limits: DEFAULT_LIMITS, figures })}\n`,
  );
  return fits ? 0 : 1;
}

process.exitCode = await main();
