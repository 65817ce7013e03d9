/** A processor that tells what an image does with two parts of its hardware: in which state the lamp is when bytes leave. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { Hardware } from '#hw/hardware';
import { type StateName, stateNames } from '#protocol/state';

export interface Watched {
  readonly cpu: Cpu;
  /** Every state that the lamp has shown, in turn. */
  readonly shown: StateName[];
  /** The states that the lamp was in when bytes left. */
  readonly spokenIn: Set<StateName>;
}

export function watchedCpu(): Watched {
  const inner = createNodeVmCpu();
  const shown: StateName[] = [];
  const spokenIn = new Set<StateName>();
  const watch = (hardware: Hardware): Hardware => ({
    ...hardware,
    indicator: {
      ...hardware.indicator,
      show(value) {
        shown.push(stateNames[value] as StateName);
        hardware.indicator.show(value);
      },
    },
    ports: {
      ...hardware.ports,
      send(port, data) {
        spokenIn.add(shown.at(-1) ?? 'powerOff');
        return hardware.ports.send(port, data);
      },
    },
  });
  return {
    cpu: { ...inner, boot: (program, hardware) => inner.boot(program, watch(hardware)) },
    shown,
    spokenIn,
  };
}
