export { type Canary, canaryOf, type CanaryPlace, rivalsOf } from './canary.js';
export type { CanaryDeps } from './deps.js';
export type { Objection } from './fit.js';
export { canaryResults } from './journal.js';
export { objectionTo } from './look-first.js';
export { type CanaryStep, runCanary, stepCanary } from './step.js';
export { CANARY_VERDICTS, type CanaryBecause, type CanaryResult, type CanaryVerdict, measurementOf } from './verdict.js';
