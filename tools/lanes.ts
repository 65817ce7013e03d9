/** `npm run lanes`: the tests that need tools of Debian; installs those that are missing, then runs test/lanes/. */

import { installMissing } from './debian.ts';
import { mustRun, run } from './run.ts';

/** Only what test/lanes/ calls. */
installMissing(
  { dmtxread: 'dmtx-utils', openssl: 'openssl', SPASS: 'spass', tshark: 'tshark' },
  'The lanes need',
);

mustRun('node', 'tools/build-image.ts', '--quiet');
const filters = process.argv.slice(2);
if (!run('vitest', 'run', '--config', 'vitest.lanes.config.ts', ...filters)) process.exitCode = 1;
