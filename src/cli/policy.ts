import type { Escalation, Grant } from '../escalation/index.js';
import type { ApprovalServices } from '../runbooks/index.js';

/** Reads and checks escalation.yml of a workspace; undefined where there is none. Throws `file-unreadable`, `file-invalid`. */
async function loadPolicy(_root: string): Promise<Escalation | undefined> {
  // The parser of escalation.yml goes here.
  return undefined;
}

/** Roles that an incident gives to people; none until runs belong to incidents. */
const noGrants = (): Promise<readonly Grant[]> => Promise.resolve([]);

/** Who may approve what in a workspace; undefined where it has no escalation.yml. Throws `file-unreadable`, `file-invalid`. */
export async function openPolicy(root: string): Promise<ApprovalServices | undefined> {
  const file = await loadPolicy(root);
  return file === undefined ? undefined : approvalServices(file);
}

/** The approvals of a workspace from its parsed policy. `grantsOf`: roles that people have through the incident of a run. */
export function approvalServices(file: Escalation, grantsOf: ApprovalServices['grantsOf'] = noGrants): ApprovalServices {
  return { file, grantsOf };
}
