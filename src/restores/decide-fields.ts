import type { RecordHistory } from '../connectors/index.js';
import { compareKeys, mergeSet, setElements, type Fields, type Value, own, put } from '../records/index.js';
import { attributeField, attributionWords, editBeforeDamage, weakest } from './attribution.js';
import type { DecideContext } from './decide-context.js';
import { conflictOf, differing, fieldOf, moveOf, refused, sameSide } from './sides.js';
import type { Attribution, ConflictCode, FieldMove, PlanConflict, RecordSides } from './types.js';

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

/**
 * Decides the fields of a record in which base and damaged differ. Where the history shows a legitimate edit between the base and the
 * damage, that edit stands in for the base.
 */
export function decideFields(context: DecideContext, known: Sides, history: RecordHistory | undefined): FieldDecisions {
  const edits = editsBeforeDamage(context, known, history);
  const sides: Sides = { ...known, base: { ...known.base, ...edits } };
  const fields: Record<string, FieldMove> = {};
  const conflicts: PlanConflict[] = [];
  const attributions: Attribution[] = [];
  const forward: string[] = [];
  let nothing = 0;
  const editedSince = differing(sides.damaged, sides.live).length > 0;
  for (const unit of unitsOf(context, sides)) {
    const verdict = decideUnit(context, sides, unit, history, editedSince);
    if (verdict.is === 'nothing') nothing += 1;
    else if (verdict.is === 'conflict') conflicts.push(verdict.conflict);
    else {
      for (const [name, move] of Object.entries(verdict.moves)) put(fields, name, move);
      attributions.push(verdict.attribution);
      forward.push(...Object.keys(verdict.moves).filter((name) => fieldOf(context.liveSchema, name)?.forwardOnly === true));
    }
  }
  const attribution = weakest(attributions);
  const clearing = forward.length === 0 ? '' : `; ${forward.join(', ')} only moves forwards there, so it is cleared first`;
  const kept = Object.keys(edits).filter((name) => name in fields);
  const edit = kept.length === 0 ? '' : `; ${kept.join(', ')} goes back to an edit made after the base, before the damage`;
  return { fields, why: `damaged, and not edited since; ${attributionWords(attribution)}${clearing}${edit}`, attribution, conflicts, nothing };
}

function editsBeforeDamage(context: DecideContext, sides: Sides, history: RecordHistory | undefined): Record<string, Value> {
  const edits: Record<string, Value> = {};
  for (const name of differing(sides.base, sides.damaged)) {
    const edit = editBeforeDamage(context.suspicion, history, name, own(sides.damaged, name));
    if (edit !== undefined && !sameSide(edit.value, own(sides.base, name))) put(edits, name, edit.value);
  }
  return edits;
}

