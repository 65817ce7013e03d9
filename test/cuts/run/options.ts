/** The command line of `npm run cuts`. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type CampaignName, campaignNames } from '../campaigns/tally.ts';

export const HELP = `Usage: npm run cuts -- [--full] [--seed N] [--only CAMPAIGN] [--command NAME] [--workers N]
       npm run cuts -- --seed N --only CAMPAIGN --command NAME --replay NUMBER…

Cuts the power of the real meter at every byte of every program and erase, brings it up again, goes on with the real
driver, and judges by its money and by what it said (docs/cuts.md).

Options:
  --full           all cuts, and not an even sample of them; takes hours
  --seed N         decides everything that is left to chance; 1 unless given
  --only CAMPAIGN  one of ${campaignNames.join(', ')}
  --command NAME   cuts one command alone; of flips the image, of wearout and life the failure
  --replay NUMBER… makes these cuts only; of double the first cut and the second one
  --workers N      threads; one for each processor unless given
  --no-engine      boards without a crypto engine: the image computes with its own software
  --json           says only the line of JSON that it ends with
  --help           this text
`;

export interface Options {
  readonly isFull: boolean;
  readonly seed: number;
  readonly only: CampaignName | undefined;
  readonly command: string | undefined;
  readonly replay: readonly number[];
  readonly workers: number;
  readonly hasEngine: boolean;
  readonly isQuiet: boolean;
  readonly wantsHelp: boolean;
}

/** @throws Error with the reason where the command line is not one of ours */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      full: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      command: { type: 'string' },
      replay: { type: 'string' },
      workers: { type: 'string' },
      'no-engine': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, command, workers } = values;
  if (values.replay === undefined && positionals.length > 0)
    throw new Error(`What is ${positionals.join(' ')}? Numbers stand behind --replay.`);
  const replay = [...(values.replay === undefined ? [] : [values.replay]), ...positionals];
  return {
    isFull: values.full,
    seed: whole(values.seed),
    only: only === undefined ? undefined : campaign(only),
    command,
    replay: replay.map(whole),
    workers: workers === undefined ? availableParallelism() : Math.max(1, whole(workers)),
    hasEngine: !values['no-engine'],
    isQuiet: values.json,
    wantsHelp: values.help,
  };
}

function whole(text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${text} is no whole number.`);
}

function campaign(text: string): CampaignName {
  const name = campaignNames.find((each) => each === text);
  if (name === undefined) throw new Error(`${text} is none of ${campaignNames.join(', ')}.`);
  return name;
}
