/**
 * A host in a process of its own that issues numbered pieces, for lanes that kill it or its meter:
 * `node issuing-host.ts PORT HOME PASSWORD_FILE PIECES_FILE COUNT DATE`.
 *
 * Each piece is written to the file, durably, before it is told on standard output. Started again it goes on where the
 * file ends; the journal in the home sees to it that nothing is charged twice.
 */

import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issue, mills, openKeyFile, openMeter, openPendingJournal } from '#driver/index';

const [, , port = '', home = '', passwordFile = '', piecesFile = '', count, mailingDate] =
  process.argv;

const password = Buffer.from((await readFile(passwordFile, 'utf8')).trim());
using keyFile = await openKeyFile(join(home, 'user.key'), password);
const { authorityKey, meterId } = keyFile;
await using meter = await openMeter(port, {
  identity: keyFile,
  role: 'user',
  trust: { authorityKey, meterId },
});
await meter.logIn(password);
await using journal = await openPendingJournal(join(home, 'pieces.journal'));
await using pieces = await open(piecesFile, 'a+');

const whole = (await pieces.readFile('utf8')).split('\n').slice(0, -1);
await pieces.truncate(whole.reduce((size, line) => size + line.length + 1, 0));
for (let number = whole.length + 1; number <= Number(count); number++) {
  const reference = `piece ${number}`;
  const indicium = await issue(meter, journal, {
    serviceId: 1,
    postage: mills(780),
    mailingDate: Number(mailingDate),
    destination: 0,
    reference,
  });
  await pieces.appendFile(`${Buffer.from(indicium).toString('hex')}\n`);
  await pieces.datasync();
  process.stdout.write(`${number}\n`); // a pipe on Linux is written at once
}
