/** Indicia that are charged once, whatever fails between host and meter (requirements.md B3, C4, F6). */

import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JournalError } from '#driver/checked-lines';
import { type Disk, hostDisk } from '#driver/disk';
import { issuedPiece, reprint } from '#driver/earlier-piece';
import { issue, resume } from '#driver/issue';
import { openPendingJournal, type PendingEntry } from '#driver/pending';
import type { Piece } from '#driver/piece';
import { mills } from '#protocol/mills';
import { refuse } from '#protocol/result';
import { chargingMeter } from '#test/support/charging-meter';
import { sampleIndicium } from '#test/support/imitation';
import { failureOf } from '#test/support/settle';

const NAME = 'TS01-0000000042';
const letter: Piece = {
  serviceId: 1,
  postage: mills(780),
  mailingDate: 20_260_101,
  destination: 0,
};
const parcel: Piece = { ...letter, postage: mills(9_000) };

let folder: string;
let count = 0;
const freshPath = () => join(folder, `${count++}.pending`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pending-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an indicium', () => {
  test('is asked for with a request id that is on disk before', async () => {
    const path = freshPath();
    const { meter, charged } = await chargingMeter();
    await using journal = await openPendingJournal(path);

    const indicium = await issue(meter, journal, letter);

    expect(indicium).toEqual(sampleIndicium(1));
    expect(charged).toEqual([780]);
    expect(journal.entries(NAME)).toMatchObject([
      { piece: letter, state: 'issued', indicium, requestId: { counter: 10 } },
    ]);
  });

  test('alike is another one when the first was handed over', async () => {
    const { meter, charged } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());

    const pieces = await Promise.all([1, 2, 3].map(() => issue(meter, journal, letter)));

    expect(pieces).toEqual([sampleIndicium(1), sampleIndicium(2), sampleIndicium(3)]);
    expect(charged).toHaveLength(3);
  });

  test('of the same reference is the same one, now and after a restart', async () => {
    const path = freshPath();
    const named = { ...letter, reference: 'job 7, line 12' };
    const { meter, charged } = await chargingMeter();
    await using first = await openPendingJournal(path);
    await issue(meter, first, named);
    await issue(meter, first, { ...named, reference: 'job 7, line 13' });
    await first.close();

    await using second = await openPendingJournal(path);

    expect(await issue(meter, second, named)).toEqual(sampleIndicium(1));
    expect(charged).toHaveLength(2);
    expect(await failureOf(issue(meter, second, { ...named, postage: mills(1) }))).toBeInstanceOf(
      JournalError,
    );
  });
});

describe('a piece that is on record', () => {
  const named = { ...letter, reference: 'job 7, line 12' };

  test('is given once more by the meter, under the request id it had', async () => {
    const { meter, reprinted } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());
    await issue(meter, journal, named);
    await issue(meter, journal, { ...named, reference: 'job 7, line 13' });

    const { indicium } = await reprint(meter, journal, 'job 7, line 12');

    expect(indicium).toEqual(sampleIndicium(1));
    expect(reprinted).toEqual([{ counter: 10, nonce: expect.any(Number) }]);
  });

  test('and given up as spoiled is neither issued nor reprinted again, after a restart too', async () => {
    const path = freshPath();
    const { meter, charged, reprinted } = await chargingMeter();
    await using first = await openPendingJournal(path);
    await issue(meter, first, named);
    await first.spoiled(issuedPiece(first, NAME, 'job 7, line 12'), 'coffee');
    await first.close();

    await using journal = await openPendingJournal(path);

    expect(journal.entries(NAME)).toMatchObject([{ state: 'spoiled', reason: 'coffee' }]);
    for (const attempt of [issue(meter, journal, named), reprint(meter, journal, named.reference)])
      expect(await failureOf(attempt)).toMatchObject({
        name: 'JournalError',
        message: expect.stringContaining('spoiled'),
      });
    expect([charged.length, reprinted.length]).toEqual([1, 0]);
  });

  test.each([
    ['nobody asked for', 'job 8, line 1'],
    ['was refused', 'job 7, line 12'],
  ])('is none where it %s', async (_, reference) => {
    const { meter, reprinted, refuseWith } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());
    refuseWith(refuse('insufficientFunds', 80));
    await failureOf(issue(meter, journal, named));

    expect(await failureOf(reprint(meter, journal, reference))).toBeInstanceOf(JournalError);
    expect(reprinted).toEqual([]);
  });
});

