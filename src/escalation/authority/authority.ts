import { defined, formatDuration } from '../../lib/index.js';
import type { Act, Escalation, Person, Role } from '../types.js';
import { keyFingerprint } from './ssh-key.js';

/** A role that an incident gave to a person: a level that told them fired. */
export interface Grant {
  readonly role: string;
  /** Id in `people`. */
  readonly person: string;
  /** ISO 8601. */
  readonly since: string;
}

/** What is to be allowed. */
export interface ApprovalRequest {
  readonly act: Act;
  /** Hash of exactly what is approved. */
  readonly of: string;
  /** Blast radius: records that are written, and their share of the records there are. */
  readonly records?: number;
  readonly percent?: number;
  /** Who asks: the person of the run, or who applies the plan. */
  readonly requester: string;
}

/** One person's yes, as far as it is known. */
export interface ApprovalFact {
  readonly of: string;
  readonly authority: string;
  /** Id in `people`, if the person is there. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  /** ISO 8601: an end that the approval itself sets. It shortens what the role gives, never lengthens it. */
  readonly expires?: string;
  /** What proves who gave it: a signature by the person's key, standing at the terminal of the run, or nothing. */
  readonly authenticated: 'signature' | 'in-person' | 'none';
  readonly fingerprint?: string;
}

export type RefusalCode =
  | 'other-plan'
  | 'other-authority'
  | 'person-unknown'
  | 'no-role'
  | 'over-role-limits'
  | 'self-approval'
  | 'unauthenticated'
  | 'in-person'
  | 'signature-needed'
  | 'not-yet'
  | 'expired'
  | 'same-person'
  | 'same-key';

/** Why an approval does not count. */
export interface Refusal<A extends ApprovalFact = ApprovalFact> {
  readonly approval: A;
  readonly code: RefusalCode;
  /** A sentence without its full stop. */
  readonly reason: string;
}

/** An approval that counts. */
export interface Accepted<A extends ApprovalFact = ApprovalFact> {
  readonly approval: A;
  /** The person's role that allows it. */
  readonly role: string;
  /** ISO 8601. */
  readonly expires: string;
}

export interface Verdict<A extends ApprovalFact = ApprovalFact> {
  /** Enough people have approved. */
  readonly met: boolean;
  /** The smallest role that may allow this much; undefined where none may. */
  readonly role?: string;
  /** How many people it takes. */
  readonly needed: number;
  /** One for each person. */
  readonly accepted: readonly Accepted<A>[];
  readonly refused: readonly Refusal<A>[];
  /** Who else could approve. */
  readonly from: readonly { readonly person: string; readonly name: string; readonly hasKey: boolean }[];
  /** Why nobody at all can approve this, in words. */
  readonly impossible?: string;
}

/** Clocks of two machines may differ by this much. */
const SKEW_MS = 5 * 60_000;

/**
 * The roles a person has: their own, and those that the incident gave. Roles that `authority` does not name count for
 * nothing.
 */
export function rolesOf(file: Escalation, person: string, grants: readonly Grant[]): readonly string[] {
  const own = personOf(file, person)?.role;
  const granted = grants.filter((grant) => grant.person === person).map((grant) => grant.role);
  return [...new Set([...(own === undefined ? [] : [own]), ...granted])].filter((role) => Object.hasOwn(file.authority, role));
}

/**
 * Whether these approvals are enough, by what the policy says now. The smallest role whose limits cover the request
 * decides how many people it takes, whether who asks counts, and how long an approval holds; whoever has it or a larger
 * one may give it. Every approval ends up in `accepted` or `refused`.
 */
