/** What the driver finds on the devices of umockdev: run under `umockdev-run`, it prints one line of JSON. */

import { join } from 'node:path';
import { discoverPorts } from '#driver/discover';

/** Node lists folders in a way that umockdev does not see, so the two that are looked at first are named. */
const root = process.env['UMOCKDEV_DIR'] ?? '/';
const { ports, problems } = await discoverPorts({
  deviceFolder: join(root, 'dev'),
  hidFolder: join(root, 'sys/class/hidraw'),
});
process.stdout.write(`${JSON.stringify({ ports, problems: problems.map(String) })}\n`);
