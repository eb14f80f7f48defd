'use strict';

// Where a stage can be reached, of its stack's outputs. `sls` shows outputs after --verbose alone.

const ADDRESSES = /(?<!^HttpApi)Url$|Bucket$/; // HttpApiUrl is osls's own, and on `local` nobody's

// Return lines to print, of `{OutputKey, OutputValue}`.
function findAddresses(outputs) {
  return outputs
    .filter(({ OutputKey }) => ADDRESSES.test(OutputKey))
    .map(({ OutputKey, OutputValue }) => `${OutputKey}: ${OutputValue}`)
    .sort();
}

module.exports = { findAddresses };
