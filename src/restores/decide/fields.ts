import type { RecordHistory } from '../../connectors/index.js';
import { compareKeys, mergeSet, sameButForm, setElements, type Fields, type Value, ownValue, setOwn } from '../../records/index.js';
import type { Attribution, ConflictCode, FieldMove, PlanConflict, RecordSides } from '../types.js';
import { attributeField, attributionWords, beforeDamage, weakest, type BeforeDamage, type Suspicion } from './attribution.js';
import { conflictOf, differing, fieldOf, isLink, moveOf, refused, sameSide } from './conflicts.js';
import type { DecideContext } from './context.js';
import { guardOf, leavesOptOut } from './guarded.js';

/** What is to happen with the fields of one record that is there on all three sides. */
export interface FieldDecisions {
  readonly fields: Readonly<Record<string, FieldMove>>;
  readonly why: string;
  readonly attribution: Attribution;
  readonly conflicts: readonly PlanConflict[];
  readonly nothing: number;
}

type Sides = RecordSides & { readonly base: Fields; readonly damaged: Fields; readonly live: Fields };

/** Fields that are decided as one: a group of the schema, or a single field. */
interface Unit {
  /** Name of the field, or of the fields joined by `+`. */
  readonly name: string;
  readonly members: readonly string[];
}

/** What one unit comes to. */
type Verdict =
  | { readonly is: 'nothing' }
  | { readonly is: 'write'; readonly moves: Readonly<Record<string, FieldMove>>; readonly attribution: Attribution }
  | { readonly is: 'conflict'; readonly conflict: PlanConflict };

/** What the history says of fields before the damage, where it says more than that the base value was there. */
type Past = Readonly<Record<string, Exclude<BeforeDamage, { readonly is: 'base' }>>>;

/**
 * Decides the fields of a record in which base and damaged differ. Where the history shows a legitimate edit between
 * the base and the first write of the incident, that edit stands in for the base.
 */
export function decideFields(context: DecideContext, known: Sides, history: RecordHistory | undefined): FieldDecisions {
  const harmed = differing(known.base, known.damaged);
  const past = pastOf(context, known, harmed, history);
  const edits: Record<string, Value> = {};
  for (const [name, before] of Object.entries(past)) if (before.is === 'edit') setOwn(edits, name, before.value);
  const edited = Object.keys(edits).length > 0;
  const sides: Sides = edited ? { ...known, base: { ...known.base, ...edits } } : known;
  const fields: Record<string, FieldMove> = {};
  const conflicts: PlanConflict[] = [];
  const attributions: Attribution[] = [];
  const forward: string[] = [];
  let nothing = 0;
  const editedSince = differing(sides.damaged, sides.live).length > 0;
  for (const unit of unitsOf(context, sides, edited ? differing(sides.base, sides.damaged) : harmed)) {
    const verdict = decideUnit(context, sides, unit, { history, past, editedSince });
    if (verdict.is === 'nothing') nothing += 1;
    else if (verdict.is === 'conflict') conflicts.push(verdict.conflict);
    else {
      for (const name of Object.keys(verdict.moves)) {
        setOwn(fields, name, verdict.moves[name] ?? {});
        if (fieldOf(context.liveSchema, name)?.forwardOnly === true) forward.push(name);
      }
      attributions.push(verdict.attribution);
    }
  }
  const attribution = weakest(attributions);
  const clearing = forward.length === 0 ? '' : `; ${forward.join(', ')} only moves forwards there, so it is cleared first`;
  const kept = Object.keys(edits).filter((name) => Object.hasOwn(fields, name));
  const edit = kept.length === 0 ? '' : `; ${kept.join(', ')} goes back to an edit made after the base, before the damage`;
  return { fields, why: whyWritten(context.suspicion, attribution, clearing + edit), attribution, conflicts, nothing };
}

