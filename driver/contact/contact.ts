/**
 * Contact: what a meter needs from time to time, done in one go whenever it and its offices can be reached (requirements.md
 * F8): the authority key, lock orders, revocations, its clock, a refill that is under way, licence, rates, inspection.
 *
 * Each step is a function of its own and may be done again at any time. One that fails keeps no other from being done; a
 * line that is lost ends the contact, and the next one does what is missing.
 */

import type { Condition } from '#protocol/command-layouts';
import type { LockName, WarningName } from '#protocol/state';
import { type CertificateCalls, callsInMemory } from '../certificates/calls.ts';
import { bringRevocations, type RevokedKey } from '../certificates/revocation.ts';
import { LinkError, RefusedError } from '../errors.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import { type AuthorityKeyOutcome, renewAuthorityKey } from './authority-key.ts';
import { type ClockOutcome, setClock } from './clock.ts';
import { type KeysOutcome, renewDueKeys } from './device-keys.ts';
import { type Inspection, inspect } from './inspection.ts';
import type { Offices } from './offices.ts';
import { applyLatestOrder, type OrderOutcome } from './orders.ts';
import { type AutoRefill, dueRefill, finishRefill, type RefillOutcome, refill } from './refill.ts';
import { type InstalledRates, type LicenceOutcome, renewLicence, renewRates } from './renewal.ts';

/**
 * In the order in which they are done, but for the inspection, which comes first where the security log is full, behind the
 * authority key that it is acknowledged with.
 */
export const contactSteps = [
  'authorityKey',
  'orders',
  'revocations',
  'clock',
  'refill',
  'licence',
  'rates',
  'inspection',
  'autoRefill',
  'keys', // the last one: it ends the session, and nobody is logged in behind it
] as const;
export type ContactStep = (typeof contactSteps)[number];

/** What came of each step; undefined where nothing was to be done. */
export interface StepResults {
  readonly authorityKey: AuthorityKeyOutcome;
  readonly orders: OrderOutcome;
  readonly revocations: readonly RevokedKey[];
  readonly clock: ClockOutcome;
  readonly refill: RefillOutcome | undefined;
  readonly licence: LicenceOutcome;
  readonly rates: readonly InstalledRates[];
  readonly inspection: Inspection;
  readonly autoRefill: RefillOutcome | undefined;
  readonly keys: KeysOutcome;
}

export type ContactEvent =
  | {
      readonly [S in ContactStep]: { readonly step: S; readonly result: StepResults[S] };
    }[ContactStep]
  /** The meter refused it, or the office could not be asked. */
  | { readonly step: ContactStep; readonly error: Error }
  /** How far the export of the security log is. */
  | { readonly step: 'inspection'; readonly read: number; readonly all: number };

export interface ContactOptions extends CallOptions {
  /** All unless given. */
  readonly steps?: readonly ContactStep[] | undefined;
  /**
   * Logs somebody in, called once, behind the inspection that a full security log needs: a meter that cannot write down a
   * wrong password takes none. Unless given, whoever is to be logged in must be so already.
   */
  readonly logIn?: (() => Promise<void>) | undefined;
  /** Buys by itself where the funds are low; not unless given. */
  readonly autoRefill?: AutoRefill | undefined;
  /** Charged calls about certificates that are under way; none are known of unless given. */
  readonly calls?: CertificateCalls | undefined;
  readonly onEvent?: ((event: ContactEvent) => void) | undefined;
}

export interface ContactReport {
  /** What came of the steps that were done. */
  readonly results: Partial<StepResults>;
  /** The steps that failed, and why. */
  readonly failures: ReadonlyMap<ContactStep, Error>;
  /** How the meter is afterwards. */
  readonly condition: Condition;
}

/** What a step needs; undefined where the office for it cannot be reached. */
type Steps = { readonly [S in ContactStep]: (() => Promise<StepResults[S]>) | undefined };

/**
 * Does all that can be done now.
 * @param meter in a session: the user must be logged in for refills, the user or the crypto officer for rates, the crypto
 * officer for a licence and for other keys, behind which nobody is logged in any more
 * @throws LinkError where the line to the meter is lost · RefusedError where the session has ended, or what logIn throws ·
 * the reason of the signal
 */
export async function contact(
  meter: Meter,
  offices: Offices,
  { steps = contactSteps, autoRefill, calls, logIn, onEvent, ...options }: ContactOptions = {},
): Promise<ContactReport> {
  const results: { -readonly [S in ContactStep]?: StepResults[S] } = {};
  const failures = new Map<ContactStep, Error>();
  const actions = actionsOf(meter, offices, { autoRefill, calls, onEvent, ...options });

  async function perform<S extends ContactStep>(step: S): Promise<void> {
    const action = actions[step];
    if (!steps.includes(step) || action === undefined) return;
    try {
      results[step] = await action();
      failures.delete(step);
      onEvent?.({ step, result: results[step] } as ContactEvent);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (endsContact(error)) throw error;
      failures.set(step, error as Error);
      onEvent?.({ step, error: error as Error });
    }
  }

  const { locks } = await meter.condition(options);
  await perform('authorityKey'); // whatever else the authority signs is signed with it
  if (locks.logFull) await perform('inspection'); // nothing else can be written down before
  await logIn?.();
  for (const step of contactSteps.slice(1)) {
    const isDone = step === 'inspection' && results.inspection !== undefined && locks.logFull;
    if (!isDone) await perform(step);
  }
  return { results, failures, condition: await meter.condition(options) };
}

/** Behind it nothing more can be asked. */
function endsContact(error: unknown): boolean {
  if (error instanceof RefusedError) return error.status === 'sessionEnded';
  return error instanceof LinkError || !(error instanceof Error);
}

function actionsOf(
  meter: Meter,
  { authority, provider }: Offices,
  {
    autoRefill,
    calls = callsInMemory(),
    onEvent,
    ...options
  }: Omit<ContactOptions, 'steps' | 'logIn'>,
): Steps {
  const clocks = authority ?? provider;
  const onProgress = (read: number, all: number): void =>
    onEvent?.({ step: 'inspection', read, all });
  return {
    authorityKey: authority && (() => renewAuthorityKey(meter, authority, options)),
    orders: authority && (() => applyLatestOrder(meter, authority, options)),
    revocations: authority && (() => bringRevocations(meter, authority, calls, options)),
    clock: clocks && (() => setClock(meter, clocks, options)),
    refill: provider && (() => finishRefill(meter, provider, options)),
    licence: authority && (() => renewLicence(meter, authority, options)),
    rates: authority && (() => renewRates(meter, authority, options)),
    inspection: authority && (() => inspect(meter, authority, { ...options, onProgress })),
    autoRefill:
      provider &&
      autoRefill &&
      (async () => {
        const due = await dueRefill(meter, autoRefill, options);
        return due && (await refill(meter, provider, due, options));
      }),
    keys: authority && (() => renewDueKeys(meter, authority, options)),
  };
}

/** What keeps a meter from producing value now. */
export const locksIn = ({ locks }: Pick<Condition, 'locks'>): readonly LockName[] =>
  (Object.keys(locks) as LockName[]).filter((name) => locks[name]);

/** What wants somebody's attention. */
export const warningsIn = ({ warnings }: Pick<Condition, 'warnings'>): readonly WarningName[] =>
  (Object.keys(warnings) as WarningName[]).filter((name) => warnings[name]);
