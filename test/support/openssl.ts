/** OpenSSL of the system, over files of a folder. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Spoken {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Both, for what OpenSSL says on either. */
  readonly text: string;
}

export interface OpenSsl {
  readonly path: (name: string) => string;
  /** Writes a file, and gives its path. */
  write(name: string, content: Uint8Array | string): string;
  /** Writes a certificate as PEM. */
  writePem(name: string, label: string, ...ders: readonly Uint8Array[]): string;
  read(name: string): Uint8Array;
  /** Runs it, whatever comes of it. */
  ask(...parameters: readonly string[]): Spoken;
  /** @throws Error where it fails, with what it said */
  run(...parameters: readonly string[]): Spoken;
}

export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

export function openSslIn(folder: string): OpenSsl {
  const path = (name: string): string => join(folder, name);
  const write = (name: string, content: Uint8Array | string): string => {
    writeFileSync(path(name), content);
    return path(name);
  };

  function ask(...parameters: readonly string[]): Spoken {
    const { status, stdout, stderr, error } = spawnSync('openssl', parameters, {
      cwd: folder,
      maxBuffer: 1 << 26,
      timeout: 60_000,
    });
    if (error !== undefined) throw error;
    return { status, stdout, stderr: stderr.toString(), text: `${stdout}${stderr}` };
  }

  return {
    path,
    write,
    writePem: (name, label, ...ders) => write(name, ders.map((der) => pemOf(label, der)).join('')),
    read: (name) => Uint8Array.from(readFileSync(path(name))),
    ask,
    run(...parameters) {
      const spoken = ask(...parameters);
      if (spoken.status === 0) return spoken;
      throw new Error(`openssl ${parameters.join(' ')}: ${spoken.status}\n${spoken.text}`);
    },
  };
}