/** Why fields go back to what they were, in words; `more`: what else is to be said of them. */
export function whyWritten({ history }: Suspicion, attribution: Attribution, more = ''): string {
  const blind = history === 'record' && attribution.state === 'attributed';
  const unseen = blind ? '; only the last change of a record is kept there, so an edit between the base and the damage cannot be seen' : '';
  return `damaged, and not edited since; ${attributionWords(attribution)}${more}${unseen}`;
}

const NO_PAST: Past = {};

/** What the incident is known by, for one cell. */
function suspicionAbout({ suspicion, since }: DecideContext, { key }: Sides, field: string): Suspicion {
  const first = since?.(key, field);
  return first === undefined ? suspicion : { ...suspicion, since: first };
}

function pastOf(context: DecideContext, sides: Sides, harmed: readonly string[], history: RecordHistory | undefined): Past {
  if (context.suspicion.history !== 'field') return NO_PAST;
  const past: Record<string, Past[string]> = {};
  for (const name of harmed) {
    const before = beforeDamage(suspicionAbout(context, sides, name), history, name, ownValue(sides.base, name), ownValue(sides.damaged, name));
    if (before.is !== 'base') setOwn(past, name, before);
  }
  return past;
}

/**
 * A reason why a field cannot be written, whoever decides; undefined where it can. `value` is what would be written.
 */
export function impossible(
  context: Pick<DecideContext, 'baseSchema' | 'liveSchema'>,
  name: string,
  value: Value | undefined,
): { readonly code: ConflictCode; readonly message: string } | undefined {
  const field = fieldOf(context.liveSchema, name);
  const before = fieldOf(context.baseSchema, name);
  const object = context.liveSchema.object;
  if (field === undefined) return { code: 'field-removed', message: `The field ${name} no longer exists on ${object}.` };
  if (field.readOnly) return { code: 'read-only', message: `The field ${name} of ${object} can no longer be written.` };
  if (before !== undefined && before.type !== field.type) {
    const message = `The field ${name} of ${object} was ${before.platformType} when the base was made and is ${field.platformType} now.`;
    return { code: 'type-changed', message };
  }
  if (field.options !== undefined && (field.type === 'enum' || field.type === 'set')) {
    const options = new Set(field.options);
    const wanted = field.type === 'set' ? setElements(value) : typeof value === 'string' && value !== '' ? [value] : [];
    const gone = (wanted ?? []).filter((element) => !options.has(element));
    if (gone.length > 0) return { code: 'option-removed', message: `${name} of ${object} no longer has the option ${gone.join(', ')}.` };
  }
  return undefined;
}

/**
 * The units with a difference between base and damaged that the filters let through. `harmed`: the fields that differ.
 */
function unitsOf(context: DecideContext, sides: Sides, harmed: readonly string[]): Unit[] {
  const wanted = context.filters.fields;
  const groups = new Map<string, Unit>();
  const units: Unit[] = [];
  for (const name of harmed) {
    if (context.watched?.some((field) => field.name === name) === true) continue;
    // A field that came after the base says nothing about damage.
    if (fieldOf(context.baseSchema, name) === undefined && ownValue(sides.base, name) === undefined) continue;
    if (isLink(context.liveSchema, name)) continue;
    if (context.where !== undefined && !context.where(name, sides)) continue;
    const group = fieldOf(context.liveSchema, name)?.group;
    const members = group === undefined ? [name] : membersOf(context, sides, group);
    if (wanted !== undefined && !members.some((member) => wanted.includes(member))) continue;
    if (members.some((member) => context.filters.exceptFields?.includes(member) === true)) continue;
    if (group === undefined) units.push({ name, members });
    else if (!groups.has(group)) {
      const damaged = members.filter((member) => !sameSide(ownValue(sides.base, member), ownValue(sides.damaged, member)));
      const unit = { name: damaged.join('+'), members };
      groups.set(group, unit);
      units.push(unit);
    }
  }
  return units;
}

function membersOf(context: DecideContext, sides: Sides, group: string): string[] {
  const members = context.liveSchema.fields.filter((field) => field.group === group && !field.readOnly).map((field) => field.name);
  return members.filter((name) => [sides.base, sides.damaged, sides.live].some((side) => Object.hasOwn(side, name))).sort(compareKeys);
}

