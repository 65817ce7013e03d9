/** `npm run canaries`: where secrets of a meter and its host are left behind each event of their lives (docs/self-tests.md). */

import { canaryEvents } from './events.ts';
import { runHost } from './host.ts';
import { places, runEvent } from './run.ts';

/** @returns the exit code: 0 nothing is left and the scan is not blind, 1 otherwise */
async function main(): Promise<number> {
  const begin = performance.now();
  let found = 0;
  let blind = 0;
  let secrets = 0;
  for (const event of canaryEvents) {
    const row = await runEvent(event);
    const counts = places.map((place) => `${place} ${row.found[place].length}`).join(', ');
    process.stdout.write(`${row.event.padEnd(28)} ${counts}, of ${row.secrets} secrets\n`);
    for (const place of places)
      for (const what of row.found[place])
        process.stderr.write(`  violation: in ${place}: ${what}\n`);
    for (const what of row.blind) process.stderr.write(`  violation: not found in ${what}\n`);
    if (row.control.length === 0) process.stderr.write('  violation: nothing found at work\n');
    found += places.reduce((sum, place) => sum + row.found[place].length, 0);
    blind += row.blind.length + (row.control.length === 0 ? 1 : 0);
    secrets += row.secrets;
  }
  const host = await runHost();
  process.stdout.write(
    `${'host'.padEnd(28)} command line and ${host.files} files ${host.found.length}, of ${host.secrets} secrets\n`,
  );
  for (const what of host.found) process.stderr.write(`  violation: ${what}\n`);
  const violations = found + blind + host.found.length + host.blind.length;
  process.stdout.write(
    `${JSON.stringify({
      script: 'canaries',
      events: canaryEvents.length,
      places: places.length + 2,
      secrets: secrets + host.secrets,
      found: found + host.found.length,
      blind: blind + host.blind.length,
      violations,
      durationMs: Math.round(performance.now() - begin),
    })}\n`,
  );
  return violations === 0 ? 0 : 1;
}

process.exitCode = await main();
