/** Where meters may be: what is listed, and what is said where it cannot be (requirements.md F4). */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { discoverPorts } from '#driver/discover';
import { temporaryFolder } from '#test/support/temporary-folder';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('given addresses', () => {
  test('are listed', async () => {
    const { ports } = await discoverPorts({ addresses: ['tcp:localhost:7000'] });

    expect(ports).toContainEqual({ url: 'tcp:localhost:7000' });
  });

  test('that are none are told, and the rest is listed all the same', async () => {
    const { ports, problems } = await discoverPorts({
      addresses: ['localhost:7000', 'tcp:localhost:7001'],
    });

    expect(ports).toContainEqual({ url: 'tcp:localhost:7001' });
    expect(problems).toContainEqual(expect.objectContaining({ address: 'localhost:7000' }));
  });
});

describe.runIf(process.platform === 'linux')('without udevadm', () => {
  /** A folder of device files. */
  function folderWith(name: string): string {
    vi.stubEnv('PATH', '/nowhere');
    const deviceFolder = temporaryFolder();
    writeFileSync(join(deviceFolder, name), '');
    return deviceFolder;
  }

  test('it says what to install where there is a serial port, and lists the addresses', async () => {
    const deviceFolder = folderWith('ttyACM0');

    const { ports, problems } = await discoverPorts({
      addresses: ['tcp:localhost:7000'],
      deviceFolder,
    });

    expect(ports).toContainEqual({ url: 'tcp:localhost:7000' });
    expect(problems).toMatchObject([
      { stage: 'open', advice: expect.stringContaining('apt-get install udev') },
    ]);
  });

  test('nothing is missing where there is no serial port', async () => {
    const deviceFolder = folderWith('tty0');

    const { problems } = await discoverPorts({ deviceFolder });

    expect(problems).toEqual([]);
  });
});
