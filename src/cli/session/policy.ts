import type { Act, Grant } from '../../escalation/index.js';
import { didYouMean, RunbackError } from '../../lib/index.js';
import type { ApprovalServices } from '../../runbooks/index.js';
import { incidentOf, openIncidents, readEscalation } from './incidents.js';
import { knownEscalation } from './known-escalation.js';
import type { Place } from './place.js';

/**
 * Who may approve what in a workspace, by the escalation.yml of today, or the last one where it is gone; undefined
 * where it has none. The roles that an incident gives hold for its runs while it is open; a drill gives none. Throws `file-invalid`,
 * `secret-literal`.
 */
export async function openPolicy(session: Place): Promise<ApprovalServices | undefined> {
  // A file that is gone allows nobody more than it did; one that cannot be used allows nothing.
  const file = (await readEscalation(session)) ?? (await knownEscalation(session))?.escalation;
  if (file === undefined) return undefined;
  return {
    file,
    grantsOf: async (run) => {
      const [tied, { isOpen }] = await Promise.all([incidentOf(session, run), import('../../incidents/index.js')]);
      return tied && isOpen(tied.incident) && tied.incident.drill === undefined ? tied.incident.grants : [];
    },
  };
}

/**
 * Lets a person do an act that escalation.yml allows them: by their own role, or by one that an incident gives them
 * while it is open (that of the run, or any where there is no run). Where every platform is a sandbox, or there is no
 * escalation.yml, everybody may do everything. Names are taken at their word: what has to be proved is for approvals.
 * Throws `not-authorised` with who may.
 */
export async function authorise(session: Place, act: Act, by: string, run?: string): Promise<void> {
  if (Object.values(session.workspace.config.platforms).every(({ environment }) => environment === 'sandbox')) return;
  const policy = await session.approvals();
  if (policy === undefined) return;
  const { file } = policy;
  const { judgeAct } = await import('../../escalation/index.js');
  if (judgeAct(file, act, by, []).ok) return;
  const verdict = judgeAct(file, act, by, run === undefined ? await grantsOfAll(session) : await policy.grantsOf(run));
  if (verdict.ok) return;
  const near = verdict.code === 'person-unknown' ? didYouMean(by, Object.keys(file.people)) : '';
  const from = verdict.from.map(({ person, name, role }) => `${name} (${person}, ${role})`).join(', ');
  throw new RunbackError('not-authorised', `${by} may not ${act}`, {
    why: `${verdict.reason.charAt(0).toUpperCase()}${verdict.reason.slice(1)}${near === '' ? '.' : near} ${from === '' ? 'Nobody may now, until a level of an incident grants a role.' : `Who may: ${from}.`}`,
    state: 'Nothing was changed.',
    next: `If you are one of them, say so with --as NAME. If not, tell them: runback respond`,
    data: { by, act, reason: verdict.code, from: verdict.from.map(({ person }) => person) },
  });
}

/** The roles that open incidents give. */
async function grantsOfAll(session: Place): Promise<readonly Grant[]> {
  const incidents = await openIncidents(session);
  return incidents.flatMap(({ grants }) => grants);
}