/** A reason why a field cannot be written, whoever decides; undefined where it can. `value` is what would be written. */
export function impossible(
  context: Pick<DecideContext, 'baseSchema' | 'liveSchema'>,
  name: string,
  value: Value | undefined,
): { readonly code: ConflictCode; readonly message: string } | undefined {
  const field = fieldOf(context.liveSchema, name);
  const before = fieldOf(context.baseSchema, name);
  const object = context.liveSchema.object;
  if (field === undefined) return { code: 'field-removed', message: `The field ${name} is no longer there on ${object}.` };
  if (field.readOnly) return { code: 'read-only', message: `The field ${name} of ${object} cannot be written any more.` };
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

/** The units with a difference between base and damaged that the filters let through. */
function unitsOf(context: DecideContext, sides: Sides): Unit[] {
  const known = new Set(context.baseSchema.fields.map((field) => field.name));
  const wanted = context.filters.fields;
  const groups = new Map<string, Unit>();
  const units: Unit[] = [];
  for (const name of differing(sides.base, sides.damaged)) {
    // A field that came after the base says nothing about damage.
    if (!known.has(name) && own(sides.base, name) === undefined) continue;
    if (context.where !== undefined && !context.where(name, sides)) continue;
    const group = fieldOf(context.liveSchema, name)?.group;
    const members = group === undefined ? [name] : membersOf(context, sides, group);
    if (wanted !== undefined && !members.some((member) => wanted.includes(member))) continue;
    if (members.some((member) => context.filters.exceptFields?.includes(member) === true)) continue;
    if (group === undefined) units.push({ name, members });
    else if (!groups.has(group)) {
      const damaged = members.filter((member) => !sameSide(own(sides.base, member), own(sides.damaged, member)));
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

function decideUnit(context: DecideContext, sides: Sides, unit: Unit, history: RecordHistory | undefined, editedSince: boolean): Verdict {
  const { object, key, base, damaged, live } = sides;
  const hurt = unit.members.filter((name) => !sameSide(own(base, name), own(damaged, name)));
  const targets = new Map(hurt.map((name) => [name, targetOf(context, sides, name)]));
  const open = hurt.filter((name) => !sameSide(own(live, name), targets.get(name)));
  const place = { object, key, field: unit.name, ...valuesOf(hurt, base, damaged, live) };
  for (const name of hurt) {
    const obstacle = impossible(context, name, open.includes(name) ? targets.get(name) : null);
    if (obstacle !== undefined && (open.length > 0 || obstacle.code === 'field-removed'))
      return { is: 'conflict', conflict: conflictOf(obstacle.code, place, obstacle.message, 'leave the field as it is') };
  }
  if (open.length === 0) return { is: 'nothing' };

  const moves: Record<string, FieldMove> = {};
  for (const name of open) put(moves, name, moveOf(own(live, name), targets.get(name) ?? null));
  const attribution = weakest(open.map((name) => attributeField(context.suspicion, history, name, own(damaged, name), editedSince)));
  const conflict = (code: ConflictCode, message: string, keep: string, restore: string): Verdict => ({
    is: 'conflict',
    conflict: conflictOf(code, { ...place, attribution }, message, keep, restore, {
      action: 'update',
      object,
      key,
      fields: moves,
      attribution,
      why: `decided by a person: ${code}`,
    }),
  });
  const what = `${unit.name} of ${object} ${key}`;
  const optOut = open.find((name) => leavesOptOut(context, name, own(live, name), targets.get(name)));
  if (optOut !== undefined)
    return conflict(
      'consent',
      `${optOut} of ${object} ${key} says that this person opted out; the base says otherwise.`,
      'stay opted out',
      'opt the person in again',
    );
  const edited = unit.members.filter(
    (name) => !isSet(context, sides, name) && !sameSide(own(live, name), own(damaged, name)) && !sameSide(own(live, name), own(base, name)),
  );
  if (edited.length > 0)
    return conflict(
      'edited-since',
      `${what} was damaged and then edited (${edited.join(', ')}).`,
      'keep the later edit',
      'write the base value over the later edit',
    );
  if (refused(context.filters, attribution))
    return conflict(
      'unattributed',
      `${what} differs from the base, but ${attributionWords(attribution)}.`,
      'leave it as it is',
      'write the base value',
    );
  return { is: 'write', moves, attribution };
}

/** What a damaged field should hold: the base value; for a set, the merge by element. */
function targetOf(context: DecideContext, sides: Sides, name: string): Value | undefined {
  const { base, damaged, live } = sides;
  if (sameSide(own(live, name), own(damaged, name)) || !isSet(context, sides, name)) return own(base, name);
  const merged = mergeSet(setElements(own(base, name)) ?? [], setElements(own(damaged, name)) ?? [], setElements(own(live, name)) ?? []);
  const now = setElements(own(live, name)) ?? [];
  if (merged.length === now.length && merged.every((element) => now.includes(element))) return own(live, name);
  return merged.length === 0 && !Array.isArray(own(base, name)) ? own(base, name) : merged;
}

/** True where a field is a set on all three sides, so that it merges by element. */
function isSet(context: DecideContext, sides: Sides, name: string): boolean {
  if (fieldOf(context.liveSchema, name)?.type !== 'set') return false;
  return [own(sides.base, name), own(sides.damaged, name), own(sides.live, name)].every((value) => setElements(value) !== undefined);
}

function leavesOptOut(context: DecideContext, name: string, live: Value | undefined, to: Value | undefined): boolean {
  const optedOut = fieldOf(context.liveSchema, name)?.optedOut ?? [];
  return optedOut.some((value) => sameSide(value, live)) && !optedOut.some((value) => sameSide(value, to));
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
    const value = names.length === 1 ? own(fields, first) : Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
    if (value !== undefined) values[side] = value;
  }
  return values;
}
