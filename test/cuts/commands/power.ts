/** What writes without a request, and what ends a meter: power-up, opened housings, zeroize (requirements.md A7). */

import { found, keyMaterialOf } from '#test/support/key-material';
import type { Host } from '../meter/host.ts';
import type { Act, CutCommand } from './act.ts';
import { officer } from './service.ts';

/** A power-up is its own repetition. */
const switchedOn = (host: Host): Act => ({
  async perform() {
    host.powerOn();
    return '';
  },
  async again(later) {
    later.powerOff();
    later.powerOn();
    return { said: '', found: undefined };
  },
});

export const firstPowerUp: CutCommand = {
  name: 'powerUp of a factory part',
  from: 'factory',
  begin: async (host) => switchedOn(host),
};

export const powerUp: CutCommand = {
  name: 'powerUp',
  from: 'refilled',
  begin: async (host) => switchedOn(host),
};

/** An act that ends with all keys gone, whoever looks at the flash. */
async function untilNoKeyIsLeft(
  host: Host,
  perform: () => Promise<void>,
  repeat: (later: Host) => Promise<void>,
): Promise<Act> {
  const { sealed } = keyMaterialOf(host.flash);
  return {
    async perform() {
      await perform();
      return '';
    },
    async again(later) {
      const { lifeCycle } = await later.status();
      const isOver = lifeCycle === 'zeroized' || lifeCycle === 'tampered';
      if (!isOver) await repeat(later);
      const left = found(later.flash.contents(), sealed);
      if (left.length > 0) throw new Error(`still in flash: ${left.join(', ')}`);
      return { said: '', found: isOver ? 'completed' : 'rolledBack' };
    },
  };
}

export const zeroize: CutCommand = {
  name: 'zeroize',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    const meter = await officer(host);
    return untilNoKeyIsLeft(
      host,
      async () => void (await meter.zeroize()),
      async (later) => void (await (await officer(later)).zeroize()),
    );
  },
};

const NOTHING = async (): Promise<void> => undefined;

export const openedWhileOn: CutCommand = {
  name: 'housing opened',
  from: 'refilled',
  isOpened: true,
  async begin(host) {
    host.powerOn();
    return untilNoKeyIsLeft(host, async () => host.tamper.trigger(), NOTHING);
  },
};

export const openedWhileOff: CutCommand = {
  name: 'housing opened while off',
  from: 'refilled',
  isOpened: true,
  async begin(host) {
    host.tamper.trigger();
    return untilNoKeyIsLeft(host, async () => host.powerOn(), NOTHING);
  },
};
