/** Files that must be there whole or not at all: written aside, synced, then put in their place. */

import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Only the owner may read and write. */
export const PRIVATE_MODE = 0o600;

/** Makes the names in a folder durable; on Windows a folder cannot be synced, and its names are durable by themselves. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a private file that is durable when this returns.
 * @param mode `new`: fails with EEXIST where the path is taken. `replace`: takes the place of what is there
 */
export async function writePrivateFile(
  path: string,
  content: Uint8Array,
  mode: 'new' | 'replace',
): Promise<void> {
  const aside = `${path}.${process.pid}.${crypto.randomUUID()}.new`;
  try {
    const handle = await open(aside, 'wx', PRIVATE_MODE);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (mode === 'new' ? link(aside, path) : rename(aside, path));
  } finally {
    await rm(aside, { force: true });
  }
  await syncFolder(dirname(path));
}
