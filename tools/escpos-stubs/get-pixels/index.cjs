/** Stands in for get-pixels: escpos loads it when it starts, and only its Image.load, never used here, would call it. */
'use strict';

module.exports = function getPixels() {
  throw new Error('get-pixels is left out of this project: pictures reach escpos as dots');
};
