import type { Capabilities, FieldChange, RecordHistory } from '../connectors/index.js';
import { sameValue, type Value, own } from '../records/index.js';
import type { Attribution, PlanFilters } from './types.js';

/** What the incident is known by. */
export interface Suspicion {
  readonly suspects: readonly string[];
  /** ISO 8601, UTC. */
  readonly since?: string;
  readonly until?: string;
  /** When reading of the base snapshot began: nothing older can have made the damage. */
  readonly baseStartedAt: string;
  readonly history: Capabilities['history'];
  /** How the history names what runback itself wrote: an earlier restore or its undo, which is nobody's edit. */
  readonly own?: string;
}

/** Suspicion as a plan's filters put it. */
export function suspicionOf(filters: PlanFilters, baseStartedAt: string, history: Capabilities['history'], own?: string): Suspicion {
  return {
    ...(own === undefined ? {} : { own }),
    suspects: filters.suspects ?? [],
    ...(filters.since === undefined ? {} : { since: filters.since }),
    ...(filters.until === undefined ? {} : { until: filters.until }),
    baseStartedAt,
    history,
  };
}

/** False where history could not change any verdict, so that it need not be asked for. */
export function wantsHistory(rule: Suspicion): boolean {
  return rule.history !== 'none' && (rule.suspects.length > 0 || rule.since !== undefined || rule.until !== undefined);
}

/** True where a writer is one of the suspects: the same name, or a suspect ending in `*` begins it. */
export function isSuspect(writer: string, suspects: readonly string[]): boolean {
  return suspects.some((suspect) => (suspect.endsWith('*') ? writer.startsWith(suspect.slice(0, -1)) : writer === suspect));
}

/**
 * Who made one field what the damaged snapshot holds. Looked for is the newest history entry with that value which is not
 * older than the base. `editedSince`: the record was changed after the damaged snapshot, so that a record-level entry speaks
 * of that later edit.
 */
export function attributeField(
  rule: Suspicion,
  history: RecordHistory | undefined,
  field: string,
  damaged: Value | undefined,
  editedSince: boolean,
): Attribution {
  const entries = own(history?.fields ?? {}, field) ?? [];
  if (rule.history === 'record') {
    const last = entries[0];
    if (last === undefined) return { state: 'unknown' };
    const verdict = judge(rule, last.writer, last.at);
    return editedSince && verdict.state === 'unattributed' ? { state: 'unknown' } : verdict;
  }
  const fitting = entries.filter((entry) => fits(entry, damaged) && notBefore(entry.at, rule.baseStartedAt));
  // An undo of ours may have put the damage back: who made it is told by the entry before.
  const wrote = fitting.find((entry) => !isOwn(rule, entry)) ?? fitting[0];
  return wrote === undefined ? { state: 'unknown' } : judge(rule, wrote.writer, wrote.at);
}

/**
 * What the history says one field held just before the incident wrote the damaged value, where that was written after the base
 * snapshot by somebody who is not part of the incident: a legitimate edit that the base does not know. Undefined where there was none.
 */
export function editBeforeDamage(
  rule: Suspicion,
  history: RecordHistory | undefined,
  field: string,
  damaged: Value | undefined,
): { readonly value: Value; readonly by: Attribution } | undefined {
  if (rule.history !== 'field') return undefined;
  const entries = own(history?.fields ?? {}, field) ?? [];
  const wrote = entries.findIndex((entry) => fits(entry, damaged) && !isOwn(rule, entry));
  const verdictOf = (entry: FieldChange): Attribution => judge(rule, entry.writer, entry.at);
  const [damage, ...older] = wrote === -1 ? [] : entries.slice(wrote);
  if (damage === undefined || verdictOf(damage).state !== 'attributed') return undefined;
  const before = older.find((entry) => verdictOf(entry).state !== 'attributed' && !isOwn(rule, entry));
  if (before?.value === undefined || before.at === undefined || !notBefore(before.at, rule.baseStartedAt)) return undefined;
  return { value: before.value, by: verdictOf(before) };
}

/**
 * Who created a record that the base does not hold. Where the platform only tells who wrote a record last, that one speaks for it: somebody
 * who is not part of the incident either created it, or has made it theirs since.
 */
export function attributeCreation(rule: Suspicion, history: RecordHistory | undefined): Attribution {
  const last = rule.history === 'record' ? Object.values(history?.fields ?? {})[0]?.[0] : undefined;
  const created = history?.created ?? last;
  return created === undefined ? { state: 'unknown' } : judge(rule, created.writer, created.at);
}

/** The weakest of several verdicts, with the first writer that is known. */
export function weakest(verdicts: readonly Attribution[]): Attribution {
  const order = ['unattributed', 'unknown', 'attributed'] as const;
  for (const state of order) {
    const found = verdicts.find((verdict) => verdict.state === state);
    if (found !== undefined) return found;
  }
  return { state: 'unknown' };
}

/** The verdict as a clause for people. */
export function attributionWords(attribution: Attribution): string {
  const who = attribution.writer === undefined ? '' : ` by ${attribution.writer}`;
  const when = attribution.at === undefined ? '' : ` at ${attribution.at}`;
  switch (attribution.state) {
    case 'attributed':
      return `written${who}${when}, which is part of the incident`;
    case 'unattributed':
      return `written${who}${when}, which is not part of the incident`;
    case 'unknown':
    default:
      return who + when === '' ? 'nothing tells who wrote it' : `written${who}${when}; nothing says whether that is part of the incident`;
  }
}

function judge(rule: Suspicion, writer: string | undefined, at: string | undefined): Attribution {
  return { state: verdictOn(rule, writer, at), ...(writer === undefined ? {} : { writer }), ...(at === undefined ? {} : { at }) };
}

function verdictOn(rule: Suspicion, writer: string | undefined, at: string | undefined): Attribution['state'] {
  if (rule.suspects.length > 0) {
    if (writer === undefined) return 'unknown';
    return isSuspect(writer, rule.suspects) ? 'attributed' : 'unattributed';
  }
  if (rule.since === undefined && rule.until === undefined) return 'unknown';
  if (at === undefined) return 'unknown';
  const time = Date.parse(at);
  const inside = (rule.since === undefined || time >= Date.parse(rule.since)) && (rule.until === undefined || time <= Date.parse(rule.until));
  return inside ? 'attributed' : 'unattributed';
}

function isOwn({ own }: Suspicion, entry: FieldChange): boolean {
  return own !== undefined && entry.writer === own;
}

function fits(entry: FieldChange, value: Value | undefined): boolean {
  if (entry.value === undefined) return true;
  return sameValue(entry.value, value) || (isEmpty(entry.value) && isEmpty(value));
}

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function notBefore(at: string | undefined, limit: string): boolean {
  return at === undefined || Date.parse(at) >= Date.parse(limit);
}
