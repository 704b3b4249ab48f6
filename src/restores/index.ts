export { applyRestore, resumeRestore, type ApplyDeps } from './apply/apply.js';
export {
  FORGOTTEN,
  forgetInPlan,
  forgetInRestore,
  isNumberKey,
  planTellsOf,
  RECORD_VALUES,
  restoreTellsOf,
  type ToForget,
} from './records/forgetting.js';
export { otherKeys } from './records/same-record.js';
export { decideConflicts } from './plan/decide-conflicts.js';
export { changeOfFields, isChange } from './records/item-ids.js';
export { lookAtJournal, restoreHolders, takeBeside, takePlatform, type HolderLook } from './records/holders.js';
export { type AcceptedAutomations, createdOf, readCreated, readRestore, type RestoreCreated } from './records/journal.js';
export { isLeft, leftOf, leftWords } from './records/left.js';
export { leftItems, type LeftItem, type LeftKind } from './records/left-items.js';
export { isOver, openRestores } from './records/open.js';
export { lostByRestore, lostValuesOf } from './records/lost-lists.js';
export { checkLimits, checkTogether } from './plan/limits.js';
export { comparePlans, type ComparedPlans, type PlanDifference } from './plan/compare-plans.js';
export { checkHistoryLimits, requireHistory } from './plan/history/checks.js';
export { planFromHistory } from './plan/history/plan-from-history.js';
export { dropOldReadings, dropReadings } from './plan/history/reading.js';
export { planRestore } from './plan/plan.js';
export { checkAccount } from './records/bound.js';
export { checkAge, confirmationOf, copyPlan, deletePlan, excessOf, readPlan } from './records/plan-file.js';
export { undoRestore } from './apply/undo.js';
export { verifyRestore } from './apply/verify.js';
export * from './types.js';
export { applySet, type SideOutcome, setConfirmation, undoSet } from './sets/apply-set.js';
export type { SetSync } from './sets/compare-set.js';
export { withoutForgotten } from './sets/forgetting.js';
export { decideSet, planSet } from './sets/plan-set.js';
export { plansOf, readSet, setAfter, setWith } from './sets/set-file.js';
export { restoresOf, type SideStanding } from './sets/standing.js';
export * from './sets/types.js';
export { verifySet } from './sets/verify-set.js';
export { isNewKey, newKeyFor } from './records/new-keys.js';