/** What is known of a record beside its three sides. */
interface Known {
  readonly history: RecordHistory | undefined;
  readonly past: Past;
  /** It was changed after the damaged snapshot. */
  readonly editedSince: boolean;
}

function decideUnit(context: DecideContext, sides: Sides, unit: Unit, { history, past, editedSince }: Known): Verdict {
  const { object, key, base, damaged, live } = sides;
  const hurt: string[] = [];
  const open: string[] = [];
  const targets = new Map<string, Value | undefined>();
  for (const name of unit.members) {
    if (sameSide(ownValue(base, name), ownValue(damaged, name))) continue;
    const target = targetOf(context, sides, name);
    hurt.push(name);
    targets.set(name, target);
    if (!sameSide(ownValue(live, name), target) && !isMended(context, sides, name, target)) open.push(name);
  }
  const placed = (): Parameters<typeof conflictOf>[1] => ({ object, key, field: unit.name, ...valuesOf(hurt, base, damaged, live) });
  for (const name of hurt) {
    const obstacle = impossible(context, name, open.includes(name) ? targets.get(name) : null);
    if (obstacle !== undefined && (open.length > 0 || obstacle.code === 'field-removed'))
      return { is: 'conflict', conflict: conflictOf(obstacle.code, placed(), obstacle.message, 'leave the field as it is') };
  }
  if (open.length === 0) return { is: 'nothing' };
  const guards = open.flatMap((name) => {
    const rule = guardOf(fieldOf(context.liveSchema, name), ownValue(live, name), targets.get(name));
    return rule === undefined ? [] : [{ name, rule }];
  });
  const never = guards.find(({ rule }) => rule.never === true);
  if (never !== undefined) {
    const message = `${never.name} of ${object} ${key} cannot go back. ${never.rule.why}`;
    return { is: 'conflict', conflict: conflictOf(never.rule.code, placed(), message, 'leave the field as it is') };
  }
  const unchosen = open.filter((name) => context.isChosen?.(key, name) === false);

  const moves: Record<string, FieldMove> = {};
  for (const name of open) setOwn(moves, name, moveOf(ownValue(live, name), targets.get(name) ?? null));
  const attributions = open.map((name) => attributeField(suspicionAbout(context, sides, name), history, name, ownValue(damaged, name), editedSince));
  const attribution = weakest(attributions);
  const conflict = (code: ConflictCode, message: string, keep: string, restore: string): Verdict => ({
    is: 'conflict',
    conflict: conflictOf(code, { ...placed(), attribution }, message, keep, restore, {
      action: 'update',
      object,
      key,
      fields: moves,
      attribution,
      why: `decided by a person: ${code}`,
    }),
  });
  const what = `${unit.name} of ${object} ${key}`;
  const optOut = open.find((name) => leavesOptOut(context.liveSchema, name, ownValue(live, name), targets.get(name)));
  if (optOut !== undefined)
    return conflict(
      'consent',
      `${optOut} of ${object} ${key} says that this person opted out; the base says otherwise.`,
      'stay opted out',
      'opt the person in again',
    );
  const [guard] = guards;
  if (guard !== undefined) return conflict(guard.rule.code, `${what} was damaged. ${guard.rule.why}`, 'leave it as it is', 'write the base value');
  const edited = unit.members.filter(
    (name) =>
      editedSince &&
      !isSet(context, sides, name) &&
      !sameSide(ownValue(live, name), ownValue(damaged, name)) &&
      !sameSide(ownValue(live, name), ownValue(base, name)),
  );
  if (edited.length > 0)
    return conflict(
      'edited-since',
      `${what} was damaged and then edited (${edited.join(', ')}).`,
      'keep the later edit',
      'write the base value over the later edit',
    );
  if (unchosen.length > 0)
    return conflict(
      'unattributed',
      `${what} goes back as a whole, and ${unchosen.join(', ')} is in none of the groups that were chosen.`,
      'leave all of it as it is',
      'write the base value of all of it',
    );
  const question = questionOf(unit.members, past);
  if (question.between !== undefined)
    return conflict('edited-since', `${what} was damaged more than once. ${question.between}`, 'leave it as it is', 'write the base value');
  if (question.cut !== undefined && context.filters.unattributed !== 'include')
    return conflict('unattributed', `${what} was damaged, but ${question.cut}`, 'leave it as it is', 'write the base value');
  if (attributions.some((one) => refused(context.filters, context.suspicion, one)))
    return conflict(
      'unattributed',
      `${what} differs from the base, but ${attributionWords(attribution)}.`,
      'leave it as it is',
      'write the base value',
    );
  return { is: 'write', moves, attribution };
}

