/** Stands in for jimp: npos would load it to read picture files, and only its parser is used here. */
'use strict';

function leftOut() {
  throw new Error('jimp is left out of this project: only the parser of npos is used');
}

module.exports = { read: leftOut };
