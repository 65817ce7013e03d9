/** The cuts find defects: each is put into the firmware on purpose, and must be reported (docs/cuts.md). */

import { describe, expect, test } from 'vitest';
import type { ImageFile } from '#emulator/image-file';
import { type Context, createContext } from './campaigns/context.ts';
import { walkJournal } from './campaigns/journal.ts';
import { sampleOf } from './campaigns/sample.ts';
import { perform, type Task } from './campaigns/task.ts';
import { defectiveImage, defectiveJournal, type Edit } from './defects.ts';
import type { Cell } from './judging/cut-points.ts';
import { textOf } from './judging/judge.ts';
import { createWorkshop } from './meter/workshop.ts';

const contextOf = (image?: ImageFile): Context =>
  createContext(
    createWorkshop({ seed: 1, hasEngine: true, ...(image === undefined ? {} : { image }) }),
    () => undefined,
  );

const healthy = contextOf();

/** Some numbers of the cells that are meant. */
async function numbersOf(
  context: Context,
  command: string,
  isMeant: (cell: Cell) => boolean,
  many: number,
): Promise<number[]> {
  const { points } = await context.rehearsal(command);
  const cells = points.cells.filter(isMeant);
  return sampleOf(cells, many, { seed: 1, each: 'cell', period: points.count });
}

interface Finding {
  readonly defect: string;
  readonly edits: readonly Edit[];
  readonly campaign: 'single' | 'weak';
  readonly command: string;
  readonly isMeant: (cell: Cell) => boolean;
  readonly many: number;
  readonly says: RegExp;
}

const ACCESS = 'firmware/services/access.ts';
const INDICIUM = 'firmware/services/indicium.ts';

const findings: readonly Finding[] = [
  {
    defect: 'no slot is skipped at power-up',
    edits: [['firmware/journal-ring.ts', 'index: used + 2', 'index: used + 1']],
    campaign: 'single',
    command: 'createIndicium',
    isMeant: ({ mode }) => mode === 'phantom',
    many: 6,
    says: /^the flash refused 1 programs$/,
  },
  {
    defect: 'the slot that was in use is used again',
    edits: [['firmware/journal-ring.ts', 'index: used + 2', 'index: used']],
    campaign: 'single',
    command: 'createIndicium',
    isMeant: ({ mode }) => mode === 'prefix',
    many: 2,
    says: /^the flash refused \d+ programs$/,
  },
  {
    defect: 'what was found is not pinned',
    edits: [['firmware/journal.ts', 'function pin(): void {', 'function pin(): void {\nreturn;']],
    campaign: 'weak',
    command: 'createIndicium',
    isMeant: ({ mode }) => mode === 'weak',
    many: 16,
    says: /instead of|neither before nor after|is undone/,
  },
  {
    defect: 'a token leaves before its debit',
    edits: [
      [
        INDICIUM,
        '  chargeFor(device, next.value);\n  const onRecord = device.journal.find(counter, nonce);',
        '  device.pay = () => chargeFor(device, next.value);\n  const onRecord = { debit: next.value };',
      ],
      [INDICIUM, 'request.requestId;\n', 'request.requestId;\n  device.pay?.();\n'],
    ],
    campaign: 'single',
    command: 'createIndicium',
    isMeant: ({ mode }) => mode === 'quiet',
    many: 8,
    says: /^the indicium of piece 1 left, and 0 are charged$/,
  },
  {
    defect: 'a token leaves before it is durable',
    edits: [[INDICIUM, '  journal.sync();\n  return joinIndicium', '  return joinIndicium']],
    campaign: 'single',
    command: 'createIndicium',
    isMeant: ({ mode }) => mode === 'quiet',
    many: 8,
    says: /^it was answered \(.*\), and is undone$/,
  },
  {
    defect: 'a wrong password is not counted',
    edits: [
      [ACCESS, "  commit(device, 'passwordTry'", "  if (false) commit(device, 'passwordTry'"],
      [ACCESS, '  invariant(journal.state[counter] === tries + 1);\n', ''],
    ],
    campaign: 'single',
    command: 'logIn wrong',
    isMeant: ({ mode }) => mode === 'quiet',
    many: 8,
    says: /is undone|asked once more/,
  },
  {
    defect: 'a refill stays open when it is credited',
    edits: [['firmware/registers.ts', 'authorised), refillPending: mills(0),', 'authorised),']],
    campaign: 'single',
    command: 'refillCommit of postage',
    isMeant: ({ mode }) => mode === 'prefix',
    many: 4,
    says: /refillCommit refused/,
  },
  {
    defect: 'keys are destroyed only where something is seen of them',
    edits: [
      [
        'firmware/store.ts',
        'for (const offset of layout.bankOffsets) clearBank(vessel, offset);',
        'for (const offset of layout.bankOffsets) if (!isBankBlank(vessel, offset)) clearBank(vessel, offset);',
      ],
    ],
    campaign: 'single',
    command: 'zeroize',
    isMeant: ({ mode, operation }) => mode === 'weak' && operation === 1,
    many: 32,
    says: /fault flashFailed/,
  },
  {
    defect: 'the proof of a withdrawal is not made where power failed before it',
    edits: [['firmware/bring-up.ts', 'finishWithdrawal(device); //', '//']],
    campaign: 'single',
    command: 'withdrawalCommit agreed',
    isMeant: ({ mode }) => mode === 'prefix',
    many: 8,
    says: /lifeCycle withdrawn instead of|still in flash/,
  },
  {
    defect: 'a record of the log counts before what it tells',
    edits: [
      [
        'firmware/device.ts',
        '    device.journal.append(type, { ...next, logCount: count, logHead: head });',
        "    device.journal.append('note', { ...device.journal.state, logCount: count, logHead: head });\n    device.journal.append(type, { ...next, logCount: count, logHead: head });",
      ],
    ],
    campaign: 'single',
    command: 'applyLockOrder',
    isMeant: ({ mode }) => mode === 'prefix',
    many: 8,
    says: /^the log has/,
  },
];

describe.each(findings)('where $defect', (finding) => {
  const { campaign, command, isMeant, many, edits, says } = finding;

  async function textsOn(context: Context): Promise<string[]> {
    try {
      const numbers = await numbersOf(context, command, isMeant, many);
      const { violations } = await perform(context, { campaign, command, numbers } as Task);
      return violations.map(({ text }) => text);
    } catch (error) {
      return [textOf(error)]; // it shows without a cut
    }
  }

  test('it is found', async () => {
    const texts = await textsOn(contextOf(await defectiveImage(...edits)));

    expect(texts.some((text) => says.test(text))).toBe(true);
  });

  test('and nothing is found where it is not', async () => {
    expect(await textsOn(healthy)).toEqual([]);
  });
});

describe('the model finds in the journal', () => {
  test.each<[defect: string, edit: Edit]>([
    [
      'no pin',
      ['firmware/journal.ts', 'function pin(): void {', 'function pin(): void {\nreturn;'],
    ],
    [
      'no tag looked at',
      [
        'firmware/journal-ring.ts',
        'if (!equalBytes(tagOf(ring, body), bytes.subarray(RECORD_BODY_SIZE))) return undefined;',
        '',
      ],
    ],
  ])('%s', async (_name, edit) => {
    const module = await defectiveJournal(edit);

    const { violations } = walkJournal(
      healthy,
      { campaign: 'journal', numbers: [0, 1, 2] },
      module,
    );

    expect(violations).not.toEqual([]);
  });
});
