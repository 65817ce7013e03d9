/** Where meters may be: what is listed, and what is said where it cannot be (requirements.md F4). */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { discoverPorts } from '#driver/discover';

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

test.runIf(process.platform === 'linux')(
  'without udevadm it says what to install, and lists the addresses',
  async () => {
    vi.stubEnv('PATH', '/nowhere');

    const { ports, problems } = await discoverPorts({ addresses: ['tcp:localhost:7000'] });

    expect(ports).toEqual([{ url: 'tcp:localhost:7000' }]);
    expect(problems).toMatchObject([
      { stage: 'open', advice: expect.stringContaining('apt-get install udev') },
    ]);
  },
);
