/**
 * Who takes part, and everything that has a name: one honest client, alice, one honest server, bob, and anybody else, whom the
 * attacker is. Honest ones have any number of sessions.
 *
 * A name is a function of all that its owner knew when it drew it, so that no two sessions share one.
 */

import type { Domain } from '../domain.ts';
import { f, type Term } from '../term.ts';
import type { Pma1 } from './pma1.ts';
import type { Core, Hello } from './schedule.ts';

/** The session that a query looks at is `target`, the others have any other index. */
export const target = f('target');
export const other = (index: Term): Term => f('other', index);

/** The values of the model by their kinds. */
export const domain: Domain = {
  index: { target: [], other: ['anything'] },
  version: { v1: [], v2: [] },
  offer: { strongOnly: [], both: [], weakOnly: [] },
  suite: { strong: [], weak: [] },
  role: { user: [], cryptoOfficer: [] },
  client: { hostKey: [], foreignKey: ['anything'] },
  server: { deviceKey: [], foreignKey: ['anything'] },
  meterId: { bobsId: [], foreignId: ['anything'] },
  nonce: { drawnNonce: ['clientSession'], foreignNonce: ['anything'] },
  exponent: {
    clientExponent: ['clientSession'],
    serverExponent: ['serverSession'],
    foreignKey: ['anything'],
    hostKey: [],
    deviceKey: [],
  },
  clientSession: { clientSession: ['index', 'role', 'offer'], once: [] },
  serverSession: {
    serverSession: ['index', 'version', 'offer', 'role', 'client', 'exponent', 'nonce'],
    once: [],
  },
  anything: {},
};

export const alice = f('hostKey');
export const bob = f('deviceKey');
export const bobsId = f('bobsId');

/** Alice's session, and what she decides herself. */
export interface ClientSession {
  readonly name: Term;
  readonly role: Term;
  readonly offer: Term;
}

export const clientSession = (index: Term, role: Term, offer: Term): ClientSession => ({
  name: f('clientSession', index, role, offer),
  role,
  offer,
});

/** What she hears from a server, in message 2. */
export interface ServerView {
  readonly suite: Term;
  readonly meterId: Term;
  readonly server: Term;
  readonly exponent: Term;
}

/** What bob hears in message 1; with an index it is all that his session knows. */
export interface ClientView {
  readonly version: Term;
  readonly offer: Term;
  readonly role: Term;
  readonly client: Term;
  readonly exponent: Term;
  readonly nonce: Term;
}

export const serverSession = (index: Term, heard: ClientView): Term =>
  f(
    'serverSession',
    index,
    heard.version,
    heard.offer,
    heard.role,
    heard.client,
    heard.exponent,
    heard.nonce,
  );

const certificate = (meterId: Term, server: Term): Term =>
  f('sig', f('authorityKey'), f('certificate', meterId, f('pk', server)));
export const certificateOf = certificate;

const once = f('once');

/** The exponent that a session of alice sends. */
export function clientExponent(pma: Pma1, { name }: ClientSession): Term {
  return f('clientExponent', pma.exponents === 'drawnOnce' ? once : name);
}
export function serverExponent(pma: Pma1, session: Term): Term {
  return f('serverExponent', pma.exponents === 'drawnOnce' ? once : session);
}
export function clientNonce(pma: Pma1, { name }: ClientSession): Term {
  return f('drawnNonce', pma.nonceIsDrawn ? name : once);
}

/** Message 1 as a session of alice says it. */
export function saidHello(pma: Pma1, session: ClientSession): Hello {
  return {
    version: f('v1'),
    suites: session.offer,
    role: session.role,
    clientKey: f('pk', alice),
    ephemeral: f('g', clientExponent(pma, session)),
    nonce: clientNonce(pma, session),
  };
}

/** Message 1 as bob hears it. */
export function heardHello(heard: ClientView): Hello {
  return {
    version: heard.version,
    suites: heard.offer,
    role: heard.role,
    clientKey: f('pk', heard.client),
    ephemeral: f('g', heard.exponent),
    nonce: heard.nonce,
  };
}

export function coreOf(suite: Term, meterId: Term, server: Term, exponent: Term): Core {
  return {
    version: f('v1'),
    suite,
    meterId,
    serverKey: f('pk', server),
    ephemeral: f('g', exponent),
    certificate: certificate(meterId, server),
  };
}

/** Z, the client's share before the server's. */
export function sharedSecret(
  pma: Pma1,
  client: { readonly key: Term; readonly exponent: Term },
  server: { readonly key: Term; readonly exponent: Term },
): Term {
  const ephemeral = f('dh', client.exponent, server.exponent);
  const longLived = f('dh', client.key, server.key);
  switch (pma.exponents) {
    case 'drawn':
    case 'drawnOnce':
      return ephemeral;
    case 'longLived':
      return longLived;
    case 'both':
      return f('pair', ephemeral, longLived);
  }
}
