export { answersOperator, parseAnswers } from './answers.js';
export type { ApprovalServices, RehearsedPlan, RunServices } from './actions/action.js';
export { approvalAsked, approvalOfPlan, draftApproval, notCounting, type AskedApproval } from './approvals/asked.js';
export { addApproval, liftingApprovals, readApprovals, weighApprovals, withRefusals } from './approvals/approvals.js';
export { leaveStandIns } from './actions/stand-ins.js';
export { builtInActions, type ActionLibrary } from './actions/registry.js';
export { type EvidenceReport, verifyEvidence } from './journal/evidence.js';
export { keepFiles } from './journal/kept-files.js';
export { readFilter } from './document/filter.js';
export { holdersOf } from './journal/holders.js';
export { type Finding, lintRunbook } from './document/lint.js';
export { loadRunbook, parseRunbook } from './document/load.js';
export type { Runbook, Step } from './document/runbook.js';
export { renderRunbook } from './document/render.js';
export type { RunOptions } from './engine/runner.js';
export {
  abortRun,
  listRuns,
  openRuns,
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
  workerOf,
} from './runs.js';
export { runbookSchema } from './document/schema.js';
export { type Sign, SIGNS } from './document/signs.js';
export * from './types.js';
