export { stageBadSync, type BadSync, type BadSyncOptions, type DamageDone } from './bad-sync.js';
export { leastRequests, type RepairSizes } from './least.js';
export { readTruth, scoreTruth, type Score, type Truth } from './truth.js';
export { seedSandbox } from './seed.js';
export { writeSampleWorkspace } from './workspace.js';
