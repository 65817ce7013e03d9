/**
 * A firmware for tests of the board: what a request asks is the first character of its bytes. Plain JavaScript, as a
 * body of an image is; {@link testImage} signs it.
 */

import { nodeCrypto } from '#driver/node-crypto';
import { compileForQuickJs } from '#emulator/cpu/quickjs-compiler';
import { quickJsEngine } from '#emulator/cpu/quickjs-engine';
import { type BytecodeBody, encodeBytecodeBody } from '#protocol/documents/image-body';
import { signImage } from '#protocol/documents/image-header';

/** Every hardware call has its letter; an answer is text, but for `e`, which gives back what follows the letter. */
export const TEST_FIRMWARE = `
const hw = globalThis.hardware;
const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
const counts = { receives: 0, ticks: 0 };
let feeds = true;
let depth = 0;
const say = (port, text) => hw.ports.send(port, bytes(text).buffer);
const actions = {
  e: (port, data) => hw.ports.send(port, data.slice(1).buffer),
  n: (port) => say(port, 'receives=' + counts.receives + ' ticks=' + counts.ticks),
  f: (port) => say(port, [hw.flash.size, hw.flash.sectorSize, hw.flash.programUnit].join(' ')),
  p: (port, data) => { // p SLOT: programs one unit with the slot's number and syncs
    const unit = new Uint8Array(hw.flash.programUnit).fill(data[1]);
    const status = hw.flash.program(data[1] * hw.flash.programUnit, unit.buffer);
    say(port, 'before sync');
    hw.flash.sync();
    say(port, 'programmed ' + status);
  },
  v: (port, data) => say(port, hex(hw.flash.read(data[1] * hw.flash.programUnit, 4))),
  x: (port) => say(port, 'erased ' + hw.flash.erase(0)),
  r: (port) => say(port, hex(hw.entropy.read(8))),
  c: (port) => say(port, hw.clock.nowMs() + ' ' + hw.clock.ticksMs()),
  t: (port) => say(port, 'tampered ' + hw.tamper.isTriggered()),
  s: (port, data) => hw.indicator.show(data[1]),
  w: () => { feeds = false; },
  d: (port) => say(port, hex(hw.fuses.deviceSecret())),
  k: (port) => say(port, hex(hw.fuses.imageKey())),
  h: (port, data) => { // the digest of what follows
    const engine = hw.cryptoEngine;
    if (engine === undefined) return say(port, 'no engine');
    engine.hashBegin();
    engine.hashUpdate(data.slice(1).buffer);
    say(port, hex(engine.hashEnd()));
  },
  i: (port) => say(port, hw.image.size + ' ' + hex(hw.image.read(0, 4))),
  q: (port) => { // sends one buffer twice, changed between
    const buffer = bytes('one');
    hw.ports.send(port, buffer.buffer);
    buffer.set(bytes('two'));
    hw.ports.send(port, buffer.buffer);
  },
  z: (port) => { say(port, 'resetting'); hw.reset(); },
  Z: (port) => { try { hw.reset(); } catch (error) { say(port, 'not dead'); } },
  b: () => { throw new Error('a defect'); },
  o: (port) => hw.ports.send(port, new ArrayBuffer(4097)),
  g: (port) => say(port, Object.getOwnPropertyNames(globalThis).filter((name) => /^[a-z]/.test(name)).join(' ')),
};
hw.entropy.read(16); // while it loads, as noble does
globalThis.tessera = {
  powerOn(hardware) {
    hardware.indicator.show(4);
    return {
      receive(port, data) {
        if (depth++ > 0) throw new Error('calls overlap');
        counts.receives += 1;
        const request = new Uint8Array(data);
        actions[String.fromCharCode(request[0])]?.(port, request);
        depth--;
      },
      tick() {
        if (depth++ > 0) throw new Error('calls overlap');
        counts.ticks += 1;
        if (feeds) hardware.watchdog.feed();
        if (hardware.tamper.isTriggered()) hardware.indicator.show(7);
        depth--;
      },
    };
  },
  algorithms: { double: (value) => 2 * value },
};
`;

/** Signs all images of a test run; no device has it in its fuses. */
export const testImageKey = nodeCrypto.generateKeyPair();

/** An image with this body, as the boot ROM takes it. */
export function testImage(body = TEST_FIRMWARE, securityVersion = 1): Uint8Array {
  const versions = { imageVersion: 0x01_02_03, securityVersion };
  return signImage(nodeCrypto, testImageKey, versions, new TextEncoder().encode(body));
}

/** The same in bytecode. @param changed what is otherwise in it */
export function testBytecodeImage(
  body = TEST_FIRMWARE,
  changed: Partial<BytecodeBody> = {},
): Uint8Array {
  const bytecode = { engine: quickJsEngine(), bytecode: compileForQuickJs(body), ...changed };
  const versions = { imageVersion: 0x01_02_03, securityVersion: 1 };
  return signImage(nodeCrypto, testImageKey, versions, encodeBytecodeBody(bytecode), 'bytecode');
}
