/** The end of a world: no more faults, everybody tries again what went wrong, and all of it comes to rest. */

import { openJob } from '#driver/batch/job';
import { formatMeterId } from '#protocol/documents/meter-id';
import { goOn } from './actions/batch.ts';
import { claimAll, loadApproved } from './actions/claim.ts';
import { meet } from './actions/contact.ts';
import { compare } from './actions/end-of-day.ts';
import { grant, openWishes } from './actions/issue.ts';
import { unlessRevoked } from './actions/lock.ts';
import { make, register } from './actions/make.ts';
import { load } from './actions/refill.ts';
import { inspect } from './actions/report.ts';
import { show } from './actions/scan.ts';
import { adjust } from './actions/set-clock.ts';
import { pay } from './actions/settle-account.ts';
import { giveBack } from './actions/withdraw.ts';
import { attempt, type Deed } from './attempt.ts';
import type { Desk } from './desk.ts';
import { resetUser } from './meter-access.ts';
import { finishUnfinished } from './operator.ts';
import { decide } from './person.ts';
import { randomOf } from './random.ts';
import { pieceRefusals, refillRefusals } from './refusals.ts';
import { must } from './violation.ts';
import type { World } from './world.ts';

/**
 * Whatever was under way when the faults ended is over after this time: time-outs, restarts, delays after passwords, and a
 * clock that was ahead by days is behind the last time on record no more.
 */
const CALM_MS = 6 * 24 * 3_600_000;
const HEAL_MS_MAX = 24 * 3_600_000;
/** A job ends at the first piece that the meter refuses for lack of funds, and is gone on with behind it. */
const ROUNDS_MAX = 4;

/** @throws Violation, and what is found is in the list of the world too */
export async function heal(world: World): Promise<void> {
  const { time, trace, network, provider, authority } = world;
  trace.note('faults end');
  network.mend();
  for (const { line, disk, printer, device } of [...world.desks]) {
    line.mend();
    printer.mend();
    device.spare();
    device.clockAheadMs = 0;
    disk.free = Number.POSITIVE_INFINITY;
  }
  for (const office of [authority, provider]) {
    office.clockAheadMs = 0;
    await time.runWhile(office.mend(), 0);
  }
  for (const { computer } of world.desks) computer.host.spare();
  await time.runUntil(time.nowMs + CALM_MS);
  for (const { device } of world.desks) device.switchOn();

  world.isHealed = true;
  await time.runWhile(rest(world), HEAL_MS_MAX);
}

async function rest(world: World): Promise<void> {
  await Promise.all(world.desks.map(({ busy }) => busy));
  await finishUnfinished(world);
  for (const desk of world.desks) await unlock(world, desk);
  for (const desk of world.desks) await settleDesk(world, desk);
  const finished = await world.operator.provider.finishPurchases({});
  must(finished.pending === 0, 'unrest', () => `${finished.pending} purchases stay unfinished`);
  const claims = await world.operator.provider.finishClaims({});
  must(claims.pending === 0, 'unrest', () => `${claims.pending} claims stay unfinished`);
  for (const desk of world.desks) await checkDesk(desk);
  await compare(world);
  await scanAll(world);
}

/** Whoever showed a label twice had the meter locked; the operator looks into that. */
async function unlock({ operator }: World, { meterId, stage }: Desk): Promise<void> {
  if (meterId === undefined || (stage !== 'registered' && stage !== 'leaving')) return;
  const order = { meterId, action: 'unlock', reason: 'none' } as const;
  await unlessRevoked(operator.authority.orderLock(order));
}

async function settleDesk(world: World, desk: Desk): Promise<void> {
  desk.open = undefined; // the meter may have been off since
  const doAll = async (deeds: readonly Deed[]): Promise<void> => {
    for (const deed of deeds) await attempt(world, desk, deed);
  };
  await doAll([
    {
      name: 'finish making',
      run: async () => {
        if (desk.stage === 'blank' && desk.meterId !== undefined) await make(world, desk);
      },
    },
    {
      name: 'set the clock',
      run: async () => {
        if (desk.stage === 'made') await adjust(world, desk, false);
      },
    },
    {
      name: 'finish registering',
      run: async () => {
        if (desk.stage === 'made') await register(world, desk);
      },
    },
  ]);
  if (desk.stage === 'leaving')
    await doAll([
      {
        name: 'finish the withdrawal',
        mayBeRefused: refillRefusals,
        run: () => giveBack(world, desk),
      },
    ]);
  if (desk.stage !== 'registered') return;
  const random = randomOf(world.seed, world.desks.indexOf(desk));
  await doAll([
    { name: 'let the user in again', run: () => resetUser(world, desk) },
    { name: 'last contact', run: () => meet(world, desk, 'user') },
    {
      name: 'finish the refill',
      run: () => (desk.accountKind === 'current' ? pay(world, desk) : load(world, desk)),
    },
    ...openWishes(desk).map((wish) => ({
      name: `finish ${wish.piece.reference}`,
      mayBeRefused: pieceRefusals,
      run: async () => void (await grant(world, desk, wish)),
    })),
  ]);
  for (let round = 0; round < ROUNDS_MAX; round += 1)
    await doAll(
      desk.jobs
        .filter(({ state }) => state !== 'done')
        .map((note) => ({
          name: `finish ${note.directory}`,
          mayBeRefused: pieceRefusals,
          run: () => goOn(world, desk, note, random),
        })),
    );
  await doAll(
    desk.jobs
      .filter(({ state }) => state === 'begun')
      .map(({ directory }) => ({
        name: `look at the labels of ${directory}`,
        async run() {
          await using job = await openJob(directory, { disk: desk.computer.disk });
          await decide(world, desk, job, random);
        },
      })),
  );
  if (desk.isCloned) return;
  await doAll([
    { name: 'claim the rest', run: () => claimAll(world, desk) },
    {
      name: 'load what was approved',
      mayBeRefused: ['spoilageAboveCap', 'refillAboveMaximum'],
      run: () => loadApproved(world, desk),
    },
    { name: 'last inspection', run: () => inspect(world, desk) },
  ]);
}

