/** Stands in for qr-image: escpos loads it when it starts, and only its qrimage, never used here, would call it. */
'use strict';

function leftOut() {
  throw new Error('qr-image is left out of this project: symbols are composed as dots');
}

module.exports = { image: leftOut, imageSync: leftOut, matrix: leftOut };
