/**
 * `tessera spoilage …`: spoiled pieces, of jobs and of single prints, become claims at the provider and are followed
 * (requirements.md B7, F7; domain.md R21).
 */

import { readFileSync } from 'node:fs';
import { hexToBytes } from '@noble/hashes/utils.js';
import type { Command } from 'commander';
import { openJob } from '#driver/batch/job';
import { manifestRows } from '#driver/batch/manifest';
import { issuedPiece } from '#driver/earlier-piece';
import { openPendingJournal } from '#driver/pending';
import {
  type Claim,
  claimedPieces,
  claimSpoiled,
  claimsOf,
  type PieceClaim,
} from '#driver/spoilage';
import { INDICIUM_SIZE, readIndicium } from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type SpoilageReason, spoilageReasons } from '#protocol/documents/spoilage';
import { formatMills } from '#protocol/mills';
import { momentText } from '../condition-text.ts';
import { Failure, UsageError } from '../failure.ts';
import { type Home, needed, openHome } from '../home.ts';
import { oneName } from '../options.ts';
import type { Output } from '../output.ts';
import { rejectionText } from '../rejection-text.ts';
import type { Run } from '../run.ts';
import { type ProviderClient, providerAt } from '../servers.ts';

interface OfficeOptions {
  readonly provider?: string;
  readonly providerToken: string;
}

interface SubmitOptions extends OfficeOptions {
  readonly reason: SpoilageReason;
  readonly job?: string;
  readonly indicium?: string;
}

export function addSpoilage(program: Command, run: Run): void {
  const spoilage = program
    .command('spoilage')
    .description('postage that was charged and not mailed');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  withProvider(spoilage.command('submit [references...]'))
    .summary('claim spoiled pieces: of print by reference, of a job, or by their bytes')
    .description(
      `REFERENCES are those of print; what is claimed is never printed again. --job claims every piece of a job that was
spoiled with batch spoil. After an interruption, call it again: nothing is claimed twice.`,
    )
    .option('--job <job>', 'every spoiled piece of this job')
    .option('--indicium <file>', '128 bytes, as a file or in hexadecimal')
    .option('--reason <reason>', spoilageReasons.join(', '), oneName(spoilageReasons), 'misprint')
    .action((references: readonly string[], options: SubmitOptions, command: Command) =>
      run((output) => submit(references, options, home(command), output)),
    );
  withProvider(spoilage.command('status'))
    .summary('what became of each spoiled piece')
    .option('--job <job>', 'of this job; else of what print has on record')
    .action((options: OfficeOptions & { readonly job?: string }, command: Command) =>
      run((output) => status(options, home(command), output)),
    );
  withProvider(spoilage.command('list'))
    .summary('the claims of the customer of this meter')
    .action((options: OfficeOptions, command: Command) =>
      run((output) => list(options, home(command), output)),
    );
}

function withProvider(command: Command): Command {
  return command
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .requiredOption('--provider-token <file>', "the provider operator's token");
}

/** Whose claims they are. */
interface Claimant {
  readonly provider: ProviderClient;
  readonly customerId: number;
  readonly meterId: Uint8Array;
}

async function claimantOf(options: OfficeOptions, home: Home): Promise<Claimant> {
  const url = needed(options.provider, home.settings.provider, '--provider');
  const provider = providerAt(url, options.providerToken);
  const header = await home.header('user');
  if (header === undefined)
    throw new Failure('missing', `There is no ${home.keyFile('user')}.`, 'Make the meter first.');
  const { meterId } = header;
  const { customerId } = await provider.readMeter({ meterId });
  return { provider, customerId, meterId };
}

async function submit(
  references: readonly string[],
  options: SubmitOptions,
  home: Home,
  output: Output,
): Promise<number> {
  if (references.length === 0 && options.job === undefined && options.indicium === undefined)
    throw new UsageError('Say which pieces: references, --job or --indicium.');
  const { provider, ...who } = await claimantOf(options, home);
  const indicia = [
    ...(await printed(references, options.reason, home, formatMeterId(who.meterId))),
    ...(options.job === undefined ? [] : (await spoiledOf(options.job)).map(({ bytes }) => bytes)),
    ...(options.indicium === undefined ? [] : [indiciumIn(options.indicium)]),
  ];
  const { reason } = options;
  const claims = await claimSpoiled(
    provider,
    { ...who, reason, indicia },
    { onClaim: (claim) => tellClaim(claim, output) },
  );
  if (claims.length === 0)
    output.say('nothingNew', { pieces: indicia.length }, 'all of these pieces were claimed before');
  const approved = claims.reduce((sum, claim) => sum + claim.approved, 0);
  if (approved > 0 && !output.isJson)
    output.say('next', {}, 'next: tessera meter refill --kind spoilage --provider-token FILE');
  return claims.every(({ state }) => state !== 'rejected') ? 0 : 1;
}

