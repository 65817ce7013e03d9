/** What the package offers to tests: `import { emulatedMeter } from 'tessera/testing'` (docs/control.md). */

export {
  type EmulatedMeter,
  type EmulatedMeterOptions,
  emulatedMeter,
} from './emulated-meter.ts';
export { FUNDS, type LifeCycle, POSTAGE_SERVICE, parties, START_TIME_MS } from './made-meter.ts';
