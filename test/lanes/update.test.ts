/** An image over a real serial line of Linux (requirements.md F1, F8). */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openMeter } from '#driver/meter';
import { updateImage } from '#driver/update';
import { openPty } from '#emulator/ports/pty';
import { authorityKeys, hostKeys, meterId, passwords } from '#test/support/meter';
import { temporaryFolder } from '#test/support/temporary-folder';
import { NEW, release, updatable, updatableParts } from '#test/support/update';

test('is loaded, and runs', async () => {
  await using meter = updatable(await updatableParts());
  await using line = openPty(meter.board, { path: join(temporaryFolder(), 'meter') });
  const trust = { authorityKey: authorityKeys.publicKey, meterId };
  const identity = hostKeys.cryptoOfficer;
  await using officer = await openMeter(line.address, { identity, role: 'cryptoOfficer', trust });
  await officer.logIn(passwords.cryptoOfficer());

  const outcome = await updateImage(officer, release(NEW));

  expect(outcome).toMatchObject({ isInstalled: true, imageVersion: NEW.imageVersion });
});
