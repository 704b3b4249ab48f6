export * from './types.js';
export { approvalText, formatApprovalBlock, parseApprovalBlocks, type ApprovalBlock, type ApprovalPayload } from './approval-block.js';
export { judgeApprovals, rolesOf, type Accepted, type ApprovalFact, type ApprovalRequest, type Grant, type Verdict } from './authority.js';
export { checkApprovalBlock } from './check-block.js';
export { parseSshPublicKey, type SshPublicKey } from './ssh-key.js';
export { APPROVAL_NAMESPACE, dearmorSshSignature } from './ssh-signature.js';
