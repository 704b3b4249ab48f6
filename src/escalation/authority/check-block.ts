import type { Escalation } from '../types.js';
import { approvalText, type ApprovalBlock } from './approval-block.js';
import type { ApprovalFact } from './authority.js';
import { parseSshPublicKey } from './ssh-key.js';
import { type SignatureProblem, verifySshSignature } from './ssh-signature.js';

/** What a block proves, or why its signature proves nothing. */
export type BlockCheck =
  | { readonly ok: true; readonly fact: ApprovalFact }
  | { readonly ok: false; readonly code: SignatureProblem['code']; readonly reason: string };

/**
 * Checks the signature of a block against the key that the policy has for the person it names. A block without a
 * signature gives a fact that nothing authenticates. Whether the approval counts is for `judgeApprovals`.
 */
export function checkApprovalBlock(file: Escalation, block: ApprovalBlock): BlockCheck {
  const { of, authority, by, at, expires } = block.payload;
  const fact = { of, authority, by, at, expires };
  if (block.signature === undefined) return { ok: true, fact: { ...fact, authenticated: 'none' } };
  const line = Object.hasOwn(file.people, by) ? file.people[by]?.key : undefined;
  if (line === undefined) return { ok: false, code: 'key-unknown', reason: `escalation.yml has no key of "${by}" that could have signed it` };
  const known = parseSshPublicKey(line);
  if (!known.ok) return { ok: false, code: 'key-unknown', reason: `the key of ${by} in escalation.yml cannot be used: ${known.why}` };
  const result = verifySshSignature(Buffer.from(block.signature, 'base64'), approvalText(block.payload), known.key);
  if (result.ok) return { ok: true, fact: { ...fact, authenticated: 'signature', fingerprint: result.fingerprint } };
  const { code, why } = result.problem;
  return { ok: false, code, reason: `the signature for ${by} does not count: ${why}` };
}
