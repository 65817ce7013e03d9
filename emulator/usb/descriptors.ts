/** Descriptors: how a device tells a host what it is (USB 2.0, 9.6). */

import type { DeviceIdentity, UsbFunction } from './usb-device.ts';

const US_ENGLISH = 0x0409;
/** Bit 7 is always 1; bit 6: powers itself. */
const SELF_POWERED = 0xc0;
/** In units of 2 mA. */
const POWER = 50;
const CONTROL_PACKET_SIZE = 64;

const low = (value: number): number => value & 0xff;
const high = (value: number): number => value >> 8;

export function deviceDescriptor(identity: DeviceIdentity): Uint8Array {
  const { vendorId, productId, release, deviceClass } = identity;
  const numbers = [vendorId, productId, release].flatMap((word) => [low(word), high(word)]);
  const [manufacturer, product, serialNumber] = [1, 2, 3];
  return Uint8Array.from([
    18,
    1,
    0x00,
    0x02,
    ...deviceClass,
    CONTROL_PACKET_SIZE,
    ...numbers,
    manufacturer as number,
    product as number,
    serialNumber as number,
    1,
  ]);
}

export function configurationDescriptor(
  value: number,
  functions: readonly UsbFunction[],
): Uint8Array {
  let interfaces = 0;
  const parts = functions.map((part) => {
    const bytes = part.descriptors(interfaces);
    interfaces += part.interfaceCodes.length;
    return bytes;
  });
  const size = parts.reduce((sum, part) => sum + part.length, 9);
  const head = [9, 2, low(size), high(size), interfaces, value, 0, SELF_POWERED, POWER];
  return Uint8Array.from([...head, ...parts.flatMap((part) => [...part])]);
}

/** @returns undefined where there is no such string, or not in that language */
export function stringDescriptor(
  { manufacturer, product, serialNumber }: DeviceIdentity,
  place: number,
  language: number,
): Uint8Array | undefined {
  if (place === 0) return Uint8Array.of(4, 3, low(US_ENGLISH), high(US_ENGLISH));
  const text = [manufacturer, product, serialNumber][place - 1];
  if (text === undefined || language !== US_ENGLISH) return undefined;
  const letters = [...text].flatMap((letter) => {
    const unit = letter.charCodeAt(0);
    return [low(unit), high(unit)];
  });
  return Uint8Array.from([2 + letters.length, 3, ...letters]);
}

export function interfaceDescriptor(
  number: number,
  [code, subclass, protocol]: readonly [number, number, number],
  endpoints: number,
): readonly number[] {
  return [9, 4, number, 0, endpoints, code, subclass, protocol, 0];
}

export const endpointTypes = { bulk: 2, interrupt: 3 } as const;

/**
 * @param address with bit 7 where it leads to the host
 * @param intervalMs of an interrupt endpoint at full speed
 */
export function endpointDescriptor(
  address: number,
  type: keyof typeof endpointTypes,
  packetSize: number,
  intervalMs = 0,
): readonly number[] {
  return [7, 5, address, endpointTypes[type], low(packetSize), high(packetSize), intervalMs];
}
