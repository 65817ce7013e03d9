/** What the package offers of the emulator: `import { startEmulator } from 'tessera/emulator'`. */

export { type Board, type BoardFault, type BoardOptions, createBoard } from './board.ts';
export { type BoardDirectory, openBoardDirectory } from './board-directory.ts';
export { type ClockSource, createManualClock, type ManualClock, systemClock } from './clock.ts';
export type { Cpu, RunningImage } from './cpu/cpu.ts';
export { createNodeVmCpu } from './cpu/node-vm.ts';
export {
  boardPorts,
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from './emulator.ts';
export {
  createBiasedEntropy,
  createSeededEntropy,
  createStuckEntropy,
  deadEntropy,
  systemEntropy,
} from './entropy.ts';
export { type CutPlan, type PlannedCut, planCuts } from './flash/cut-plan.ts';
export { type TearMode, tearModes } from './flash/tear.ts';
export { type WearFailure, wearFailures } from './flash/wear.ts';
export {
  createMemoryFlash,
  DEFAULT_FLASH_GEOMETRY,
  type FlashCounters,
  type FlashDevice,
  type FlashGeometry,
  type FlashOperation,
  type FlashOptions,
  type FlashSnapshot,
  type FlashTrace,
  type PowerCut,
  type Rot,
  type SectorCounters,
} from './flash.ts';
export { openFlashFile } from './flash-file.ts';
export { strictFlash } from './flash-strict.ts';
export { type ImageFile, loadImage } from './image-file.ts';
export { connectMemory, type MemoryPort } from './ports/memory.ts';
export { openPty, type PtyOptions, type PtyPort } from './ports/pty.ts';
export { listenTcp, type TcpOptions, type TcpPort } from './ports/tcp.ts';
export { createTamperContact, type TamperContact } from './tamper.ts';