export function judgeApprovals<A extends ApprovalFact>(
  file: Escalation,
  request: ApprovalRequest,
  approvals: readonly A[],
  grants: readonly Grant[],
  now: Date,
): Verdict<A> {
  const able = ableRoles(file, request);
  const [smallest] = able;
  const decides = smallest === undefined ? undefined : file.authority[smallest];
  const accepted: Accepted<A>[] = [];
  const refused: Refusal<A>[] = [];
  for (const approval of approvals) {
    const verdict = judgeOne(file, request, approval, { able, decides, grants, now });
    if ('code' in verdict) refused.push({ approval, ...verdict });
    else if (accepted.some((other) => other.approval.by === approval.by))
      refused.push({ approval, code: 'same-person', reason: `${approval.by} has approved already: one person counts once` });
    else if (accepted.some((other) => sameHolder(file, other.approval, approval)))
      refused.push({ approval, code: 'same-key', reason: 'its key has approved already under another name: one key counts once' });
    else accepted.push({ approval, ...verdict });
  }
  const needed = Math.max(1, decides?.approvals ?? 1);
  const from = Object.entries(file.people).flatMap(([person, { name, key }]) => {
    const may = rolesOf(file, person, grants).some((role) => able.includes(role));
    const counted = accepted.some((one) => one.approval.by === person);
    const self = person === request.requester && decides?.selfApproval !== true;
    const signed = accepted.some((one) => sameHolder(file, one.approval, { by: person }));
    return may && !counted && !signed && !self ? [{ person, name, hasKey: key !== undefined }] : [];
  });
  const impossible = impossibleWords(file, request, decides, needed > accepted.length + from.length, needed);
  return {
    met: decides !== undefined && accepted.length >= needed,
    ...defined({ role: smallest }),
    needed,
    accepted,
    refused,
    from,
    ...defined({ impossible }),
  };
}

/** Whether two approvals come from one key, whatever the names: whoever holds it could give both. */
function sameHolder(file: Escalation, a: Pick<ApprovalFact, 'by' | 'fingerprint'>, b: Pick<ApprovalFact, 'by' | 'fingerprint'>): boolean {
  const keys = (one: typeof a): readonly string[] =>
    [one.fingerprint, keyFingerprint(personOf(file, one.by)?.key)].filter((fingerprint) => fingerprint !== undefined);
  const known = keys(b);
  return keys(a).some((key) => known.includes(key));
}

/** Whether a person may do an act now, and by which role. */
export type ActVerdict =
  | { readonly ok: true; readonly role?: string }
  | {
      readonly ok: false;
      readonly code: 'person-unknown' | 'no-role';
      /** A sentence without its full stop. */
      readonly reason: string;
      /** Who may. */
      readonly from: readonly { readonly person: string; readonly name: string; readonly role: string }[];
    };

/**
 * Whether a person may do an act by their own role or by one that an incident gave them. An act that no role names is
 * not restricted: a policy that speaks of approvals alone keeps nobody from stopping a sync. Limits of roles are about
 * approvals, and play no part here.
 */
export function judgeAct(file: Escalation, act: Act, by: string, grants: readonly Grant[]): ActVerdict {
  const allows = (role: string): boolean => file.authority[role]?.may.includes(act) === true;
  if (!Object.keys(file.authority).some(allows)) return { ok: true };
  const roles = rolesOf(file, by, grants);
  const role = roles.find(allows);
  if (role !== undefined) return { ok: true, role };
  const from = Object.entries(file.people).flatMap(([person, { name }]) => {
    const theirs = rolesOf(file, person, grants).find(allows);
    return theirs === undefined ? [] : [{ person, name, role: theirs }];
  });
  if (personOf(file, by) === undefined) return { ok: false, code: 'person-unknown', reason: `nobody is called "${by}" in escalation.yml`, from };
  return { ok: false, code: 'no-role', reason: hasNot(by, roles, act), from };
}

function hasNot(by: string, roles: readonly string[], act: Act): string {
  return `${by} ${roles.length === 0 ? 'has no role now' : `is ${roles.join(', ')}`}, and that does not allow ${act}`;
}

interface Bench {
  readonly able: readonly string[];
  readonly decides: Role | undefined;
  readonly grants: readonly Grant[];
  readonly now: Date;
}

type One = { readonly code: RefusalCode; readonly reason: string } | { readonly role: string; readonly expires: string };

