/** `npm run lanes`: the tests that need tools of Debian; installs those that are missing, then runs test/lanes/. */

import { installMissing } from './debian.ts';
import { mustRun, run } from './run.ts';

/** Only what test/lanes/ calls. */
installMissing(
  {
    dmtxread: 'dmtx-utils',
    openssl: 'openssl',
    pdftoppm: 'poppler-utils',
    SPASS: 'spass',
    tshark: 'tshark',
    'umockdev-run': 'umockdev',
    udevadm: 'udev',
    // the native part of node-hid is linked with it
    '/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0': 'libusb-1.0-0',
  },
  'The lanes need',
);

mustRun('node', 'tools/build-image.ts', '--quiet');
const filters = process.argv.slice(2);
if (!run('vitest', 'run', '--config', 'vitest.lanes.config.ts', ...filters)) process.exitCode = 1;
