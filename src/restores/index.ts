export { applyRestore, resumeRestore, type ApplyDeps, type ApplyRequest } from './apply.js';
export { decideConflicts } from './decide-plan.js';
export { readRestore } from './journal.js';
export { planRestore, type PlanRequest, type RestoreDeps } from './plan.js';
export { confirmationOf, excessOf, readPlan, type Approval, type Plan, type RestoreLimits } from './plan-file.js';
export { undoRestore } from './undo.js';
export { verifyRestore } from './verify.js';
export * from './types.js';
