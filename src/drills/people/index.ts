export type { AccessStep } from './access.js';
export { answeredCheck, answerIn, isExhausted, pagedIn } from './answers.js';
export { hopelessApproval, withheldApproval } from './approvals.js';
export { backupKeyFinding, findingsOf } from './findings.js';
export type * from './result.js';
export { stageRules } from './stage-rules.js';
