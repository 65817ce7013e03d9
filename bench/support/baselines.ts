/** What everything is compared with: one signature of node:crypto, one synced write of this machine's disk. */

import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from './compare.ts';

export const SIGN_BASELINE = 'node:crypto P-256 sign';
export const VERIFY_BASELINE = 'node:crypto P-256 verify';
export const SYNC_BASELINE = 'fdatasync of 64 bytes';

/** ECDSA P-256 with SHA-256 over 64 bytes, DER, by node:crypto. */
export function signBaseline(): Candidate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = new Uint8Array(64);
  return {
    name: SIGN_BASELINE,
    operations: 4000,
    run(operations) {
      for (let done = 0; done < operations; done++) sign('sha256', message, privateKey);
    },
  };
}

/** The same signature verified. */
export function verifyBaseline(): Candidate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = new Uint8Array(64);
  const signature = sign('sha256', message, privateKey);
  return {
    name: VERIFY_BASELINE,
    operations: 4000,
    run(operations) {
      for (let done = 0; done < operations; done++) verify('sha256', message, publicKey, signature);
    },
  };
}

/**
 * 64 bytes appended to a file and synced, one after the other.
 * @param directory on the disk that is measured; never a file system in memory
 */
export function syncBaseline(directory: string): Candidate & Disposable {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `sync-baseline-${process.pid}`);
  const file = openSync(path, 'w');
  const record = new Uint8Array(64);
  return {
    name: SYNC_BASELINE,
    operations: 100,
    run(operations) {
      for (let done = 0; done < operations; done++) {
        writeSync(file, record);
        fdatasyncSync(file);
      }
    },
    [Symbol.dispose]() {
      closeSync(file);
      rmSync(path);
    },
  };
}