/** Nothing is open any more, and what the programs hold is what the meter charged. */
async function checkDesk(desk: Desk): Promise<void> {
  if (desk.stage !== 'registered') return;
  const { name, device, disk, computer } = desk;
  const { state, debits } = device.witness;
  must(
    state?.refillPending === 0 || desk.isCloned,
    'unrest',
    () => `a refill of ${name} stays pending`,
  );
  must(openWishes(desk).length === 0, 'unrest', () => `pieces of ${name} stay open`);

  const accounted = new Set<string>();
  for (const { directory, state: stateOfJob } of desk.jobs) {
    await using job = await openJob(directory, { disk: disk.of(computer.host) });
    const { planned, intended, issued, sending, sent } = job.figures;
    const isShort = planned > 0 && stateOfJob !== 'done';
    must(
      intended + issued + sending + sent === 0 && (planned === 0 || isShort),
      'unrest',
      () => `${directory} of ${name} stays unfinished: ${JSON.stringify(job.figures)}`,
    );
    for await (const { record, index } of job.pieces()) {
      if (record.state === 'spoiled' || record.state === 'confirmed')
        accounted.add(`${directory}/pieces.journal ${index}`);
      if (record.indiciumAt === undefined) continue;
      const hex = Buffer.from(await job.indicium(index)).toString('hex');
      desk.ordered.set(hex, 1 + record.reprints);
    }
  }
  for (const { state: stateOfWish, piece } of desk.wishes.values())
    if (stateOfWish === 'issued' || stateOfWish === 'spoiled') accounted.add(piece.reference);
  const doubtful = [...desk.wishes.values()].filter((wish) => wish.state === 'doubtful').length;
  const charged = [...debits.keys()].map((request) => desk.intentions.get(request) ?? request);
  const lost = charged.filter((reference) => !accounted.has(reference));
  must(
    lost.length <= doubtful,
    'indicium',
    () => `${name} was charged for ${lost.join(', ')} and never got it`,
  );
  must(
    accounted.size === charged.length - lost.length,
    'indicium',
    () => `${name} has ${accounted.size} pieces, and was charged for ${charged.length}`,
  );
  checkPaper(desk);
}

/** No label comes out of a printer more often than somebody wanted it. */
function checkPaper({ name, printer, ordered }: Desk): void {
  const printed = new Map<string, number>();
  for (const { indicium } of printer.paper) printed.set(indicium, (printed.get(indicium) ?? 0) + 1);
  for (const [indicium, count] of printed)
    must(
      count <= (ordered.get(indicium) ?? 0),
      'indicium',
      () => `a label of ${name} came out ${count} times, ordered ${ordered.get(indicium) ?? 0}`,
    );
}

/** The authority sees everything there is, and must have found every copy of a meter. */
async function scanAll(world: World): Promise<void> {
  const { evidence, shown, operator, clones } = world;
  for (const [hex] of evidence.all) {
    const { surely, perhaps } = shown.get(hex) ?? { surely: 0, perhaps: 0 };
    if (surely + perhaps === 0) await show(world, hex);
  }
  const findings = await allFindings(operator.authority);
  for (const { of: desk } of clones) {
    const given = [...evidence.all.values()];
    const pieces = (isOfClone: boolean) =>
      given
        .filter((each) => each.isOfClone === isOfClone && isOf(desk, each.fields.meterId))
        .map(({ fields }) => fields.pieceCount);
    const ofMeter = new Set(pieces(false));
    const isBoth = pieces(true).some((piece) => ofMeter.has(piece));
    const meter = formatMeterId(desk.meterId as Uint8Array);
    const isFound = findings.some(
      ({ kind, meterId }) => meterId === meter && (kind === 'forgery' || kind === 'duplicate'),
    );
    must(!isBoth || isFound, 'fraud', () => `the copy of ${desk.name} was not found out`);
  }
}

const isOf = ({ meterId }: Desk, id: Uint8Array): boolean =>
  Buffer.from(meterId as Uint8Array).equals(id);

async function allFindings({ listFindings }: World['operator']['authority']) {
  const all = [];
  for (let after = 0; ; ) {
    const { findings } = await listFindings({ after });
    all.push(...findings);
    const last = findings.at(-1);
    if (last === undefined) return all;
    after = last.findingId;
  }
}
