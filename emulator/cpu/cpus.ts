/** The processors to choose from by name (`tessera emulate --cpu`; docs/cpu.md). */

import type { Cpu } from './cpu.ts';
import { createNodeVmCpu } from './node-vm.ts';
import { createQuickJsCpu } from './quickjs.ts';

export const cpuNames = ['node-vm', 'quickjs'] as const;
export type CpuName = (typeof cpuNames)[number];

export function createCpu(name: CpuName): Cpu {
  switch (name) {
    case 'node-vm':
      return createNodeVmCpu();
    case 'quickjs':
      return createQuickJsCpu();
  }
}
