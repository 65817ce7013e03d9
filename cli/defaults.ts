/**
 * What holds for every home of this user: in the folder where the platform keeps configuration (requirements.md F7, G10). A
 * setting of a home goes before it.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `TESSERA_CONFIG`, else where each platform has it. */
function configFolder(): string {
  const { env, platform } = process;
  const given = env['TESSERA_CONFIG'];
  if (given !== undefined && given !== '') return given;
  if (platform === 'win32')
    return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Tessera');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Tessera');
  const xdg = env['XDG_CONFIG_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.config') : xdg, 'tessera');
}

export const defaultsFile = (): string => join(configFolder(), 'defaults.json');

/** Its text; undefined where there is none. */
export function readDefaults(): string | undefined {
  try {
    return readFileSync(defaultsFile(), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all. */
export function writeDefaults(values: Readonly<Record<string, string | undefined>>): void {
  mkdirSync(configFolder(), { recursive: true, mode: 0o700 });
  const next = `${defaultsFile()}.new`;
  writeFileSync(next, `${JSON.stringify(values, undefined, 2)}\n`, { flush: true });
  renameSync(next, defaultsFile());
}
