/** What is known of a piece on paper: nothing leads back to a printer but a person, and the journal keeps it (printing.md 5). */

import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnprinted,
  nextPaper,
  type Paper,
  type PaperStep,
  paperSteps,
} from '#driver/paper-state';
import { openPendingJournal } from '#driver/pending';
import { mills } from '#protocol/mills';
import { temporaryFolder } from '#test/support/temporary-folder';

const walk = (steps: readonly PaperStep[]): Paper | undefined =>
  steps.reduce<Paper | undefined>((paper, step) => nextPaper(paper, step) ?? paper, undefined);

test.each<[string, readonly PaperStep[], Paper]>([
  ['printed', ['composed', 'sending', 'confirmed'], { state: 'confirmed', reprints: 0 }],
  ['not ready', ['composed', 'sending', 'unsent'], { state: 'composed', reprints: 0 }],
  ['stopped', ['composed', 'sending'], { state: 'sending', reprints: 0, before: 'composed' }],
  ['seen whole', ['composed', 'sending', 'accepted'], { state: 'confirmed', reprints: 0 }],
  [
    'printed once more',
    ['composed', 'sending', 'sent', 'reprinting', 'confirmed'],
    { state: 'confirmed', reprints: 1 },
  ],
  [
    'a reprint that was not begun',
    ['composed', 'sending', 'sent', 'reprinting', 'unsent'],
    { state: 'sent', reprints: 1 },
  ],
])('%s', (_, steps, paper) => {
  expect(walk(steps)).toEqual(paper);
});

test('what may be on paper is never unprinted again, but by the printer’s own word', () => {
  const anySteps = fc.array(fc.constantFrom(...paperSteps), { maxLength: 12 });
  fc.assert(
    fc.property(anySteps, fc.constantFrom(...paperSteps), (steps, step) => {
      const before = walk(steps);
      const after = nextPaper(before, step);

      if (after === undefined || isUnprinted(before)) return;
      expect(step === 'unsent' || !isUnprinted(after)).toBe(true);
      expect(step === 'sending').toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('the journal of pieces keeps it, and refuses a step that does not follow', async () => {
  const path = join(temporaryFolder(), 'pieces.journal');
  const piece = { serviceId: 1, postage: mills(780), mailingDate: 20260301, destination: 0 };
  {
    await using journal = await openPendingJournal(path);
    const intended = await journal.intend('TS01-0000000042', { counter: 1, nonce: 2 }, piece);
    await expect(journal.paper(intended, 'composed')).rejects.toThrow('does not follow');
  }
  {
    await using journal = await openPendingJournal(path);
    const [intended] = journal.everything();
    if (intended === undefined) throw new Error('the piece is gone');
    const issued = await journal.issued(intended, new Uint8Array(128));
    await journal.paper(issued, 'composed');
    await journal.paper(issued, 'sending');
    await expect(journal.paper(issued, 'composed')).rejects.toThrow('does not follow');
  }
  await using journal = await openPendingJournal(path);

  expect(journal.everything()).toMatchObject([{ state: 'issued', paper: { state: 'sending' } }]);
});
