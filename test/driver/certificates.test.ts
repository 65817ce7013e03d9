/** Certificates and revocations over a real meter, with answers lost on the way: charged once, confirmed all the same (requirements.md B3, D4, D5). */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callsInMemory, openCalls } from '#driver/certificates/calls';
import {
  awaitDecision,
  installCertificate,
  requestCertificate,
} from '#driver/certificates/request';
import { bringRevocations, revokeCertificate } from '#driver/certificates/revocation';
import type { RequestStanding } from '#driver/contact/offices';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { revocationConfirmationDocument } from '#protocol/documents/user-key';
import { meterId, meterWith, type TestMeter } from '#test/support/meter';
import { openOffices } from '#test/support/offices';
import { temporaryFolder } from '#test/support/temporary-folder';
import {
  charges,
  grantFor,
  holder,
  keyRequestIn,
  revocationOrder,
  servicesFlash,
  x509For,
} from '#test/support/user-keys';

class Lost extends Error {
  override readonly name = 'Lost';
}

/** The meter, which answers a service once into nothing. */
function losing<N extends 'installKey' | 'revokeKey'>(meter: Meter, service: N): Meter {
  let isLost = false;
  return new Proxy(meter, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== service || isLost)
        return typeof value === 'function' ? value.bind(target) : value;
      return async (...parameters: readonly unknown[]) => {
        isLost = true;
        await value.apply(target, parameters);
        throw new Lost('the answer is lost');
      };
    },
  });
}

let device: TestMeter;
let officer: Meter;
/** What the authority knows of the key that was requested last. */
let asked: ReturnType<typeof keyRequestIn>;
let given: {
  readonly certificate: Uint8Array;
  readonly grant: Uint8Array;
  readonly root: Uint8Array;
};
let standing: RequestStanding;

const office = {
  async requestCertificate({ request }: { readonly request: Uint8Array }) {
    asked = keyRequestIn(request);
    const certificate = x509For(asked.publicKey);
    given = { certificate, grant: grantFor(asked, certificate), root: certificate };
    return standing;
  },
  keyRequest: async () => standing,
  keyCertificate: async () => given,
};

beforeEach(async () => {
  device = meterWith(await servicesFlash());
  officer = await device.loggedIn('cryptoOfficer');
  standing = { number: 1, state: 'approved' };
});
afterEach(() => device[Symbol.asyncDispose]());

const spent = async (): Promise<number> => (await officer.registers()).certificateAscending;

async function installed(): Promise<void> {
  await requestCertificate(officer, office, holder('timeStamp'));
  await installCertificate(officer, office, callsInMemory(), asked.number);
}

describe('a certificate', () => {
  test('is requested for one key, however often, and waited for', async () => {
    standing = { number: 1, state: 'pending' };
    const first = await requestCertificate(officer, office, holder('sign'));
    const again = await requestCertificate(officer, office, holder('sign'));
    let questions = 0;
    const deciding = {
      keyRequest: async () => {
        questions += 1;
        return questions < 3 ? standing : ({ number: 1, state: 'refused', reason: 'No.' } as const);
      },
    };

    const decided = await awaitDecision(deciding, { meterId, key: first.number }, { everyMs: 1 });

    expect(again.number).toBe(first.number);
    expect(again.csr).toEqual(first.csr);
    expect(first.standing.state).toBe('pending');
    expect([decided.state, questions]).toEqual(['refused', 3]);
  });

  test('whose installation was answered into nothing is charged once', async () => {
    const before = await spent();
    const calls = callsInMemory();
    await requestCertificate(officer, office, holder('timeStamp'));
    const meter = losing(officer, 'installKey');
    await expect(installCertificate(meter, office, calls, asked.number)).rejects.toThrow(Lost);

    const done = await installCertificate(meter, office, calls, asked.number);

    expect(done.isNew).toBe(false);
    expect((await spent()) - before).toBe(charges.certificate);
  });

  test('that is not the one granted is not installed', async () => {
    await requestCertificate(officer, office, holder('timeStamp'));
    given = { ...given, certificate: given.root.slice(1) };

    await expect(
      installCertificate(officer, office, callsInMemory(), asked.number),
    ).rejects.toThrow(/not the one it grants/);
    expect((await officer.userKeys()).keys[0]?.isActive).toBe(false);
  });
});

describe('a revocation', () => {
  test('whose answer was lost is confirmed by the next contact, and charged once, though the host has crashed between', async () => {
    await installed();
    const before = await spent();
    const path = join(temporaryFolder(), 'calls.json');
    const order = revocationOrder(asked);
    const confirmed: Uint8Array[] = [];
    const revoking = {
      revokeCertificate: async () => ({ order }),
      revocationOrders: async () => ({ orders: confirmed.length === 0 ? [order] : [] }),
      confirmRevocation: async ({ confirmation }: { readonly confirmation: Uint8Array }) => {
        confirmed.push(confirmation);
        return { paid: charges.revocation, due: charges.revocation };
      },
    };
    const wish = { number: asked.number, reason: 'superseded' } as const;
    const meter = losing(officer, 'revokeKey');
    await expect(revokeCertificate(meter, revoking, await openCalls(path), wish)).rejects.toThrow(
      Lost,
    );
    expect((await officer.userKeys()).keys).toEqual([]);

    const brought = await bringRevocations(officer, revoking, await openCalls(path));

    expect(brought).toMatchObject([{ number: 1, payment: { paid: charges.revocation, due: 0 } }]);
    const read = revocationConfirmationDocument.read(confirmed[0] as Uint8Array);
    expect(read.ok && read.value.orderDigest).toEqual(nodeCrypto.sha256(order));
    expect((await spent()) - before).toBe(charges.revocation);
    expect(
      (await openCalls(path)).find({ meter: 'TS01-0000000042', service: 'revokeKey', key: 1 }),
    ).toBeUndefined();
  });

  test('of a key that the meter does not hold is told, and stops no other', async () => {
    await installed();
    const offices = openOffices();
    const absent = { ...asked, number: 9 };
    offices.rules.revocations = [
      revocationOrder(absent),
      revocationOrder(asked, { isForced: true, isCharged: false }),
    ];

    const brought = await bringRevocations(officer, offices.authority, callsInMemory());

    expect(brought).toMatchObject([
      { number: 9, payment: undefined },
      { number: 1, isForced: true, payment: { paid: 0, due: 0 } },
    ]);
  });
});

test('a file of calls under way that is damaged, or of a later version, is refused', async () => {
  const path = join(temporaryFolder(), 'calls.json');

  for (const text of ['', '{', '{"calls":"tessera certificate calls","version":2,"open":[]}']) {
    writeFileSync(path, text);
    await expect(openCalls(path)).rejects.toThrow(/is damaged/);
  }
});
