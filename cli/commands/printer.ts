/** `tessera printer`: a receipt or label printer that exists only on this computer (requirements.md H4; docs/virtual-printer.md). */

import type { Command } from 'commander';
import { type PrinterLanguage, printerLanguages } from '#emulator/printer/engine';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import { plugPrinter } from '#emulator/usb/printer-device';
import { listenUsbip, type UsbipOptions } from '#emulator/usb/usbip-server';
import { interrupted } from '../interrupt.ts';
import { dotCount, listeningPlace, oneName, portNumber, resolution } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly tcp: number;
  readonly out?: string;
  readonly width: number;
  readonly dpi: number;
  readonly language: PrinterLanguage;
  readonly usbip?: UsbipOptions;
}

export function addPrinter(program: Command, run: Run): void {
  program
    .command('printer')
    .summary('run a virtual receipt or label printer on this computer')
    .option('--tcp <port>', 'of 127.0.0.1; 0 takes a free one', portNumber, 9100)
    .option(
      '--language <language>',
      printerLanguages.join(', '),
      oneName(printerLanguages),
      'escpos',
    )
    .option('--out <directory>', 'where each page is left as PNG and as raw bytes')
    .option('--width <dots>', 'dots across the paper', dotCount, 576)
    .option('--dpi <dpi>', 'dots an inch', resolution, 203)
    .option('--usbip <port>', 'a USB device for Linux computers too, by USB/IP', listeningPlace)
    .action((options: Options) => run((output) => runPrinter(options, output)));
}

async function runPrinter(options: Options, output: Output): Promise<number> {
  const { tcp, out, width, dpi, language } = options;
  using interrupt = interrupted();
  await using printer = await startVirtualPrinter({
    tcpPort: tcp,
    paperWidthDots: width,
    dpi,
    language,
    ...(out !== undefined && { outputDirectory: out }),
  });
  printer.on('page', ({ files }) =>
    output.say(
      'page',
      { ...files },
      files === undefined ? 'a page was printed' : `printed ${files.png}`,
    ),
  );
  await using server = options.usbip && (await listenUsbip(options.usbip));
  using resources = new DisposableStack();
  if (server !== undefined)
    resources.defer(plugPrinter(printer, server.addJack(), `PRINTER${server.port}`));
  const where = [printer.address, server?.address].filter((address) => address !== undefined);
  output.say(
    'ready',
    { address: printer.address, usbip: server?.address },
    `printer is on ${where.join(' and ')}`,
  );
  await interrupt.promise;
  output.say('ended', {}, 'printer switched off');
  return 0;
}
