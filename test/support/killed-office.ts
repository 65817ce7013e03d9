/** An authority and a provider on files, brought to a stage once, of which each try gets a copy to be killed in. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect } from 'kysely';
import { type Authority, openAuthority } from '#authority/authority';
import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import { linkTo, makeOffice, type TestOffice } from './back-office.ts';
import { ConnectionLost, failing } from './failing-dialect.ts';

export type Victim = 'provider' | 'authority';

/** One try: an office of its own, in which one party can be killed after so many statements and started again. */
export interface Try {
  readonly office: TestOffice;
  killAfter(statements: number): void;
  /** Statements of the victim that reached its data base. */
  readonly performed: number;
  /** Both parties as they are after the victim was started again on what its file holds. */
  restart(): Promise<TestOffice>;
  close(): Promise<void>;
}

export interface Stage<T> extends AsyncDisposable {
  readonly arranged: T;
  open(victim: Victim): Promise<Try>;
}

/** @param arrange brings the office to the stage; what it gives is for each try */
export async function makeStage<T>(arrange: (office: TestOffice) => Promise<T>): Promise<Stage<T>> {
  const directory = mkdtempSync(join(tmpdir(), 'killed-'));
  const file = (name: string): string => join(directory, `${name}.sqlite`);
  const database = (name: string): Dialect => openDatabase(`sqlite:${file(name)}`);
  const first = await makeOffice(database('provider'), database('authority'));
  const arranged = await arrange(first);
  await closed(first);
  let tries = 0;

  async function open(victim: Victim): Promise<Try> {
    tries += 1;
    const names = { provider: `provider-${tries}`, authority: `authority-${tries}` };
    for (const party of ['provider', 'authority'] as const)
      copyFileSync(file(party), file(names[party]));
    const failingData = failing(database(names[victim]));
    const dialectOf = (party: Victim): Dialect =>
      party === victim ? failingData.dialect : database(names[party]);
    const authority = await reopened(first, dialectOf('authority'));
    const provider = await first.reopen(dialectOf('provider'), linkTo(authority));
    let office = { ...first, authority, provider };
    return {
      office,
      killAfter: failingData.failAfter,
      get performed() {
        return failingData.performed;
      },
      async restart() {
        await office.provider[Symbol.asyncDispose]();
        if (victim === 'authority') await office.authority[Symbol.asyncDispose]();
        const authority =
          victim === 'authority'
            ? await reopened(first, database(names.authority))
            : office.authority;
        const provider = await first.reopen(database(names.provider), linkTo(authority));
        office = { ...office, authority, provider };
        return office;
      },
      close: () => closed(office),
    };
  }
  return {
    arranged,
    open,
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

async function closed({ authority, provider }: TestOffice): Promise<void> {
  await provider[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
}

/** The same authority on another data base. */
function reopened({ clock, keys }: TestOffice, dialect: Dialect): Promise<Authority> {
  const now = (): number => clock.timeMs;
  return openAuthority({ dialect, crypto: nodeCrypto, now, keys });
}

/** Whether an act ended because the data base was lost. What else goes wrong is no crash. */
export async function crashed(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return false;
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    return true;
  }
}
