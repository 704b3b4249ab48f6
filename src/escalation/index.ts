export { approvalText, formatApprovalBlock, parseApprovalBlocks, type ApprovalBlock, type ApprovalPayload } from './authority/approval-block.js';
export {
  judgeAct,
  judgeApprovals,
  rolesOf,
  type Accepted,
  type ApprovalFact,
  type ApprovalRequest,
  type Grant,
  type Verdict,
} from './authority/authority.js';
export { checkApprovalBlock } from './authority/check-block.js';
export { decideEscalation } from './decide.js';
export { targetsAt } from './ladder.js';
export { differencesFrom, type Expectation, parseExpectation, showDelay } from './expectations.js';
export { type LintFinding } from './lint/findings.js';
export { lintEscalation } from './lint/lint.js';
export { type EscalationFile, parseEscalation, parseEscalationFile } from './policy/parse.js';
export { onCallAt, shiftAt } from './calendar/schedules.js';
export { escalationSchema } from './policy/schema.js';
export { type SimulatedMessage, type SimulatedStep, simulateEscalation } from './simulate.js';
export { parseSshPublicKey, type SshPublicKey } from './authority/ssh-key.js';
export { APPROVAL_NAMESPACE, dearmorSshSignature } from './authority/ssh-signature.js';
export { storedEscalation } from './policy/stored.js';
export * from './types.js';
export { quietUntil } from './calendar/weekly.js';
export { readTime } from './when.js';
export { isZone, showLocal } from './calendar/zones.js';
