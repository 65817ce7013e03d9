/** How often each fault happened: a fault that was planned and met nothing does not count. */

export const faultNames = [
  'frameDropped',
  'frameDoubled',
  'frameDelayed',
  'frameFlipped',
  'frameSplit',
  'unplugged',
  'meterPowerCut',
  'meterSwitchedOff',
  'hostKilled',
  'hostPowerCut',
  'diskFull',
  'serverKilled',
  'requestLost',
  'answerLost',
  'answerLate',
  'clockJumped',
  'printerGone',
  'labelTorn',
  'wrongPassword',
  'refillReplayed',
  'refillForged',
  'evidenceForged',
  'labelCopied',
  'postedClaimed',
  'meterCloned',
] as const;
export type FaultName = (typeof faultNames)[number];

export interface Faults {
  count(name: FaultName): void;
  readonly counts: Readonly<Partial<Record<FaultName, number>>>;
}

export function countFaults(): Faults {
  const counts: Partial<Record<FaultName, number>> = {};
  return {
    counts,
    count(name) {
      counts[name] = (counts[name] ?? 0) + 1;
    },
  };
}
