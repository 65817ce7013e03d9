/** Stands in for node-bluetooth: the Bluetooth adapter of escpos would load it, and it is never made here. */
'use strict';

throw new Error('node-bluetooth is left out of this project');
