/** Debian's stock kernel and an initial file system that mounts the host's own, read-only: nothing is built (ports.md 2.3). */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { isInstalled } from '#tools/run';
import { repositoryRoot } from '#tools/sources';

/** What is downloaded once and kept. */
const cache = join(repositoryRoot, 'build/usb');
const bootFiles = join(cache, 'boot');

/** Program → the Debian package it comes from. */
const packageOf = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  cpio: 'cpio',
  udevadm: 'udev',
} as const;
/** The native part of node-hid is linked with it. */
const LIBUSB = '/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0';

/** What the guest needs; the modules they depend on come with them. */
const modules = [
  'virtio_pci',
  'virtio_net',
  '9pnet_virtio',
  '9p',
  'vhci-hcd',
  'usbhid',
  'hid-generic',
  'cdc-acm',
  'usblp',
] as const;

export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly release: string;
  /** Of what was downloaded now; 0 where it was there. */
  readonly downloadedBytes: number;
}

/** @throws Error where something cannot be had */
export function prepareKernel(): BootFiles {
  installPackages();
  mkdirSync(cache, { recursive: true });
  const downloadedBytes = downloadKernel();
  const kernel = join(bootFiles, onlyFile(join(bootFiles, 'boot'), 'vmlinuz'));
  const release = basename(kernel).slice('vmlinuz-'.length);
  const initrd = join(cache, 'initrd.img');
  buildInitrd(initrd, join(bootFiles, 'lib/modules', release));
  return { kernel: join(bootFiles, 'boot', basename(kernel)), initrd, release, downloadedBytes };
}

function installPackages(): void {
  const missing: string[] = Object.entries(packageOf)
    .filter(([program]) => !isInstalled(program))
    .map(([, debianPackage]) => debianPackage);
  if (!existsSync(LIBUSB)) missing.push('libusb-1.0-0');
  if (missing.length === 0) return;
  if (!isInstalled('apt-get') || process.getuid?.() !== 0)
    throw new Error(
      `only root can install packages, and only with apt-get; install ${missing.join(' ')} and run this again`,
    );
  process.stdout.write(`The lane needs ${missing.join(', ')}: installing.\n`);
  const quietly = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq'];
  call('apt-get', ['update', '-qq']);
  call('env', [...quietly, '--no-install-recommends', ...missing]);
}

/** @returns bytes */
function downloadKernel(): number {
  if (existsSync(join(bootFiles, 'boot'))) return 0;
  const depends = call('apt-cache', ['depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error('apt-cache knows no kernel: run apt-get update');
  call('apt-get', ['download', '-qq', name], cache);
  const archive = join(cache, onlyFile(cache, name));
  const bytes = readFileSync(archive).length;
  mkdirSync(bootFiles, { recursive: true });
  const wanted = ['./boot/vmlinuz*', ...['drivers', 'fs', 'net'].map((at) => `*/kernel/${at}/*`)];
  const patterns = wanted.map((pattern) => `'${pattern}'`).join(' ');
  const unpack = `dpkg-deb --fsys-tarfile '${archive}' | tar -x -C '${bootFiles}' --wildcards ${patterns}`;
  call('bash', ['-o', 'pipefail', '-c', unpack]);
  rmSync(archive);
  return bytes;
}

function onlyFile(folder: string, prefix: string): string {
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
  if (names.length !== 1) throw new Error(`${folder} has ${names.length} files ${prefix}*`);
  return names[0] as string;
}

function buildInitrd(initrd: string, moduleFolder: string): void {
  const root = join(cache, 'initrd');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev', 'host'])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(call('sh', ['-c', 'command -v busybox']).trim(), join(root, 'bin/busybox'));
  const order = inOrder(moduleFolder);
  for (const file of order) copyFileSync(file, join(root, 'modules', basename(file)));
  const names = order.map((file) => basename(file)).join('\n');
  writeFileSync(join(root, 'modules/order'), `${names}\n`);
  copyFileSync(join(import.meta.dirname, 'init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  const pack = `find . | cpio --quiet -o -H newc | gzip -1 > '${initrd}'`;
  call('bash', ['-o', 'pipefail', '-c', pack], root);
}

const nameOf = (file: string): string => basename(file).replace(/\.ko$/, '').replaceAll('-', '_');

/** The files of the modules, each behind those it depends on; what a module depends on stands in itself. */
function inOrder(moduleFolder: string): string[] {
  const files = new Map(
    readdirSync(moduleFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ko'))
      .map((file) => [nameOf(file), join(moduleFolder, file)]),
  );
  const order: string[] = [];
  function add(name: string): void {
    const file = files.get(name.replaceAll('-', '_'));
    if (file === undefined) throw new Error(`this kernel has no module ${name}`);
    if (order.includes(file)) return;
    const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1'))?.[1] ?? '';
    for (const other of depends.split(',').filter(Boolean)) add(other);
    order.push(file);
  }
  for (const name of modules) add(name);
  return order;
}

/** @returns what it said */
function call(command: string, parameters: readonly string[], directory = repositoryRoot): string {
  return execFileSync(command, parameters, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
