/** `tessera printed`: what is known of each piece on paper, and what a person says of it (requirements.md F6). */

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { openPendingJournal, type PendingEntry, type PendingJournal } from '#driver/pending';
import { Failure, UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly all?: boolean;
  readonly whole?: boolean;
}

export function addPrinted(program: Command, run: Run): void {
  program
    .command('printed [reference]')
    .summary('what is known of single pieces on paper; of jobs, batch status tells')
    .description(
      `Lists the pieces of print of which some may be on paper and only a person can tell, as after a power cut in the
middle of a label. Look at each: note a whole one with --whole; have one that is not whole printed once more with print
--reprint, or claim it with spoilage submit. Nothing is ever sent to a printer twice by itself.`,
    )
    .option('--all', 'those that are settled too')
    .option('--whole', 'note that the label of this piece was seen whole on paper')
    .action((reference: string | undefined, options: Options, command: Command) =>
      run((output) =>
        printed(reference, options, openHome(command.optsWithGlobals()['home']), output),
      ),
    );
}

async function printed(
  reference: string | undefined,
  { all = false, whole = false }: Options,
  home: Home,
  output: Output,
): Promise<number> {
  if (whole && reference === undefined)
    throw new UsageError('Say which piece was seen whole: printed REFERENCE --whole.');
  if (!existsSync(home.journal)) {
    output.say('none', {}, 'no piece was made here');
    return 0;
  }
  await using journal = await openPendingJournal(home.journal);
  if (reference !== undefined) return await one(journal, reference, whole, output);
  const shown = journal.everything().filter((entry) => all || entry.paper?.state === 'sending');
  const listed = shown.filter(({ paper }) => paper !== undefined);
  for (const entry of listed) tell(entry, output);
  if (listed.length === 0) output.say('none', {}, 'there is no piece that a person must look for');
  return 0;
}

async function one(
  journal: PendingJournal,
  reference: string,
  isWhole: boolean,
  output: Output,
): Promise<number> {
  const entry = journal.everything().findLast(({ piece }) => piece.reference === reference);
  if (entry === undefined)
    throw new Failure('pieceUnknown', `No piece ${reference} was made here.`, 'See printed --all.');
  if (!isWhole) {
    tell(entry, output);
    return 0;
  }
  if (entry.state !== 'issued' || entry.paper === undefined || entry.paper.state === 'composed')
    throw new Failure(
      'notPrinted',
      `Piece ${reference} went to no printer that could have put it on paper.`,
      'See printed --all.',
    );
  tell(await journal.paper(entry, 'accepted'), output);
  return 0;
}

const words = {
  composed: 'not printed yet: nothing had left',
  sending: 'some of it may be on paper: look',
  sent: 'sent to a printer that does not say whether it printed',
  confirmed: 'on paper',
} as const;

function tell({ meter, state, piece, paper }: PendingEntry, output: Output): void {
  const { reference = '' } = piece;
  const on = paper === undefined ? 'at no printer yet' : words[paper.state];
  const given = state === 'spoiled' ? ', given up as spoiled' : '';
  const again = paper !== undefined && paper.reprints > 0 ? `, reprinted ${paper.reprints}×` : '';
  output.say(
    'piece',
    { meter, reference, state, paper: paper?.state, reprints: paper?.reprints ?? 0 },
    `${reference}: ${on}${again}${given}`,
  );
}
