/** Stands in for usb: the USB adapters of escpos and npos would load it, and neither is ever made here. */
'use strict';

function leftOut() {
  throw new Error(
    'usb is left out of this project: printers are reached by TCP, file or serial port',
  );
}

module.exports = { getDeviceList: leftOut, findByIds: leftOut };
