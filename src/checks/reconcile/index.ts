export * from './types.js';
export { isFailure, sideOf } from './counts.js';
export { reconcile, type ReconcileDeps, type Reconciled, type ReconcileRequest } from './reconcile.js';
export { keptDifferences, readReconciliation, readReconciliations, RECONCILIATIONS } from './records/kept.js';
export { reconciliationDocument } from './report/document.js';
export { reconciliationJunit } from './report/junit.js';
export { CLASS_WORDS, placeWords, recordWords, verdictWords } from './report/words.js';
export { type PlannedRepair, planRepair, type PlanRepairDeps } from './repair/plan-repair.js';
export type { LeftWhy } from './repair/repair-of.js';