/** The disk of this computer, with something else in the place of a sync. */
function syncingBy(datasync: () => Promise<void>): Disk {
  return {
    ...hostDisk,
    async openLines(path) {
      return Object.assign(await hostDisk.openLines(path), { datasync });
    },
  };
}

test('what a killed program left without a sync is synced before the meter is asked for it', async () => {
  const path = freshPath();
  const { meter, charged } = await chargingMeter();
  const killed = await openPendingJournal(path, { disk: syncingBy(async () => undefined) });
  await killed.intend(NAME, { counter: 10, nonce: 1 }, letter);
  await killed.close();
  const chargedAtSync: number[] = [];
  const disk = syncingBy(async () => void chargedAtSync.push(charged.length));

  await using journal = await openPendingJournal(path, { disk });
  await resume(meter, journal);

  expect(chargedAtSync).toEqual([0]);
  expect(charged).toEqual([780]);
});

test('a piece that was refused is not charged after a power cut of the host', async () => {
  const path = freshPath();
  let synced = Buffer.alloc(0);
  const disk = syncingBy(async () => {
    synced = await readFile(path);
  });
  const { meter, charged, refuseWith } = await chargingMeter();
  await using journal = await openPendingJournal(path, { disk });
  refuseWith(refuse('insufficientFunds'));
  const told = await failureOf(issue(meter, journal, letter));
  refuseWith(undefined);

  const afterCut = freshPath();
  await writeFile(afterCut, synced);
  await using left = await openPendingJournal(afterCut);
  await resume(meter, left);

  expect(told).toMatchObject({ status: 'insufficientFunds' });
  expect(charged).toEqual([]);
});

test('a reference whose piece is unfinished is not charged again for another piece', async () => {
  const { meter, charged, pullAtNext } = await chargingMeter();
  await using journal = await openPendingJournal(freshPath());
  const named = { ...letter, reference: 'job 7, line 12' };
  pullAtNext('behind');
  await failureOf(issue(meter, journal, named));
  await meter.reconnect();

  const refused = await failureOf(issue(meter, journal, { ...named, postage: mills(1) }));

  expect(refused).toBeInstanceOf(JournalError);
  expect(charged).toHaveLength(1);
});

test('two programs cannot use one journal at once, and the next one can', async () => {
  const path = freshPath();
  await using first = await openPendingJournal(path);

  expect(await failureOf(openPendingJournal(path))).toMatchObject({
    name: 'JournalError',
    message: expect.stringContaining('another program is using it'),
  });
  await first.close();

  await using second = await openPendingJournal(path);
  expect(second.entries(NAME)).toEqual([]);
});

describe('when the line is pulled', () => {
  test.each<['before' | 'behind', boolean]>([
    ['before', false],
    ['before', true],
    ['behind', false],
    ['behind', true],
  ])('%s the charge, and the host restarted: %s, it is charged once', async (when, isRestarted) => {
    const path = freshPath();
    const { meter, charged, pullAtNext } = await chargingMeter();
    let journal = await openPendingJournal(path);
    pullAtNext(when);
    const lost = await failureOf(issue(meter, journal, letter));

    await meter.reconnect();
    if (isRestarted) {
      await journal.close();
      journal = await openPendingJournal(path);
    }
    const indicium = await issue(meter, journal, letter);
    const another = await issue(meter, journal, parcel);
    await journal.close();

    expect(lost).toMatchObject({ stage: 'request', isUncertain: true });
    expect(indicium).toEqual(sampleIndicium(1));
    expect(another).toEqual(sampleIndicium(2));
    expect(charged).toEqual([780, 9_000]);
  });

  test('resume finishes what was left, oldest first, and tells it', async () => {
    const { meter, charged, pullAtNext } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());
    pullAtNext('behind');
    await failureOf(issue(meter, journal, letter));
    await meter.reconnect();

    const settled = await resume(meter, journal);

    expect(settled).toMatchObject([
      { piece: letter, state: 'issued', indicium: sampleIndicium(1) },
    ]);
    expect(await resume(meter, journal)).toEqual([]);
    expect(charged).toEqual([780]);
  });

  test('what was left and is not alike is finished first, and told', async () => {
    const { meter, charged, pullAtNext } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());
    pullAtNext('before');
    await failureOf(issue(meter, journal, letter));
    await meter.reconnect();
    const resumed: PendingEntry[] = [];

    const indicium = await issue(meter, journal, parcel, {
      onResumed: (entry) => resumed.push(entry),
    });

    expect(indicium).toEqual(sampleIndicium(2));
    expect(resumed).toMatchObject([{ piece: letter, state: 'issued' }]);
    expect(charged).toEqual([780, 9_000]);
  });
});

