import type { NeverAgain, RecordHistory } from '../../connectors/index.js';
import { defined } from '../../lib/index.js';
import { ownValue, setOwn, type Fields } from '../../records/index.js';
import type { Attribution, DecidedChange, FieldMove, PlanConflict, RecordSides } from '../types.js';
import { attributeCreation, attributionWords, judge, notBefore } from './attribution.js';
import { conflictOf, differing, fieldOf, isLink, moveOf, refused } from './conflicts.js';
import type { DecideContext, FilePart } from './context.js';
import { decideFields, impossible, type FieldDecisions } from './fields.js';
import { guardOf, guardOfCreate, leavesOptOut } from './guarded.js';
import { decideWatched, lostOptOuts, type WatchedSides } from './watched.js';

/** What else is known of a record. */
export interface RecordEvidence {
  readonly history?: RecordHistory;
  /** The key that the platform leads to now, where the record was merged away. */
  readonly mergedInto?: string;
  /** The key that an earlier restore created this record again under, where that record still lives. */
  readonly recreatedAs?: string;
  /** The record was deleted, and the platform cannot bring it back any more, although it can others of its object type. */
  readonly isFinal?: boolean;
  /** It was never there: its counterpart on another platform says that it has to be. */
  readonly isNew?: true;
  /** It is gone, as far as is seen, and is not created again through the platform's API. */
  readonly neverAgain?: NeverAgain;
  /** An earlier restore that may or may not have created this record again. */
  readonly inDoubtIn?: string;
  /** What the record holds in fields that cannot be written and are compared all the same. */
  readonly watched?: WatchedSides;
}

/** What is to happen with one record: at most one change, and what a person has to decide. */
export interface RecordDecision {
  readonly change?: Extract<DecidedChange, { readonly object: string }>;
  readonly conflicts: readonly PlanConflict[];
  /** Differences between base and damaged that need nothing. */
  readonly nothing: number;
}

const NOTHING: RecordDecision = { conflicts: [], nothing: 1 };

/** Decides one record three ways, after the tables of `docs/architecture.md`. Pure. */
export function decideRecord(context: DecideContext, sides: RecordSides, evidence: RecordEvidence = {}): RecordDecision {
  const { base, damaged, live } = sides;
  if (base === undefined) return damaged === undefined || live === undefined ? NOTHING : decideCreated(context, sides, evidence);
  if (live === undefined) return decideGone(context, sides, base, evidence);
  if (damaged === undefined) {
    const back = decideCameBack(context, sides);
    return { ...back, conflicts: [...back.conflicts, ...lostOptOuts(context, sides, evidence.watched ?? {})] };
  }
  const { object, key } = sides;
  const decided = decideFields(context, { object, key, base, damaged, live }, evidence.history);
  const harmed = decideWatched(context, sides, evidence.watched ?? {}, evidence.history);
  const conflicts = harmed.conflicts.length === 0 ? decided.conflicts : [...decided.conflicts, ...harmed.conflicts];
  const nothing = decided.nothing + harmed.nothing;
  const change = updateOf(sides, decided);
  return change === undefined ? { conflicts, nothing } : { change, conflicts, nothing };
}

