export { checked } from './checked.js';
export { batchOf, byAction } from './batches.js';
export * from './connector.js';
export { describeThere, inWords } from './describe-there.js';
export * from './platform.js';
export * from './registry.js';
export { unknownWithheld } from './withheld.js';
