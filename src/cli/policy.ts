import type { ApprovalServices } from '../runbooks/index.js';
import { incidentOf, readEscalation } from './incidents.js';
import type { Session } from './session.js';

/**
 * Who may approve what in a workspace, by the escalation.yml of today; undefined where it has none. The roles that an incident gives hold
 * for its runs while it is open. Throws `file-invalid`, `secret-literal`.
 */
export async function openPolicy(session: Session): Promise<ApprovalServices | undefined> {
  const file = await readEscalation(session);
  if (file === undefined) return undefined;
  return {
    file,
    grantsOf: async (run) => {
      const [tied, { isOpen }] = await Promise.all([incidentOf(session, run), import('../incidents/index.js')]);
      return tied && isOpen(tied.incident) ? tied.incident.grants : [];
    },
  };
}