/** In base, not in live: deleted by the damage, deleted later, or merged away. */
function decideGone(context: DecideContext, sides: RecordSides, base: Fields, evidence: RecordEvidence): RecordDecision {
  const { object, key, damaged } = sides;
  const { filters, liveSchema } = context;
  if (filters.fields !== undefined && damaged === undefined) return NOTHING;
  if (context.where !== undefined && !context.where('', sides)) return { conflicts: [], nothing: 0 };
  if (evidence.recreatedAs !== undefined) return NOTHING;
  const whole = { object, key, base, ...defined({ damaged }) };
  if (evidence.mergedInto !== undefined) {
    const message = `${object} ${key} was merged into ${evidence.mergedInto}; a merge cannot be undone, and creating it again would make a duplicate.`;
    return only(conflictOf('merged-away', whole, message, 'leave the merged record as it is'));
  }
  if (evidence.inDoubtIn !== undefined) {
    const message = `Restore ${evidence.inDoubtIn} may have created ${object} ${key} again already; resume it first: runback restore resume ${evidence.inDoubtIn}`;
    return only(conflictOf('unique-taken', whole, message, 'leave it until that restore has been resumed'));
  }
  if (evidence.neverAgain !== undefined) {
    const { why, perhapsThere } = evidence.neverAgain;
    if (perhapsThere === true)
      return only(conflictOf('perhaps-hidden', whole, `${object} ${key} is not seen, and not created again. ${why}`, 'leave it as it is'));
    const message = `${object} ${key} was deleted and cannot be created again. ${why}`;
    return only(conflictOf('irreversible', whole, message, 'leave it deleted'));
  }
  const undelete = liveSchema.undelete && evidence.isFinal !== true;
  const { fields, conflicts: without } = fieldsToCreate(context, sides, base);
  const conflicts = undelete ? without : [...without, ...lostOptOuts(context, sides, evidence.watched ?? {})];
  const how = undelete ? 'undelete it' : liveSchema.createWithKey ? 'create it again with its old key' : 'create it again under a new key';
  const by = evidence.history?.deleted;
  const attribution: Attribution = by === undefined ? { state: 'unknown' } : judge(context.suspicion, by.writer, by.at);
  const action = undelete ? 'undelete' : 'create';
  const guard = guardOfCreate(liveSchema, fields);
  if (guard !== undefined) {
    const { code, why, never } = guard.rule;
    const later = damaged === undefined ? '' : 'damaged, and deleted later by someone else';
    const message = `${object} ${key} was ${later === '' ? 'deleted' : later}, and would come back with ${guard.name} ${JSON.stringify(base[guard.name])}. ${why}`;
    if (never === true) return { conflicts: [...conflicts, conflictOf(code, whole, message, 'leave it deleted')], nothing: 0 };
    const change = { action, object, key, fields, attribution, why: `decided by a person: ${code}` } as const;
    return { conflicts: [...conflicts, conflictOf(code, whole, message, 'leave it deleted', how, change)], nothing: 0 };
  }
  if (damaged !== undefined) {
    const change = { action, object, key, fields, attribution, why: `${how}, although it was deleted after the damage` } as const;
    const rest = context.imported === undefined ? '' : ` What ${context.imported.file} does not hold would come from the snapshot of the damage.`;
    const message = `${object} ${key} was damaged, and deleted later by someone else.${rest}`;
    return { conflicts: [...conflicts, conflictOf('deleted-later', whole, message, 'leave it deleted', how, change)], nothing: 0 };
  }
  const change = {
    action,
    object,
    key,
    fields,
    attribution,
    why:
      evidence.isNew === true
        ? 'missing here, and there on the other side: create it'
        : `${by === undefined ? 'in the base, deleted since' : attributionWords(attribution, 'deleted')}: ${how}`,
  } as const;
  if (context.imported !== undefined && evidence.isNew !== true)
    return { conflicts: [...conflicts, partlyKnown(context.imported, change, base, how)], nothing: 0 };
  if (refused(filters, context.suspicion, attribution)) {
    const tie =
      by === undefined
        ? 'but nothing ties that to the incident: the platform keeps no history of deleted records'
        : attributionWords(attribution, 'deleted');
    const message = `${object} ${key} was deleted, ${tie}.`;
    return { conflicts: [...conflicts, conflictOf('unattributed', whole, message, 'leave it deleted', how, change)], nothing: 0 };
  }
  return { change, conflicts, nothing: 0 };
}

/** A record that is in a file and gone since: nobody but a person can say whether a record with these fields alone is wanted. */
function partlyKnown(
  { file, of }: FilePart,
  change: Extract<RecordDecision['change'], { readonly fields: object }>,
  base: Fields,
  how: string,
): PlanConflict {
  const { object, key } = change;
  const held = Object.keys(change.fields).length;
  const message = `${object} ${key} is in ${file} and no longer exists. ${held} of its ${of} fields are there, and none of its links: nothing else comes back.`;
  return conflictOf('base-partial', { object, key, base }, message, 'leave it deleted', `${how}, with these fields only`, change);
}

/** What a re-created record is to hold, and what of the base it cannot hold any more. */
function fieldsToCreate(
  context: DecideContext,
  sides: RecordSides,
  base: Fields,
): { readonly fields: Readonly<Record<string, FieldMove>>; readonly conflicts: readonly PlanConflict[] } {
  const fields: Record<string, FieldMove> = {};
  const conflicts: PlanConflict[] = [];
  const watched = new Set(context.watched?.map((field) => field.name));
  for (const name of Object.keys(base)) {
    if (isLink(context.liveSchema, name)) continue;
    const value = ownValue(base, name) ?? null;
    if (context.filters.exceptFields?.includes(name) === true || watched.has(name)) continue;
    const obstacle = impossible(context, name, value);
    if (obstacle === undefined) setOwn(fields, name, { to: value });
    else if (value !== null && value !== '')
      conflicts.push(
        conflictOf(
          obstacle.code,
          { object: sides.object, key: sides.key, field: name, base: value },
          obstacle.message,
          'create the record without this field',
        ),
      );
  }
  return { fields, conflicts };
}