/** Pieces of print, given up for good before they are claimed. */
async function printed(
  references: readonly string[],
  reason: string,
  home: Home,
  meter: string,
): Promise<Uint8Array[]> {
  if (references.length === 0) return [];
  await using journal = await openPendingJournal(home.journal);
  const known = journal.entries(meter).filter(({ state }) => state === 'spoiled');
  const indicia: Uint8Array[] = [];
  for (const reference of references) {
    const before = known.find(({ piece }) => piece.reference === reference)?.indicium;
    const entry = before === undefined ? issuedPiece(journal, meter, reference) : undefined;
    if (entry !== undefined) await journal.spoiled(entry, reason);
    indicia.push(before ?? (entry?.indicium as Uint8Array));
  }
  return indicia;
}

interface SpoiledPiece {
  readonly reference: string;
  readonly pieceCount: number | undefined;
  readonly bytes: Uint8Array;
}

async function spoiledOf(path: string): Promise<SpoiledPiece[]> {
  await using job = await openJob(path);
  const spoiled: SpoiledPiece[] = [];
  for await (const { state, reference, pieceCount, indicium } of manifestRows(job))
    if (state === 'spoiled' && indicium !== undefined)
      spoiled.push({ reference, pieceCount, bytes: indicium });
  return spoiled;
}

function indiciumIn(text: string): Uint8Array {
  const isHex = /^[0-9a-f]+$/i.test(text) && text.length === 2 * INDICIUM_SIZE;
  const bytes = isHex ? hexToBytes(text) : Uint8Array.from(readFileSync(text));
  if (!readIndicium(bytes).ok)
    throw new UsageError(`An indicium has ${INDICIUM_SIZE} bytes, as a file or in hexadecimal.`);
  return bytes;
}

function tellClaim(
  { claimId, state, approved, submittedMs, pieces, ...more }: Claim,
  output: Output,
) {
  const parts = pieces.map(({ piece, amount, ...rest }) => ({
    piece,
    amountMills: amount,
    ...rest,
  }));
  output.say(
    'claim',
    { claimId, state, approvedMills: approved, submittedMs, ...named(more), pieces: parts },
    [
      `claim ${claimId}, ${momentText(submittedMs)}: ${state}, ${formatMills(approved)} approved`,
      ...pieces.map(
        ({ piece = '?', amount, state: verdict, rejection }) =>
          `  piece ${piece}, ${formatMills(amount)}: ${verdict}${rejectionText(rejection)}`,
      ),
    ].join('\n'),
  );
}

const named = ({ meterId }: { readonly meterId: Uint8Array }) => ({
  meter: formatMeterId(meterId),
});

async function status(
  options: OfficeOptions & { readonly job?: string },
  home: Home,
  output: Output,
): Promise<number> {
  const { provider, ...who } = await claimantOf(options, home);
  await provider.finishClaims({});
  const claims = await claimedPieces(provider, who);
  const pieces =
    options.job === undefined
      ? await spoiledAtHome(home, formatMeterId(who.meterId))
      : await spoiledOf(options.job);
  for (const { reference, pieceCount } of pieces)
    tellSpoiled(reference, pieceCount, claims.get(pieceCount ?? 0), output);
  if (pieces.length === 0) output.say('noneSpoiled', {}, 'no piece is spoiled');
  return 0;
}

async function spoiledAtHome(home: Home, meter: string): Promise<SpoiledPiece[]> {
  await using journal = await openPendingJournal(home.journal);
  return journal
    .entries(meter)
    .filter(({ state }) => state === 'spoiled')
    .map(({ piece: { reference = '' }, indicium: bytes = new Uint8Array() }) => {
      const read = readIndicium(bytes);
      return { reference, bytes, pieceCount: read.ok ? read.value.pieceCount : undefined };
    });
}

function tellSpoiled(
  reference: string,
  pieceCount: number | undefined,
  claim: PieceClaim | undefined,
  output: Output,
): void {
  const state = claim?.state ?? 'notClaimed';
  output.say(
    'spoiledPiece',
    { reference, pieceCount, state, rejection: claim?.rejection, claimId: claim?.claimId },
    `${reference}, piece ${pieceCount}: ${state}${rejectionText(claim?.rejection)}`,
  );
}

async function list(options: OfficeOptions, home: Home, output: Output): Promise<number> {
  const { provider, customerId } = await claimantOf(options, home);
  let count = 0;
  for await (const claim of claimsOf(provider, customerId)) {
    tellClaim(claim, output);
    count += 1;
  }
  if (count === 0) output.say('noClaims', {}, 'nothing was claimed yet');
  return 0;
}

/** What became of each spoiled piece by its number; nothing where no token is given to ask with. */
export async function claimStatesOf(
  { provider, providerToken }: { readonly provider?: string; readonly providerToken?: string },
  home: Home,
): Promise<ReadonlyMap<number, string>> {
  if (providerToken === undefined) return new Map();
  const who = await claimantOf(
    { ...(provider !== undefined && { provider }), providerToken },
    home,
  );
  const claims = await claimedPieces(who.provider, who);
  return new Map([...claims].map(([piece, { state }]) => [piece, state]));
}
