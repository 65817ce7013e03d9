/** A log-in right after a power cut waits the delay that the cut left behind, and no other (requirements.md A4, F4). */

import { expect, test } from 'vitest';
import { logIn } from '#driver/log-in';
import { ok, type Result, refuse } from '#protocol/result';
import { createImitation } from '#test/support/imitation';
import { openTo } from '#test/support/imitation-host';
import { failureOf } from '#test/support/settle';

const password = new Uint8Array(8).fill(1);

/** A meter that answers its log-ins one after the other. */
function answering(...answers: readonly Result<Record<never, never>>[]) {
  const left = [...answers];
  const imitation = createImitation({
    services: { logIn: () => left.shift() ?? refuse('lockedOut') },
  });
  return { imitation, open: () => openTo(imitation) };
}

test('a short delay is waited for once', async () => {
  const { imitation, open } = answering(refuse('passwordDelayed', 40), ok({}));
  await using meter = await open();

  const before = performance.now();
  await logIn(meter, password);

  expect(performance.now() - before).toBeGreaterThanOrEqual(39);
  expect(imitation.performed).toEqual(['logIn', 'logIn']);
});

test('a delay that comes again is told', async () => {
  const { open } = answering(refuse('passwordDelayed', 1), refuse('passwordDelayed', 2));
  await using meter = await open();

  expect(await failureOf(logIn(meter, password))).toMatchObject({
    status: 'passwordDelayed',
    detail: 2,
  });
});

test.each([
  ['a long delay', refuse('passwordDelayed', 3_001)],
  ['a wrong password', refuse('passwordWrong', 9)],
])('%s is told at once, and not tried again', async (_, refusal) => {
  const { imitation, open } = answering(refusal, ok({}));
  await using meter = await open();

  expect(await failureOf(logIn(meter, password))).toMatchObject({ status: refusal.status });
  expect(imitation.performed).toEqual(['logIn']);
});

test('whoever waits can give up', async () => {
  const { imitation, open } = answering(refuse('passwordDelayed', 3_000), ok({}));
  await using meter = await open();

  const given = logIn(meter, password, { signal: AbortSignal.timeout(20) });

  expect(await failureOf(given)).toMatchObject({ name: 'TimeoutError' });
  expect(imitation.performed).toEqual(['logIn']);
});
