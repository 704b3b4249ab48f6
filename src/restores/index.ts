export { applyRestore, resumeRestore, type ApplyDeps } from './apply.js';
export { decideConflicts } from './decide-plan.js';
export { readRestore } from './journal.js';
export { planRestore } from './plan.js';
export { confirmationOf, excessOf, readPlan, type Plan } from './plan-file.js';
export { undoRestore } from './undo.js';
export { verifyRestore } from './verify.js';
export * from './types.js';
