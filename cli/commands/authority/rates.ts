/** `tessera authority rates …`: publishes editions of the rate table, and shows the one of today (requirements.md B4). */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { addDays } from '#protocol/documents/date';
import { rateKinds, rateTableDocument } from '#protocol/documents/rate-table';
import { amount, choice, list, record, ShapeError, whole } from '#protocol/http/shape';
import { Failure } from '../../failure.ts';
import { atAuthority } from '../../operator.ts';
import { mailingDate } from '../../options.ts';
import type { Run } from '../../run.ts';

/** As the file has them; the same as over HTTP. */
const ratesShape = list(
  record({
    serviceId: whole(0, 0xffff),
    kind: choice(rateKinds),
    minimum: amount,
    maximum: amount,
    steps: list(record({ weightMaxMg: whole(1, 0xffff_ffff), prices: list(amount, 16) }), 32),
  }),
  100,
);

/** How long an edition is valid unless told otherwise: a year. */
const VALID_DAYS = 365;

interface PublishOptions {
  readonly file: string;
  readonly from: number;
  readonly to?: number;
}

export function addRates(authority: Command, run: Run): void {
  const rates = authority.command('rates').description('editions of the rate table');
  atAuthority<PublishOptions>(
    rates
      .command('publish')
      .requiredOption('--file <file>', 'JSON: a list of services, as rates export writes it')
      .requiredOption('--from <date>', 'first day: today, +DAYS or YYYYMMDD', mailingDate)
      .option('--to <date>', 'last day; a year later unless given', mailingDate),
    run,
    'publish the next edition; meters load it ahead and change over on its first day',
    async (
      office,
      { file, from: validFrom, to: validTo = addDays(validFrom, VALID_DAYS) },
      output,
    ) => {
      const order = { validFrom, validTo, rates: readRates(file) };
      const { version, rateTable } = await office.publishRateTable(order);
      output.say(
        'ratesPublished',
        { version, validFrom, validTo, rateTable },
        `rate table ${version} is published, valid from ${validFrom} to ${validTo}`,
      );
      return 0;
    },
  );
  atAuthority<object>(
    rates.command('export'),
    run,
    'the services of today as JSON, to be edited and published',
    async (office, _, output) => {
      const read = rateTableDocument.read((await office.currentRateTable({})).rateTable);
      if (!read.ok) throw new Error('the authority gave something that is no rate table');
      const { version, validFrom, validTo, rates: current } = read.value;
      const json = JSON.stringify(ratesShape.encode(current), undefined, 2);
      output.say('rates', { version, validFrom, validTo, rates: current }, json);
      return 0;
    },
  );
}

function readRates(file: string) {
  try {
    return ratesShape.decode(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const isKnown = cause instanceof ShapeError || cause instanceof SyntaxError;
    if (!isKnown && !(cause instanceof Error && 'code' in cause)) throw cause;
    const message = (cause as Error).message;
    const advice = 'tessera authority rates export writes one that is in order.';
    throw new Failure('ratesWrong', `${file} is no list of rates: ${message}.`, advice);
  }
}
