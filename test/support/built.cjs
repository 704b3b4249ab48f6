// For scripts that tests run in processes of their own: a folder of the built program, or zod, by name, from what
// bundle.ts made.
'use strict';
const { dirname, join } = require('node:path');

const folder = dirname(process.env.RUNBACK_TEST_PROGRAM);
require(join(folder, 'load.cjs'));

module.exports.built = (name) => require(join(folder, `${name}.cjs`));
