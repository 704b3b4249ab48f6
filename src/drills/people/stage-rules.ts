import { type Escalation, type Grant, type Role, rolesOf } from '../../escalation/index.js';

/**
 * The rules of a workspace as an escalation.yml for a stage: the same people, keys, roles and limits decide there who
 * may approve, and pages go into a file, to nobody. Each person has the strongest role that is theirs now, by
 * themselves or by what an incident gave them. JSON is YAML.
 */
export function stageRules(file: Escalation, grants: readonly Grant[]): string {
  const { authority, approvals } = file;
  const people = Object.entries(file.people).map(([id, { name, key }]) => {
    const role = strongest(file, rolesOf(file, id, grants));
    return [id, { name, contact: [], ...(key === undefined ? {} : { key }), ...(role === undefined ? {} : { role }) }] as const;
  });
  const document = {
    version: 1,
    people: Object.fromEntries(people),
    channels: { pages: { type: 'command', run: ['tee', '-a', 'pages.log'] } },
    authority: Object.fromEntries(Object.entries(authority).map(([name, role]) => [name, roleDocument(role)])),
    approvals: { in_person: approvals.inPerson, unauthenticated: approvals.unauthenticated },
    severities: { sev2: { means: 'A drill', policy: 'drill' } },
    policies: { drill: { levels: [{ notify: ['channel:pages'], ack_within: '15m' }] } },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const roleDocument = ({ may, limits, approvals, selfApproval, expiresMs }: Role) => ({
  may,
  limits,
  approvals,
  self_approval: selfApproval,
  expires: `${expiresMs}ms`,
});

/** The role that may do the most, and of equal ones the one with the widest limits. */
function strongest({ authority }: Escalation, roles: readonly string[]): string | undefined {
  const size = (name: string): readonly number[] => {
    const { may = [], limits = {} } = authority[name] ?? {};
    return [may.length, limits.records ?? Infinity, limits.percent ?? Infinity];
  };
  const larger = (a: string, b: string): number => {
    const [x, y] = [size(a), size(b)];
    const at = x.findIndex((value, index) => value !== y[index]);
    return at === -1 ? 0 : (y[at] ?? 0) - (x[at] ?? 0) > 0 ? 1 : -1;
  };
  return [...roles].sort(larger)[0];
}