/** What a person has to be told before one of these fields goes back to its base value. */
function questionOf(members: readonly string[], past: Past): { readonly between?: string; readonly cut?: string } {
  for (const name of members) {
    const before = ownValue(past, name);
    if (before?.is !== 'between') continue;
    const value = before.value === undefined ? 'it' : `${JSON.stringify(before.value)} to ${name}`;
    const who = before.by.writer === undefined ? 'someone unknown' : before.by.writer;
    const when = before.by.at === undefined ? '' : ` at ${before.by.at}`;
    return {
      between: `In the meantime ${who} wrote ${value}${when}: an edit that should stay, or a reaction to the damage. It is not known which; write it by hand if it is right.`,
    };
  }
  for (const name of members) {
    const before = ownValue(past, name);
    if (before?.is !== 'cut') continue;
    const from = before.oldest === undefined ? '' : ` (from ${before.oldest} on)`;
    return {
      cut: `the platform keeps too few of the changes of ${name}${from} to tell whether someone edited it between the base and the first of them.`,
    };
  }
  return {};
}

/**
 * True where live is the target in a form that the platform gave it, as after an earlier restore, and the damage is
 * more than that.
 */
function isMended(context: DecideContext, { damaged, live }: Sides, name: string, target: Value | undefined): boolean {
  // Nobody touched the damage: it is not mended.
  if (ownValue(live, name) === ownValue(damaged, name)) return false;
  const type = fieldOf(context.liveSchema, name)?.type ?? 'other';
  return !sameButForm(ownValue(damaged, name), target, type) && sameButForm(ownValue(live, name), target, type);
}

/** What a damaged field should hold: the base value; for a set, the merge by element. */
function targetOf(context: DecideContext, sides: Sides, name: string): Value | undefined {
  const { base, damaged, live } = sides;
  if (sameSide(ownValue(live, name), ownValue(damaged, name)) || !isSet(context, sides, name)) return ownValue(base, name);
  const merged = mergeSet(
    setElements(ownValue(base, name)) ?? [],
    setElements(ownValue(damaged, name)) ?? [],
    setElements(ownValue(live, name)) ?? [],
  );
  const now = setElements(ownValue(live, name)) ?? [];
  if (merged.length === now.length && merged.every((element) => now.includes(element))) return ownValue(live, name);
  return merged.length === 0 && !Array.isArray(ownValue(base, name)) ? ownValue(base, name) : merged;
}

/** True where a field is a set on all three sides, so that it merges by element. */
function isSet(context: DecideContext, sides: Sides, name: string): boolean {
  if (fieldOf(context.liveSchema, name)?.type !== 'set') return false;
  return [ownValue(sides.base, name), ownValue(sides.damaged, name), ownValue(sides.live, name)].every((value) => setElements(value) !== undefined);
}

/** The three sides of a unit: plain values for one field, objects by field name for several. */
function valuesOf(names: readonly string[], base: Fields, damaged: Fields, live: Fields): { base?: Value; damaged?: Value; live?: Value } {
  const values: { base?: Value; damaged?: Value; live?: Value } = {};
  for (const [side, fields] of [
    ['base', base],
    ['damaged', damaged],
    ['live', live],
  ] as const) {
    const first = names[0] ?? '';
    const value = names.length === 1 ? ownValue(fields, first) : Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
    if (value !== undefined) values[side] = value;
  }
  return values;
}
