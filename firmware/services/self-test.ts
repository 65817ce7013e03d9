/** The self-tests while power stays on: on demand, and by themselves (requirements.md A2; FIPS 140-3, ISO 19790 7.10.3.8). */

import type { ResponseOf } from '#protocol/command';
import { ok, type Result, refuse } from '#protocol/result';
import type { Device } from '../device.ts';
import { knownAnswers } from '../known-answers.ts';
import { checkConsistent } from '../registers.ts';
import { checkAlgorithms, checkImage, testImageAndAlgorithms } from '../self-test.ts';

/** Anybody may ask for the self-tests, which take long: a flood of requests must not keep the meter from its work. */
const SELF_TEST_PAUSE_MS = 1_000;

/** How long after the last of all self-tests they begin anew, in powered time: a day. */
export const SELF_TEST_PERIOD_MS = 86_400_000;

/** Known answers, the image, and the registers. */
const TEST_COUNT = knownAnswers.length + 2;

export function runSelfTest(device: Device): Result<ResponseOf<'selfTest'>> {
  const { crypto, hardware, journal } = device;
  const now = hardware.clock.ticksMs();
  const wait = device.selfTestFromMs - now;
  if (wait > 0) return refuse('selfTestDelayed', Math.ceil(wait));
  device.selfTestFromMs = now + SELF_TEST_PAUSE_MS;
  testImageAndAlgorithms(crypto, hardware);
  checkConsistent(journal.state);
  device.selfTestDueMs = now + SELF_TEST_PERIOD_MS;
  device.selfTestNext = 0;
  return ok({ passed: TEST_COUNT });
}

/**
 * One test at each call, once their time has come, so that no request waits for all of them. Never within a service: the
 * board's calls do not overlap.
 * @throws Fault
 */
export function repeatSelfTests(device: Device): void {
  const { crypto, hardware, journal } = device;
  const now = hardware.clock.ticksMs();
  if (now < device.selfTestDueMs) return;
  const place = device.selfTestNext;
  if (place < knownAnswers.length) checkAlgorithms(crypto, place, place + 1);
  else if (place === knownAnswers.length) checkImage(crypto, hardware);
  else checkConsistent(journal.state);
  device.selfTestNext = (place + 1) % TEST_COUNT;
  if (device.selfTestNext === 0) device.selfTestDueMs = now + SELF_TEST_PERIOD_MS;
}
