export { type JobHands, type JobOutcome, runJob } from './jobs/run.js';
export { jobViews, type JobView } from './jobs/overview.js';
export { explainPrune, prune, type Pruned, type PruneReport } from './prune/prune.js';
export type { GoReason, StayReason } from './retention/types.js';
