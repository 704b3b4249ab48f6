export { stageBadSync, type BadSync } from './bad-sync.js';
export { type Drill, type DrillFile, drillFiles, loadDrill } from './document/load.js';
export { drillSchema } from './document/schema.js';
export { keepResult, readResults } from './history.js';
export { leastRequests } from './least.js';
export { rehearse } from './rehearsal/rehearse.js';
export type * from './result.js';
export type { Check } from './verdict/checks.js';
