/**
 * What surrounds a board, and the protection against it (FIPS 140-3, environmental failure protection): outside of the limits
 * heat, cold and overvoltage open the tamper contact, for ever; too little voltage switches the board off, as it does each
 * time somebody pulls the plug. The sensor is the board's own and runs on the battery of the contact: firmware sees the
 * contact only (hw/hardware.ts has no sensor).
 */

import type { TamperContact } from './tamper.ts';

export interface Surroundings {
  /** Thousandths of a degree Celsius. */
  readonly temperatureMilliC: number;
  readonly supplyMillivolts: number;
}

/** What the sensor lets pass, both ends included. */
export const environmentLimits = {
  temperatureMilliC: { minimum: -40_000, maximum: 85_000 },
  supplyMillivolts: { minimum: 4_000, maximum: 6_000 },
} as const;

export const ordinarySurroundings: Surroundings = {
  temperatureMilliC: 23_000,
  supplyMillivolts: 5_000,
};

export interface Environment {
  readonly surroundings: Surroundings;
  /** False where there is too little voltage for the board to run. */
  readonly canRun: boolean;
  set(surroundings: Partial<Surroundings>): void;
}

/** @param switchOff called when the voltage falls below its minimum */
export function createEnvironment(
  tamper: TamperContact,
  switchOff: () => void,
  initial: Surroundings = ordinarySurroundings,
): Environment {
  let surroundings = initial;
  const { temperatureMilliC, supplyMillivolts } = environmentLimits;
  const canRun = (): boolean => surroundings.supplyMillivolts >= supplyMillivolts.minimum;
  return {
    get surroundings() {
      return surroundings;
    },
    get canRun() {
      return canRun();
    },
    set(changes) {
      surroundings = { ...surroundings, ...changes };
      const isDangerous =
        surroundings.temperatureMilliC < temperatureMilliC.minimum ||
        surroundings.temperatureMilliC > temperatureMilliC.maximum ||
        surroundings.supplyMillivolts > supplyMillivolts.maximum;
      if (isDangerous) tamper.trigger();
      if (!canRun()) switchOff();
    },
  };
}
