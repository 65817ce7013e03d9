/** A meter for one test, and what can be done to it: `node examples/controlled-meter.ts`; in vitest it looks the same. */

import { mills } from '#driver/index';
import { emulatedMeter } from '#testing/index';

await using meter = await emulatedMeter({ seed: 7, lifeCycle: 'funded' });
const user = await meter.logIn('user');
console.log(await user.registers());

// A day passes; power fails in the next flash operation, in the middle of a byte, and the request is lost.
await meter.control.advanceClock({ durationMs: 24 * 60 * 60 * 1000 });
await meter.control.cutPower({ operations: 0, tear: 'tornByte', seed: 3 });
const wish = { kind: 'purchase', account: 'postal', amount: mills(1_000) } as const;
await user.refillRequest(wish, { timeoutMs: 100 }).catch(({ message }) => console.log(message));
console.log(await meter.control.panel());

// Power comes back, and the registers are what they were.
await meter.control.powerOn();
const again = await meter.logIn('user');
console.log(await again.registers());

// Two boards of their own, exactly as this one is now; what is done to one is done to no other.
const [first, second] = meter.rig.fork(2);
first?.board.tamper.trigger();
console.log(first?.board.indicator, second?.board.indicator);
