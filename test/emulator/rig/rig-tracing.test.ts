/** A trace that is begun and ended while a board exists: what it has, and when it ends by itself (docs/control.md). */

import { expect, test } from 'vitest';
import { createCpu } from '#emulator/cpu/cpus';
import { startEmulator } from '#emulator/emulator';
import { blankState } from '#emulator/rig/board-state';
import { createRig } from '#emulator/rig/rig';
import { createRigTracing } from '#emulator/rig/rig-tracing';
import { verdictOn } from '#emulator/trace/bisect';
import { decodeTrace } from '#emulator/trace/trace-file';
import { homeOf } from '#test/support/rig-home';
import { emulatedMeter } from '#testing/emulated-meter';

test('it is replayed on another processor, and the board still takes snapshots while it is recorded', async () => {
  await using meter = await emulatedMeter({ cpu: 'quickjs' });
  const { rig } = meter;
  rig.startTrace(true);
  await using session = await meter.logIn('user');
  await session.registers();
  const state = rig.capture();

  const trace = decodeTrace(Buffer.from(rig.tracing.text() as string));
  const events = rig.tracing.state?.events;
  const { divergence, steps } = verdictOn(trace, {
    name: 'the same',
    cpu: createCpu('quickjs'),
    image: homeOf('quickjs'),
  });
  rig.restore(state);

  expect(divergence).toBeUndefined();
  expect(steps).toBe(events);
  expect(await session.registers()).toBeDefined();
  expect(rig.tracing.state).toMatchObject({ isRecording: false, endedBy: 'restore' });
});

test('it ends with the turn that filled it, and is whole', async () => {
  const rig = createRig(blankState({ seed: 1 }), homeOf('node-vm'));
  await using _owned = rig;
  const { board, clock } = rig;
  const tracing = createRigTracing(createCpu('node-vm'), { flash: board.flash, clock }, 20_000);
  tracing.begin(true);
  const home = { ...homeOf('node-vm'), cpu: tracing.cpu };
  await using recorded = createRig(blankState({ seed: 1 }), home);

  recorded.powerOn();
  for (let hour = 0; hour < 200 && tracing.state?.isRecording === true; hour++)
    recorded.advance(3_600_000);

  expect(tracing.state).toMatchObject({ isRecording: false, endedBy: 'full' });
  const { events, isWhole } = decodeTrace(Buffer.from(tracing.text() as string));
  expect(isWhole).toBe(true);
  expect(events.at(-1)?.kind).toBe('end');
  const { length } = events;
  recorded.advance(3_600_000);
  expect(tracing.state?.events).toBe(length);
});

test('noise is counted under control as without', async () => {
  await using plain = await startEmulator({});
  await using controlled = await startEmulator({ control: { port: 0, seed: 1 } });

  expect(controlled.marks().entropyBytes).toBeGreaterThan(0);
  expect(controlled.marks().entropyBytes).toBe(plain.marks().entropyBytes);
});
