/** A processor that notes every secret which its image hands to the crypto engine: what must be found nowhere afterwards. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import type { CryptoEngine } from '#hw/crypto-engine';
import type { Hardware } from '#hw/hardware';

/** What a secret was used for, by the unit of the engine that it was given to. */
export type SecretUse = 'private key' | 'cipher key' | 'MAC key' | 'password' | 'shared secret';

export interface Listening {
  readonly cpu: Cpu;
  /** Hex, with the use that was seen first. */
  readonly secrets: ReadonlyMap<string, SecretUse>;
}

/** @param change a hand on the hardware of each power cycle, before the image gets it */
export function listeningCpu(
  change: (hardware: Hardware) => Hardware = (hardware) => hardware,
): Listening {
  const cpu = createQuickJsCpu();
  const secrets = new Map<string, SecretUse>();
  /** Digests of messages: that of the handshake is a MAC key (SP 800-56C, salt), and everybody on the line can have it. */
  const digests = new Set<string>();

  function noted(use: SecretUse, secret: ArrayBuffer): ArrayBuffer {
    const hex = Buffer.from(secret).toString('hex');
    if (hex.length > 0 && !secrets.has(hex) && !digests.has(hex)) secrets.set(hex, use);
    return secret;
  }

  const through = (engine: CryptoEngine): CryptoEngine => ({
    ...engine,
    sign: (key) => engine.sign(noted('private key', key)),
    agree: (key, other) => noted('shared secret', engine.agree(noted('private key', key), other)),
    publicKey: (key) => engine.publicKey(noted('private key', key)),
    sealBegin: (key, nonce) => engine.sealBegin(noted('cipher key', key), nonce),
    openBegin: (key, nonce) => engine.openBegin(noted('cipher key', key), nonce),
    hashEnd() {
      const digest = engine.hashEnd();
      digests.add(Buffer.from(digest).toString('hex'));
      return digest;
    },
    macBegin: (key) => engine.macBegin(noted('MAC key', key)),
    stretch: (password, salt, iterations) =>
      engine.stretch(noted('password', password), salt, iterations),
  });

  return {
    secrets,
    cpu: {
      ...cpu,
      boot(program, hardware) {
        const changed = change(hardware);
        const { cryptoEngine } = changed;
        const heard = cryptoEngine && { ...changed, cryptoEngine: through(cryptoEngine) };
        return cpu.boot(program, heard ?? changed);
      },
    },
  };
}
