/** What a rig of a test runs: the image in the form that its processor takes. */

import { type CpuName, createCpu } from '#emulator/cpu/cpus';
import { loadImage } from '#emulator/image-file';
import type { RigHome } from '#emulator/rig/rig';

export function homeOf(name: CpuName): RigHome & { readonly cpu: ReturnType<typeof createCpu> } {
  const cpu = createCpu(name);
  return { ...loadImage(cpu.bytecodeEngine === undefined ? 'source' : 'bytecode'), cpu };
}