/** In base, missing from damaged, there again. */
function decideCameBack(context: DecideContext, sides: RecordSides): RecordDecision {
  const { object, key, base, live } = sides;
  if (base === undefined || live === undefined || context.filters.fields !== undefined) return NOTHING;
  if (context.where !== undefined && !context.where('', sides)) return { conflicts: [], nothing: 0 };
  const names = differing(base, live).filter(
    (name) =>
      (context.imported === undefined || ownValue(base, name) !== undefined) &&
      !isLink(context.liveSchema, name) &&
      impossible(context, name, ownValue(base, name)) === undefined &&
      guardOf(fieldOf(context.liveSchema, name), ownValue(live, name), ownValue(base, name))?.never !== true,
  );
  if (names.length === 0) return NOTHING;
  const fields: Record<string, FieldMove> = {};
  for (const name of names) setOwn(fields, name, moveOf(ownValue(live, name), ownValue(base, name)));
  const change = {
    action: 'update',
    object,
    key,
    fields,
    attribution: { state: 'unknown' },
    why: 'came back with other values than the base',
  } as const;
  const message = `${object} ${key} was deleted by the damage and has come back with other values in ${names.join(', ')}.`;
  const consent = names.filter((name) => leavesOptOut(context.liveSchema, name, ownValue(live, name), ownValue(base, name)));
  if (consent.length === 0)
    return only(conflictOf('came-back', { object, key, base, live }, message, 'leave it as it came back', 'write the base values over it', change));
  const says = `${message} ${consent.join(', ')} says that this person opted out.`;
  return only(
    conflictOf('consent', { object, key, base, live }, says, 'stay opted out', 'write the base values over it, and opt the person in again', change),
  );
}

/** Not in base, in damaged and live: created by the damage. */
function decideCreated(context: DecideContext, sides: RecordSides, evidence: RecordEvidence): RecordDecision {
  const { object, key, damaged, live } = sides;
  const { filters } = context;
  if (!filters.deleteCreated || filters.fields !== undefined || damaged === undefined || live === undefined) return NOTHING;
  if (context.where !== undefined && !context.where('', sides)) return { conflicts: [], nothing: 0 };
  const attribution = attributeCreation(context.suspicion, evidence.history);
  const fields: Record<string, FieldMove> = {};
  for (const [name, value] of Object.entries(live)) if (!isLink(context.liveSchema, name)) setOwn(fields, name, { from: value });
  const change = {
    action: 'delete',
    object,
    key,
    fields,
    attribution,
    why: `not in the base, created since; ${attributionWords(attribution)}`,
  } as const;
  const whole = { object, key, damaged, live, attribution };
  // Links that were made since keep it by themselves.
  const edited = differing(damaged, live).filter((name) => !isLink(context.liveSchema, name));
  if (edited.length > 0) {
    const message = `${object} ${key} was created by the damage, and ${edited.join(', ')} edited since.`;
    return only(conflictOf('created-then-edited', whole, message, 'leave the record', 'delete the record and the later edit with it', change));
  }
  const createdAt = evidence.history?.created?.at;
  if (!notBefore(createdAt, context.suspicion.baseStartedAt)) {
    // It was there, and the base could not see it, or it was deleted then and is back: the damage did not make it.
    const message = `${object} ${key} is not in the base, but was created before it, at ${createdAt}.`;
    return only(conflictOf('unattributed', whole, message, 'leave the record', 'delete the record', change));
  }
  if (refused(filters, context.suspicion, attribution)) {
    const message = `${object} ${key} was created after the base, but ${attributionWords(attribution)}.`;
    return only(conflictOf('unattributed', whole, message, 'leave the record', 'delete the record', change));
  }
  return { change, conflicts: [], nothing: 0 };
}

function updateOf({ object, key }: RecordSides, { fields, why, attribution }: FieldDecisions): RecordDecision['change'] {
  return Object.keys(fields).length === 0 ? undefined : { action: 'update', attribution, fields, key, object, why };
}

function only(conflict: PlanConflict): RecordDecision {
  return { conflicts: [conflict], nothing: 0 };
}
