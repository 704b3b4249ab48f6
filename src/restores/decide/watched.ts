import type { RecordHistory } from '../../connectors/index.js';
import { ownValue, setOwn, type Fields, type FieldSchema, type Value } from '../../records/index.js';
import type { PlanConflict, RecordSides } from '../types.js';
import { attributeWorkedOut, attributionWords } from './attribution.js';
import { conflictOf, sameSide } from './conflicts.js';
import type { DecideContext } from './context.js';

/** What a record holds in the fields that are watched, on each side. */
export interface WatchedSides {
  readonly base?: Fields;
  readonly damaged?: Fields;
  readonly live?: Fields;
}

const ANYWHERE = 'In the platform itself: runback cannot write this field.';

/**
 * Harm in fields that cannot be written: each is a conflict without a choice, which says how it is put right. What the
 * evidence says somebody outside the incident did, or what was changed again since, is none. Pure.
 */
export function decideWatched(
  context: DecideContext,
  sides: RecordSides,
  watched: WatchedSides,
  history: RecordHistory | undefined,
): { readonly conflicts: readonly PlanConflict[]; readonly nothing: number } {
  const conflicts: PlanConflict[] = [];
  let nothing = 0;
  for (const field of context.watched ?? []) {
    const [base, damaged, live] = [watched.base, watched.damaged, watched.live].map((side) => ownValue(side ?? {}, field.name));
    // Never having opted out and having it said so is the same.
    const neverOut = field.optedOut !== undefined && [base, damaged, live].every((side) => !isOut(field, side));
    if (sameSide(base, damaged) || neverOut || !passes(context, sides, watched, field.name)) continue;
    const attribution = attributeWorkedOut(context.suspicion, history, field.name, damaged);
    const lost = isOut(field, base) && !isOut(field, live);
    if (attribution.state === 'unattributed' || sameSide(live, base) || (!sameSide(live, damaged) && !lost)) {
      nothing += 1;
      continue;
    }
    const who = lost ? 'This person had opted out, and no longer counts as opted out. ' : '';
    const message = `${field.name} of ${sides.object} ${sides.key} was ${said(base)} and is ${said(live)}: ${attributionWords(attribution)}. ${who}It cannot be written.`;
    conflicts.push(byHand(field, { object: sides.object, key: sides.key, attribution, ...values({ base, damaged, live }) }, message));
  }
  return { conflicts, nothing };
}

/** What a record that is created again, or came back without it, cannot be told: that its person had opted out. */
export function lostOptOuts(context: DecideContext, sides: RecordSides, watched: WatchedSides): readonly PlanConflict[] {
  return (context.watched ?? []).flatMap((field) => {
    const base = ownValue(watched.base ?? {}, field.name);
    if (!isOut(field, base) || isOut(field, ownValue(watched.live ?? {}, field.name)) || !passes(context, sides, watched, field.name)) return [];
    const whose = sides.live === undefined ? 'the record that is created again' : 'the record that came back';
    const message = `${field.name} of ${sides.object} ${sides.key} was ${said(base)}. It cannot be written, so ${whose} does not know that this person opted out.`;
    return [byHand(field, { object: sides.object, key: sides.key, ...values({ base }) }, message)];
  });
}

function byHand(field: FieldSchema, place: Omit<Parameters<typeof conflictOf>[1], 'field'>, message: string): PlanConflict {
  const code = field.optedOut === undefined ? 'read-only' : 'consent';
  return { ...conflictOf(code, { ...place, field: field.name }, message, ''), choices: {}, byHand: field.byHand ?? ANYWHERE };
}

function passes({ filters, where }: DecideContext, sides: RecordSides, watched: WatchedSides, name: string): boolean {
  if (filters.fields?.includes(name) === false || filters.exceptFields?.includes(name) === true) return false;
  const whole = (side: Fields | undefined, more: Fields | undefined): Fields | undefined => (side === undefined ? undefined : { ...side, ...more });
  if (where === undefined) return true;
  return where(name, {
    ...sides,
    base: whole(sides.base, watched.base),
    damaged: whole(sides.damaged, watched.damaged),
    live: whole(sides.live, watched.live),
  });
}

function isOut(field: FieldSchema, value: Value | undefined): boolean {
  return field.optedOut?.some((one) => sameSide(one, value)) === true;
}

function said(value: Value | undefined): string {
  return value === undefined || value === null || value === '' ? 'empty' : JSON.stringify(value);
}

function values(sides: {
  readonly base?: Value | undefined;
  readonly damaged?: Value | undefined;
  readonly live?: Value | undefined;
}): Partial<Record<'base' | 'damaged' | 'live', Value>> {
  const given: Record<string, Value> = {};
  for (const [side, value] of Object.entries(sides)) if (value !== undefined) setOwn(given, side, value);
  return given;
}