describe('a refusal', () => {
  test('about the piece ends it: it is not asked for again', async () => {
    const { meter, charged, refuseWith } = await chargingMeter();
    await using journal = await openPendingJournal(freshPath());
    refuseWith(refuse('insufficientFunds', 80));

    const error = await failureOf(issue(meter, journal, letter));
    refuseWith(undefined);
    const settled = await resume(meter, journal);

    expect(error).toMatchObject({ status: 'insufficientFunds', detail: 80 });
    expect(settled).toEqual([]);
    expect(charged).toEqual([]);
    expect(journal.entries(NAME)).toMatchObject([
      { state: 'refused', reason: 'insufficientFunds' },
    ]);
  });

  test.each(['wrongRole', 'internalFault'] as const)(
    '%s says nothing about the piece: it stays unfinished',
    async (status) => {
      const { meter, charged, refuseWith } = await chargingMeter();
      await using journal = await openPendingJournal(freshPath());
      refuseWith(refuse(status));

      const error = await failureOf(issue(meter, journal, letter));
      refuseWith(undefined);
      const indicium = await issue(meter, journal, letter);

      expect(error).toMatchObject({ status });
      expect(indicium).toEqual(sampleIndicium(1));
      expect(charged).toEqual([780]);
      expect(journal.entries(NAME)).toHaveLength(1);
    },
  );
});

test('a signal before anything was intended leaves nothing behind', async () => {
  const { meter } = await chargingMeter();
  await using journal = await openPendingJournal(freshPath());

  const error = await failureOf(issue(meter, journal, letter, { signal: AbortSignal.abort() }));

  expect(error).toMatchObject({ name: 'AbortError' });
  expect(journal.entries(NAME)).toEqual([]);
});

describe('the file', () => {
  async function written(): Promise<string> {
    const path = freshPath();
    const { meter } = await chargingMeter();
    await using journal = await openPendingJournal(path);
    await issue(meter, journal, letter);
    await issue(meter, journal, parcel);
    return path;
  }
  const statesAfter = async (path: string) => {
    await using journal = await openPendingJournal(path);
    return journal.entries(NAME).map(({ state }) => state);
  };

  test('cut at any byte is what it was when that byte was written', async () => {
    const path = await written();
    const whole = await readFile(path, 'utf8');

    for (let size = 0; size <= whole.length; size++) {
      await writeFile(path, whole.slice(0, size));
      const lines = Math.max(0, whole.slice(0, size).split('\n').length - 2);
      const expected = [[], ['intended'], ['issued'], ['issued', 'intended'], ['issued', 'issued']];
      expect(await statesAfter(path)).toEqual(expected[lines]);
    }
  });

  test('is written on behind the cut', async () => {
    const path = await written();
    await truncate(path, (await stat(path)).size - 5);

    await using journal = await openPendingJournal(path);
    const [, entry] = journal.entries(NAME);
    await journal.issued(entry as PendingEntry, sampleIndicium(2));
    await journal.close();

    expect(await statesAfter(path)).toEqual(['issued', 'issued']);
  });

  test('with zeros where a crash kept content from the disk loses only those', async () => {
    const path = await written();
    await appendFile(path, '\0'.repeat(40));
    expect(await statesAfter(path)).toEqual(['issued', 'issued']);

    await appendFile(path, `${'\0'.repeat(40)}"}\n`);
    expect(await statesAfter(path)).toEqual(['issued', 'issued']);
  });

  test('with a flipped bit is refused, since leaving a line out might charge a piece twice', async () => {
    const path = await written();
    const whole = await readFile(path);
    const end = whole.lastIndexOf('\n');

    for (let at = 0; at < end; at++) {
      await writeFile(
        path,
        whole.map((byte, index) => (index === at ? byte ^ 1 : byte)),
      );
      expect(await failureOf(openPendingJournal(path))).toBeInstanceOf(JournalError);
    }
  });

  test('is for its owner only', async () => {
    expect((await stat(await written())).mode & 0o777).toBe(0o600);
  });
});
