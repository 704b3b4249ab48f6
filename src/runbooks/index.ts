export { answersOperator, parseAnswers } from './answers.js';
export type { ApprovalServices, RunServices } from './actions/action.js';
export { approvalAsked, approvalOfPlan, draftApproval, notCounting, type AskedApproval } from './approval-asked.js';
export { addApproval, liftingApprovals, readApprovals, weighApprovals, withRefusals } from './approvals.js';
export { builtInActions, type ActionLibrary } from './actions/registry.js';
export { type EvidenceReport, verifyEvidence } from './evidence.js';
export { keepFiles } from './kept-files.js';
export { readFilter } from './filter.js';
export { holdersOf } from './holders.js';
export { type Finding, lintRunbook } from './lint.js';
export { loadRunbook, parseRunbook, type Runbook, type Step } from './load.js';
export { renderRunbook } from './render.js';
export type { RunOptions } from './runner.js';
export {
  abortRun,
  listRuns,
  readRun,
  resumeRun,
  readRunbook,
  readVerification,
  startRun,
  takeOver,
  undoRun,
  type AbortReport,
  type ContinueRequest,
  type RunDeps,
  type StartRequest,
} from './runs.js';
export { runbookSchema } from './schema.js';
export * from './types.js';
