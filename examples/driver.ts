/** Prints the registers of a meter and makes one indicium: `node examples/driver.ts PORT KEYFILE`. */

import { dateOf, issue, mills, openKeyFile, openMeter, openPendingJournal } from '#driver/index';

const [, , port = 'serial:/dev/ttyACM0', path = 'user.key'] = process.argv;
const password = Buffer.from(process.env['TESSERA_PASSWORD'] ?? '');

using identity = await openKeyFile(path, password);
const { role, authorityKey, meterId } = identity;
await using meter = await openMeter(port, { identity, role, trust: { authorityKey, meterId } });
await using journal = await openPendingJournal(`${path}.pending`);

await meter.logIn(password);
console.log(await meter.registers());
const piece = {
  serviceId: 1,
  postage: mills(780),
  mailingDate: dateOf(Date.now()),
  destination: 0,
};
console.log(Buffer.from(await issue(meter, journal, piece)).toString('hex'));
