/** Which port of a board leads where. */

export const boardPorts = {
  memory: 0,
  tcp: 1,
  serial: 2,
  readiness: 3,
  hid: 4,
  usbSerial: 5,
} as const;

export type BoardPortName = keyof typeof boardPorts;
export const boardPortNames = Object.keys(boardPorts) as readonly BoardPortName[];
