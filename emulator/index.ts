/** What the package offers of the emulator: `import { startEmulator } from 'tessera/emulator'`. */

export { type Board, type BoardOptions, type BoardSnapshot, createBoard } from './board.ts';
export { type BoardDirectory, openBoardDirectory } from './board-directory.ts';
export type { BoardFault } from './board-fault.ts';
export { boardPorts } from './board-ports.ts';
export {
  type ClockSource,
  createManualClock,
  createSystemClock,
  type ManualClock,
} from './clock.ts';
export {
  type ControlClientOptions,
  ControlLinkError,
  controlClient,
} from './control/client.ts';
export { type Control, controlOf } from './control/control.ts';
export type { ControlEvent } from './control/events.ts';
export { ControlRefusedError } from './control/refusals.ts';
export type {
  Cpu,
  CpuFigures,
  CpuSnapshot,
  LimitName,
  Machine,
  Mark,
  Program,
  RunningImage,
} from './cpu/cpu.ts';
export { type CpuName, cpuNames, createCpu } from './cpu/cpus.ts';
export { createNodeVmCpu } from './cpu/node-vm.ts';
export { createQuickJsCpu } from './cpu/quickjs.ts';
export type { MachineLimits } from './cpu/quickjs-machine.ts';
export {
  type ControlOptions,
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from './emulator.ts';
export type { EngineFault } from './engine-fault.ts';
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
export { type ImageFile, loadImage, readImage } from './image-file.ts';
export type { BoardMarks } from './marks.ts';
export { connectMemory, type MemoryPort } from './ports/memory.ts';
export { openPty, type PtyOptions, type PtyPort } from './ports/pty.ts';
export { listenTcp, type TcpOptions, type TcpPort } from './ports/tcp.ts';
export { type BoardProfile, loadProfile, parseProfile, profileNames } from './profile.ts';
export {
  type BlankBoardOptions,
  type BoardState,
  blankState,
  StateError,
} from './rig/board-state.ts';
export { createRig, type Rig, type RigEvent, type RigHome } from './rig/rig.ts';
export { decodeState, encodeState } from './rig/state-file.ts';
export { type Finding, findSecret, type Places, type ScanOptions } from './secret-scan.ts';
export { createTamperContact, type TamperContact } from './tamper.ts';
export {
  type BuildSearch,
  type Candidate,
  type CandidateVerdict,
  type Comparison,
  compareCandidates,
  searchBuilds,
} from './trace/bisect.ts';
export { redacted, type Trace, type TraceEvent, type TraceSink } from './trace/event.ts';
export { createPcapngSink, pcapngOf } from './trace/pcapng.ts';
export { type Divergence, type Replayed, replayTrace } from './trace/replay.ts';
export { type ReplayedImage, replayedImage } from './trace/replayed-image.ts';
export {
  decodeTrace,
  encodeTrace,
  readTraceFile,
  TraceFileError,
  type TraceWriter,
  writeTraceFile,
} from './trace/trace-file.ts';
export { type Turn, turnsOf, turnText } from './trace/turn.ts';
export { type AttachOptions, attachUsbip } from './usb/attach.ts';
export { type MeterOnUsbOptions, plugMeter } from './usb/meter-device.ts';
export { plugPrinter } from './usb/printer-device.ts';
export {
  listenUsbip,
  type UsbipOptions,
  type UsbipServer,
  type UsbJack,
} from './usb/usbip-server.ts';
