import type { Capabilities, FieldChange, RecordHistory } from '../../connectors/index.js';
import { defined } from '../../lib/index.js';
import { sameValue, type Value, ownValue } from '../../records/index.js';
import type { Attribution, PlanFilters } from '../types.js';

/** What the incident is known by. */
export interface Suspicion {
  readonly suspects: readonly string[];
  /** ISO 8601, UTC. */
  readonly since?: string;
  readonly until?: string;
  /**
   * When reading of the base snapshot began, by the platform's clock where it told: nothing older can have made the
   * damage.
   */
  readonly baseStartedAt: string;
  /** When reading of the damaged snapshot had ended: nothing younger can have made the damage. */
  readonly damagedBy?: string;
  readonly history: Capabilities['history'];
  /** How the history names what runback itself wrote: an earlier restore or its undo, which is nobody's edit. */
  readonly own?: string;
  /** The base itself was rebuilt from this history: there is no edit that it does not know, and nothing is cut off it. */
  readonly rebuilt?: true;
}

/** Suspicion as a plan's filters put it. */
export function suspicionOf(
  filters: PlanFilters,
  baseStartedAt: string,
  history: Capabilities['history'],
  own?: string,
  damagedBy?: string,
): Suspicion {
  return {
    ...defined({ own, damagedBy }),
    suspects: filters.suspects ?? [],
    ...defined({ since: filters.since, until: filters.until }),
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
 * Who made one field what the damaged snapshot holds. Looked for is the newest history entry with that value which is
 * not older than the base. `editedSince`: the record was changed after the damaged snapshot, so that a record-level
 * entry speaks of that later edit. A record-level entry older than the base tells of another change: whoever made this
 * one left no trace.
 */
export function attributeField(
  rule: Suspicion,
  history: RecordHistory | undefined,
  field: string,
  damaged: Value | undefined,
  editedSince: boolean,
): Attribution {
  if (rule.history === 'record') {
    const last = ownValue(history?.fields ?? {}, field)?.[0];
    if (last === undefined) return { state: 'unknown' };
    // A window is a limit: the one time that is known of this change lies outside of it.
    if (!notBefore(last.at, rule.baseStartedAt))
      return !editedSince && inWindow(rule, last.at, last.until) === 'outside'
        ? { ...judge(rule, last.writer, last.at), state: 'unattributed' }
        : { state: 'unknown' };
    const verdict = judge(rule, last.writer, last.at, last.until);
    return editedSince && verdict.state === 'unattributed' ? { state: 'unknown' } : verdict;
  }
  const wrote = writeOf(rule, history, field, damaged);
  return wrote === undefined ? { state: 'unknown' } : judgeEntry(rule, wrote);
}

/**
 * The same for a field that cannot be written. What the platform worked out by itself, within the window, may follow
 * from the incident: it is no evidence that somebody else did it.
 */
export function attributeWorkedOut(rule: Suspicion, history: RecordHistory | undefined, field: string, damaged: Value | undefined): Attribution {
  const verdict = attributeField(rule, history, field, damaged, false);
  if (verdict.state !== 'unattributed' || rule.history === 'record') return verdict;
  const wrote = writeOf(rule, history, field, damaged);
  return wrote?.byPlatform === true && inWindow(rule, wrote.at, wrote.until) !== 'outside' ? { ...verdict, state: 'unknown' } : verdict;
}

/** The newest entry that wrote what the damaged snapshot holds. */
function writeOf(rule: Suspicion, history: RecordHistory | undefined, field: string, damaged: Value | undefined): FieldChange | undefined {
  const entries = ownValue(history?.fields ?? {}, field) ?? [];
  const fitting = entries.filter((entry) => fits(entry, damaged) && notBefore(entry.at, rule.baseStartedAt));
  // An undo of ours may have put the damage back: who made it is told by the entry before.
  return fitting.find((entry) => !isOwn(rule, entry)) ?? fitting[0];
}

/** What the history says of one field between the base and the damage. */
export type BeforeDamage =
  /** Nobody but the incident wrote: the base value is what was there before. */
  | { readonly is: 'base' }
  /** Somebody else wrote after the base and before the incident's first write: a legitimate edit that the base does not know. */
  | { readonly is: 'edit'; readonly value: Value; readonly by: Attribution }
  /** Somebody else wrote between two writes of the incident, or may have: an edit, or a reaction to the damage. Only a person can tell. */
  | { readonly is: 'between'; readonly value?: Value; readonly by: Attribution }
  /** The platform does not keep the changes up to the incident's first write any more: what was there before it is not known. */
  | { readonly is: 'cut'; readonly oldest?: string };

const BASE: BeforeDamage = { is: 'base' };
/** A history of fewer versions than this is complete: HubSpot keeps 20 of a property, 45 on contacts. */
const KEPT_VERSIONS = 20;

/**
 * What stood in one field before the incident wrote to it for the first time since the base, in its window. The
 * incident may have written again and again: what others wrote in between may descend from the damage, so that it never
 * stands in for the base.
 */
export function beforeDamage(
  rule: Suspicion,
  history: RecordHistory | undefined,
  field: string,
  base: Value | undefined,
  damaged: Value | undefined,
): BeforeDamage {
  if (rule.history !== 'field') return BASE;
  const all = ownValue(history?.fields ?? {}, field) ?? [];
  const verdictOf = (entry: FieldChange): Attribution => judgeEntry(rule, entry);
  const isPass = (entry: FieldChange): boolean => verdictOf(entry).state === 'attributed';
  const since = all.filter((entry) => notBefore(entry.at, rule.baseStartedAt));
  const others = since.filter((entry) => !isOwn(rule, entry));
  // Where only that name wrote the damage, it is not an earlier restore's: somebody shares it.
  const entries = others.some((entry) => fits(entry, damaged)) ? others : since;
  const wrote = entries.find((entry) => fits(entry, damaged));
  const first = entries.findLast(isPass);
  if (wrote === undefined || first === undefined || !isPass(wrote)) return BASE;
  const strangers = entries.slice(entries.indexOf(wrote)).filter((entry) => !isPass(entry));
  // What bears the very time of the first write cannot be told to be older.
  const isOlder = (entry: FieldChange): boolean =>
    entries.indexOf(entry) > entries.indexOf(first) && (entry.at === undefined || entry.at !== first.at);
  const edit = rule.rebuilt === true ? undefined : strangers.find(isOlder);
  const before = edit === undefined ? base : edit.value;
  const between = strangers.find((entry) => !isOlder(entry) && !(entry.value !== undefined && fits(entry, before)));
  if (between !== undefined) return betweenOf(between, verdictOf(between));
  const oldest = rule.rebuilt === true ? undefined : all.at(-1);
  if (oldest !== undefined && !reaches(rule, all, oldest, base, isPass(oldest))) return { is: 'cut', ...defined({ oldest: oldest.at }) };
  if (edit === undefined || (edit.value !== undefined && fits(edit, base))) return BASE;
  const by = verdictOf(edit);
  // Nothing tells who wrote it, or what, or when: it may be the incident itself.
  return edit.value === undefined || edit.at === undefined || by.state !== 'unattributed'
    ? betweenOf(edit, by)
    : { is: 'edit', value: edit.value, by };
}

function betweenOf({ value }: FieldChange, by: Attribution): BeforeDamage {
  return { is: 'between', by, ...defined({ value }) };
}

/**
 * True where a history goes back to the base: to an entry older than it, or to the base value as somebody else wrote
 * it.
 */
function reaches(rule: Suspicion, all: readonly FieldChange[], oldest: FieldChange, base: Value | undefined, isPass: boolean): boolean {
  if (!notBefore(oldest.at, rule.baseStartedAt)) return true;
  if (!isPass && oldest.value !== undefined && fits(oldest, base)) return true;
  return oldest.stood !== true && isEmpty(base) && all.length < KEPT_VERSIONS;
}

/**
 * Who created a record that the base does not hold. Where the platform only tells who wrote a record last, that one
 * speaks for it: somebody who is not part of the incident either created it, or has made it theirs since.
 */
export function attributeCreation(rule: Suspicion, history: RecordHistory | undefined): Attribution {
  const last = rule.history === 'record' ? Object.values(history?.fields ?? {})[0]?.[0] : undefined;
  const created = history?.created ?? last;
  if (created === undefined) return { state: 'unknown' };
  const verdict = judge(rule, created.writer, created.at);
  // What is older than the base cannot have created what the base does not hold: it convicts nobody, and what speaks
  // for the record counts.
  return verdict.state === 'attributed' && !notBefore(created.at, rule.baseStartedAt) ? { state: 'unknown' } : verdict;
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
export function attributionWords(attribution: Attribution, done: 'written' | 'deleted' = 'written'): string {
  const who = attribution.writer === undefined ? '' : ` by ${attribution.writer}`;
  const when = attribution.at === undefined ? '' : ` at ${attribution.at}`;
  switch (attribution.state) {
    case 'attributed':
      return `${done}${who}${when}, which is part of the incident`;
    case 'unattributed':
      return `${done}${who}${when}, which is not part of the incident`;
    case 'unknown':
    default:
      return who + when === ''
        ? `it is not known who ${done === 'written' ? 'wrote' : 'deleted'} it, or when`
        : `${done}${who}${when}; nothing says whether that is part of the incident`;
  }
}

/** Whether a write belongs to the incident, by who made it and when. */
export function judge(rule: Suspicion, writer: string | undefined, at: string | undefined, until?: string): Attribution {
  return { state: verdictOn(rule, writer, at, until), ...defined({ writer, at }) };
}

/** The same of an entry of a history. What only stood there tells neither who wrote it nor when. */
export function judgeEntry(rule: Suspicion, { writer, at, until, stood }: FieldChange): Attribution {
  return stood === true ? { state: 'unknown' } : judge(rule, writer, at, until);
}

/**
 * Suspect and window, where both are given. Evidence against one of them settles it, whatever is known of the other.
 */
function verdictOn(rule: Suspicion, writer: string | undefined, at: string | undefined, until?: string): Attribution['state'] {
  const byWriter = rule.suspects.length === 0 ? undefined : writer === undefined ? 'unknown' : isSuspect(writer, rule.suspects);
  const byTime = inWindow(rule, at, until);
  if (byWriter === false || byTime === 'outside') return 'unattributed';
  if (byWriter === 'unknown' || byTime === 'unknown') return 'unknown';
  // A time alone names nobody: it has to be the change's own.
  return byWriter === true || (byTime === 'inside' && at !== undefined) ? 'attributed' : 'unknown';
}

/**
 * Where a change lies to the incident's window; undefined where none was given. A change of unknown time lies between
 * the snapshots: inside where all of that is, outside where none of it is. `atLatest`: where it may be later than `at`.
 */
export function inWindow(rule: Suspicion, at: string | undefined, atLatest?: string): 'inside' | 'outside' | 'unknown' | undefined {
  if (rule.since === undefined && rule.until === undefined) return undefined;
  const since = rule.since === undefined ? -Infinity : Date.parse(rule.since);
  const until = rule.until === undefined ? Infinity : Date.parse(rule.until);
  const earliest = Date.parse(at ?? rule.baseStartedAt);
  const end = atLatest === undefined ? earliest : Date.parse(atLatest);
  const latest = at === undefined ? (rule.damagedBy === undefined ? Infinity : Date.parse(rule.damagedBy)) : end;
  if (earliest >= since && latest <= until) return 'inside';
  return latest < since || earliest > until ? 'outside' : 'unknown';
}

/**
 * Where runback writes under the name of a suspect, its own writes cannot be told from the incident's: they count as
 * those.
 */
function isOwn({ own, suspects }: Suspicion, entry: FieldChange): boolean {
  return own !== undefined && entry.writer === own && !isSuspect(own, suspects);
}

/** True where an entry wrote a value, or does not tell which. */
export function fits(entry: FieldChange, value: Value | undefined): boolean {
  if (entry.value === undefined) return true;
  return sameValue(entry.value, value) || (isEmpty(entry.value) && isEmpty(value));
}

/** True for what holds nothing, in any form. */
export function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function notBefore(at: string | undefined, limit: string): boolean {
  return at === undefined || Date.parse(at) >= Date.parse(limit);
}
