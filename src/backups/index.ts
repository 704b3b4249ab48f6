export type { MeteredPlatform, QuotaView } from './jobs/limits.js';
export { type JobHands, type JobOutcome, runJob, type Taken, type Waiting } from './jobs/run.js';
export type { JobAlarm, JobProblem } from './jobs/alarm-record.js';
export { raiseJobAlarm } from './jobs/alarms.js';
export { jobViews, type JobView, type UnreadJob } from './jobs/overview.js';
export { type CopyPlan, type CopyReport, copySnapshots, jobsOfCopy, type KeptCopy, planCopy } from './copies/round.js';
export { lackingIn } from './copies/lacking.js';
export { isRetryDue } from './copies/retry.js';
export { copyStateOf } from './copies/state.js';
export { type CopyView } from './copies/view.js';
export { type History, HISTORY, type Judged, pruneHistory } from './history/history.js';
export { forget, type ForgetReport, type LogFiles, type Place, unfinishedForgets, whereIs } from './forget/forget.js';
export type { RuledJob } from './prune/facts.js';
export { type PruneRound, pruneTask, type PruningView, pruningView, sumsOf } from './prune/by-schedule.js';
export { explainPrune, prune, type Pruned, type PruneReport } from './prune/prune.js';
export type { CopyLacks, GoReason, StayReason } from './retention/types.js';
export { baseFor, baseTrouble } from './jobs/base.js';
export { stateOf } from './jobs/state.js';
export { acceptSnapshot, watchRules } from './watch/watch.js';
export { backupTicker, copyWork, type DueWork, jobWork, pruneWork, testWork, verifyWork } from './ticker.js';
export { runTask, type TaskOutcome, type TaskResult } from './schedule/task.js';
export {
  noteProvenByHand,
  raiseTestAlarm,
  type TestAlarm,
  testedJobs,
  type TestedJob,
  type TestedSnapshot,
  type TestProblem,
  testTask,
  type TestView,
} from './restore-tests/by-schedule.js';
export { type JobProof, provenOf } from './restore-tests/of-jobs.js';
export { testRestore } from './restore-tests/restore-test.js';
export {
  damageAlarms,
  type DamageAlarm,
  raiseDamageAlarms,
  type VerificationView,
  verificationView,
  verifyTask,
} from './verification/by-schedule.js';
export { damagedNow, type Round, type RoundOfAll, verifyRound } from './verification/round.js';
