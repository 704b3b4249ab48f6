export { type JobHands, type JobOutcome, runJob, type Taken } from './jobs/run.js';
export type { JobAlarm, JobProblem } from './jobs/alarm-record.js';
export { raiseJobAlarm } from './jobs/alarms.js';
export { jobViews, type JobView, type UnreadJob } from './jobs/overview.js';
export { explainPrune, prune, type Pruned, type PruneReport } from './prune/prune.js';
export type { GoReason, StayReason } from './retention/types.js';
export { baseFor, baseTrouble } from './jobs/base.js';
export { stateOf } from './jobs/state.js';
export { backupTicker } from './ticker.js';
