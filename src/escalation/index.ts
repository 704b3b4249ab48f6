export { approvalText, formatApprovalBlock, parseApprovalBlocks, type ApprovalBlock, type ApprovalPayload } from './approval-block.js';
export {
  judgeAct,
  judgeApprovals,
  rolesOf,
  type Accepted,
  type ActVerdict,
  type ApprovalFact,
  type ApprovalRequest,
  type Grant,
  type Verdict,
} from './authority.js';
export { checkApprovalBlock } from './check-block.js';
export { decideEscalation } from './decide.js';
export { differencesFrom, type Expectation, parseExpectation, showDelay } from './expectations.js';
export { type LintFinding } from './lint-findings.js';
export { lintEscalation } from './lint.js';
export { type EscalationFile, parseEscalation, parseEscalationFile } from './parse.js';
export { onCallAt, shiftAt } from './schedules.js';
export { escalationSchema } from './schema.js';
export { type SimulatedMessage, type SimulatedStep, simulateEscalation } from './simulate.js';
export { parseSshPublicKey, type SshPublicKey } from './ssh-key.js';
export { APPROVAL_NAMESPACE, dearmorSshSignature } from './ssh-signature.js';
export * from './types.js';
export { quietUntil } from './weekly.js';
export { readTime } from './when.js';
export { isZone, showLocal } from './zones.js';