function judgeOne(file: Escalation, request: ApprovalRequest, approval: ApprovalFact, { able, decides, grants, now }: Bench): One {
  const { by } = approval;
  if (approval.of !== request.of) return { code: 'other-plan', reason: `it was given for ${short(approval.of)}, and this is ${short(request.of)}` };
  if (approval.authority !== request.act)
    return { code: 'other-authority', reason: `it allows ${approval.authority}, and this needs ${request.act}` };
  const person = personOf(file, by);
  if (person === undefined) return { code: 'person-unknown', reason: `nobody is called "${by}" in escalation.yml` };
  const roles = rolesOf(file, by, grants);
  const role = able.find((one) => roles.includes(one));
  if (role === undefined || decides === undefined) return noRole(file, request, by, roles);
  if (by === request.requester && !decides.selfApproval)
    return { code: 'self-approval', reason: `${by} asks for it, and nobody approves their own request here` };
  if (!decides.selfApproval && sameHolder(file, { by: request.requester }, approval))
    return { code: 'self-approval', reason: `${by} has the key of ${request.requester}, who asks for it: nobody approves their own request here` };
  const unproven = unprovenWords(file, person, approval);
  if (unproven !== undefined) return unproven;
  const at = Date.parse(approval.at);
  const expires = Math.min(at + decides.expiresMs, approval.expires === undefined ? Infinity : Date.parse(approval.expires));
  if (Number.isNaN(expires)) return { code: 'expired', reason: 'its time cannot be read' };
  if (at > now.getTime() + SKEW_MS) return { code: 'not-yet', reason: `it is dated ${approval.at}, which is in the future` };
  if (expires <= now.getTime())
    return { code: 'expired', reason: `it expired at ${new Date(expires).toISOString()}, ${formatDuration(now.getTime() - expires)} ago` };
  return { role, expires: new Date(expires).toISOString() };
}

function unprovenWords(file: Escalation, person: Person, { by, authenticated }: ApprovalFact): One | undefined {
  if (authenticated === 'in-person' && !file.approvals.inPerson)
    return { code: 'in-person', reason: 'escalation.yml does not allow approvals at the terminal: it has to be signed' };
  if (authenticated !== 'none') return undefined;
  if (!file.approvals.unauthenticated)
    return { code: 'unauthenticated', reason: 'it is unauthenticated, and escalation.yml does not allow that: it has to be signed' };
  if (person.key !== undefined) return { code: 'signature-needed', reason: `${by} has a key in escalation.yml, and it is not signed with it` };
  return undefined;
}

/** Roles that may do the act to this much, the smallest first. */
function ableRoles(file: Escalation, request: ApprovalRequest): readonly string[] {
  const size = (limit: number | undefined): number => limit ?? Infinity;
  return Object.entries(file.authority)
    .filter(([, role]) => role.may.includes(request.act) && excessOfRole(role, request) === undefined)
    .sort(([a, x], [b, y]) => {
      const [xr, yr, xp, yp] = [size(x.limits.records), size(y.limits.records), size(x.limits.percent), size(y.limits.percent)];
      if (xr !== yr) return xr - yr;
      if (xp !== yp) return xp - yp;
      return x.approvals - y.approvals || (a < b ? -1 : 1);
    })
    .map(([name]) => name);
}

/** In words, how far a request is beyond the limits of a role. */
function excessOfRole({ limits }: Role, { records, percent }: ApprovalRequest): string | undefined {
  if (limits.records !== undefined && records !== undefined && records > limits.records)
    return `up to ${count(limits.records)} records; this is ${count(records)}`;
  if (limits.percent !== undefined && percent !== undefined && percent > limits.percent)
    return `up to ${count(limits.percent)} % of the records; this is ${percent.toFixed(1)} %`;
  return undefined;
}

function noRole(file: Escalation, request: ApprovalRequest, by: string, roles: readonly string[]): One {
  for (const name of roles) {
    const role = file.authority[name];
    const excess = role?.may.includes(request.act) === true ? excessOfRole(role, request) : undefined;
    if (excess !== undefined) return { code: 'over-role-limits', reason: `${by} is ${name}, and ${name} may ${request.act} ${excess}` };
  }
  return { code: 'no-role', reason: hasNot(by, roles, request.act) };
}

function impossibleWords(file: Escalation, request: ApprovalRequest, decides: Role | undefined, tooFew: boolean, needed: number): string | undefined {
  if (decides !== undefined)
    return tooFew ? `It takes ${needed} people, but escalation.yml and the incident give fewer people the authority ${request.act}` : undefined;
  const excesses = Object.entries(file.authority).flatMap(([name, role]) => {
    const excess = role.may.includes(request.act) ? excessOfRole(role, request) : undefined;
    return excess === undefined ? [] : [`${name} may ${request.act} ${excess}`];
  });
  return excesses.length === 0 ? `No role in escalation.yml may ${request.act}` : `Nobody may allow this much: ${excesses.join('. ')}`;
}

function personOf(file: Escalation, id: string): Person | undefined {
  return Object.hasOwn(file.people, id) ? file.people[id] : undefined;
}

const count = (value: number): string => value.toLocaleString('en-US');
const short = (hash: string): string => (/^[0-9a-f]{64}$/u.test(hash) ? `${hash.slice(0, 12)}…` : `"${hash.slice(0, 80)}"`);
