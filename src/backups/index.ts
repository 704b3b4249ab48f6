export { type JobHands, type JobOutcome, runJob } from './jobs/run.js';
export type { JobAlarm, JobProblem } from './jobs/alarm-record.js';
export { raiseJobAlarm } from './jobs/alarms.js';
export { jobViews, type JobView } from './jobs/overview.js';
export { explainPrune, prune, type Pruned, type PruneReport } from './prune/prune.js';
export type { GoReason, StayReason } from './retention/types.js';
export { baseFor } from './jobs/base.js';
export { backupTicker } from './ticker.js';
