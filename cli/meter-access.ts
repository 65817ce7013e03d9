/** Comes to a meter as one of its roles: key file, session, log-in, with one password for both (requirements.md F2, F3). */

import { openingWithEither } from '#driver/host-key';
import { logIn } from '#driver/log-in';
import { type Meter, openMeter } from '#driver/meter';
import { wipe } from '#protocol/bytes';
import type { Role } from '#protocol/state';
import { type Home, needed } from './home.ts';
import { secretFrom } from './secret.ts';

export interface AccessOptions {
  readonly port?: string;
  readonly passwordFile?: string;
}

const variables = {
  user: 'TESSERA_USER_PASSWORD',
  cryptoOfficer: 'TESSERA_OFFICER_PASSWORD',
} as const;
const titles = { user: 'user password', cryptoOfficer: 'officer password' } as const;

export function passwordOf(role: Role, file: string | undefined): Promise<Uint8Array> {
  return secretFrom({ file, variable: variables[role], what: titles[role] });
}

/** A meter with somebody logged in. Log-out and the end of the session come with its disposal. */
export async function loggedIn(home: Home, role: Role, options: AccessOptions): Promise<Meter> {
  const password = await passwordOf(role, options.passwordFile);
  try {
    return await loggedInWith(home, role, options, { keyFile: password, meter: password });
  } finally {
    wipe(password);
  }
}

/** The same where key file and meter have different passwords, as between the two steps of a change. */
export async function loggedInWith(
  home: Home,
  role: Role,
  options: Pick<AccessOptions, 'port'>,
  passwords: { readonly keyFile: Uint8Array; readonly meter: Uint8Array },
): Promise<Meter> {
  const meter = await sessionWith(home, role, options, passwords.keyFile);
  try {
    await logIn(meter, passwords.meter);
    return meter;
  } catch (error) {
    await meter.close();
    throw error;
  }
}

/** A session in which nobody is logged in; the log-in can follow. */
export interface OpenSession extends AsyncDisposable {
  readonly meter: Meter;
  logIn(): Promise<void>;
}

/** A session for what a meter does without a log-in, or before it. */
export async function sessionFor(
  home: Home,
  role: Role,
  options: AccessOptions,
): Promise<OpenSession> {
  const password = await passwordOf(role, options.passwordFile);
  try {
    const meter = await sessionWith(home, role, options, password);
    return {
      meter,
      logIn: () => logIn(meter, password),
      async [Symbol.asyncDispose]() {
        wipe(password);
        await meter.close();
      },
    };
  } catch (error) {
    wipe(password);
    throw error;
  }
}

/** A session by the key file of a role, or by the one that an interrupted renewal left beside it. */
export async function sessionWith(
  home: Home,
  role: Role,
  { port: given }: Pick<AccessOptions, 'port'>,
  password: Uint8Array,
): Promise<Meter> {
  const port = needed(given, home.settings.port, '--port');
  return await openingWithEither(home.keyFile(role), password, (keyFile) => {
    const { authorityKey, meterId } = keyFile;
    const trust = { authorityKey, authorityChain: home.authorityKeys(), meterId };
    return openMeter(port, { identity: keyFile, role, trust });
  });
}

/** A meter to ask what it tells everybody. */
export function anonymous(home: Home, options: Pick<AccessOptions, 'port'>): Promise<Meter> {
  return openMeter(needed(options.port, home.settings.port, '--port'));
}
