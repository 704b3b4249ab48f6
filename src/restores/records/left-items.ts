import { defined } from '../../lib/index.js';
import { ownValue, type RecordNames, type Value } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import type { Plan, PlanChange, PlanConflict, PlanLine, RecordChange } from '../types.js';
import type { Batches } from './batches.js';
import { backAfter, fieldsAfter } from './item-ids.js';
import { foldRestore } from './journal.js';

/**
 * Why something is left. `conflict`: not decided, or cannot be written. `moved`, `refused`, `failed`, `in-doubt`,
 * `not-tried`: a change, or single fields of one, that a restore did not write. `altered`: written, and the platform
 * stored something else. `beside`: the platform changed it by itself. `made`: a record or link that it made by itself.
 */
export type LeftKind = 'conflict' | 'moved' | 'refused' | 'failed' | 'in-doubt' | 'not-tried' | 'altered' | 'beside' | 'made';

/** One value, link or record that is left for people. */
export interface LeftItem {
  readonly kind: LeftKind;
  readonly object: string;
  readonly key: string;
  /** How people know the record, where the plan says so. */
  readonly called?: RecordNames;
  /** The field, or the kind of link with its other end; absent for a whole record. */
  readonly field?: string;
  /** Code of the conflict or of the refusal. */
  readonly code?: string;
  /** What it should hold; absent: nothing, or not known. */
  readonly wanted?: Value;
  /** What it held with the damage. */
  readonly damaged?: Value;
  /** What it holds, as far as that was seen. */
  readonly now?: Value;
  /** In words: of the plan, or of the platform. */
  readonly message?: string;
  /** How it is put right by hand. */
  readonly byHand?: string;
  /** A decision is open. */
  readonly open?: true;
  /** It is left of the undo: what the restore wrote is still there. */
  readonly undo?: true;
}

/**
 * What a plan, or the restore that applied it, leaves for people: each conflict, refusal, value that the platform
 * changed, and damage that cannot be written. Streams the plan, its journal first. Throws `not-found`,
 * `journal-damaged`.
 */
export async function* leftItems(plan: Plan, store: Store, restore?: string): AsyncGenerator<LeftItem> {
  const state = restore === undefined ? undefined : await foldRestore(store, restore);
  const isUndone = state?.summary.undo !== undefined;
  const batches = isUndone ? state?.undo : state?.apply;
  const beside = new Map<string, RecordNames | undefined>([...(batches?.beside.values() ?? [])].map((one) => [nameOf(one), undefined]));
  for await (const lines of plan.linesTogether())
    for (const line of lines) {
      const called = 'link' in line ? undefined : line.called;
      if (called !== undefined && !('link' in line) && beside.has(nameOf(line))) beside.set(nameOf(line), called);
      for (const item of itemsOf(line, state)) yield called === undefined ? item : { ...item, called };
    }
  if (batches === undefined) return;
  for (const { object, key, moves } of batches.beside.values())
    for (const [field, { from, to }] of Object.entries(moves))
      yield { kind: 'beside', object, key, field, ...defined({ wanted: from, now: to, called: beside.get(nameOf({ object, key })) }) };
  for (const { object, key } of batches.made.records) yield { kind: 'made', object, key };
  for (const { link, fromObject, from, toObject, to } of batches.made.links)
    yield { kind: 'made', object: fromObject, key: from, field: `${link} ${toObject} ${to}` };
}

const nameOf = ({ object, key }: { readonly object: string; readonly key: string }): string => JSON.stringify([object, key]);

type Folded = Awaited<ReturnType<typeof foldRestore>>;

/** What is left of one line of a plan. */
function itemsOf(line: PlanLine, state: Folded | undefined): Iterable<LeftItem> {
  if (line.kind === 'conflict') return [conflictItem(line)];
  if (state === undefined) return [];
  return state.summary.undo === undefined ? leftOfChange(line, state.apply) : leftOfUndo(line, state.apply, state.undo);
}

function conflictItem({ object, key, field, code, base, damaged, live, message, byHand, choices }: PlanConflict): LeftItem {
  return {
    kind: 'conflict',
    object,
    key,
    code,
    message,
    ...defined({ field, wanted: base, damaged, now: live, byHand }),
    ...(choices.restore === undefined ? {} : { open: true }),
  };
}

const KINDS: Readonly<Record<'moved' | 'rejected' | 'failed' | 'in_doubt', LeftKind>> = {
  moved: 'moved',
  rejected: 'refused',
  failed: 'failed',
  in_doubt: 'in-doubt',
};

function* leftOfChange(change: PlanChange, batches: Batches): Generator<LeftItem> {
  const id = String(change.n);
  if ('interim' in change && change.interim) return yield* leftInBetween(change, batches);
  yield* leftOfFields(change, id, batches);
  yield* leftOfFields(change, fieldsAfter(id), batches);
  const status = batches.statuses.get(id);
  const after = batches.statuses.get(fieldsAfter(id));
  // What was to be filled in after a record came back is a part of it.
  if (status === 'applied') {
    if (after !== undefined && after !== 'applied') yield { kind: KINDS[after], ...recordOf(change) };
    return;
  }
  const { reason, message } = batches.whys.get(id) ?? {};
  const kind = status === undefined ? 'not-tried' : KINDS[status];
  for (const cell of cellsOf(change)) yield { kind, ...cell, ...defined({ code: reason, message }) };
}

/** A value that only stood in for a while, and could not be taken back. */
function* leftInBetween(change: RecordChange, batches: Batches): Generator<LeftItem> {
  const status = batches.statuses.get(backAfter(change.n));
  if (status === undefined || status === 'applied') return;
  for (const { wanted, damaged, ...cell } of cellsOf(change)) yield { kind: KINDS[status], ...cell, ...defined({ wanted: damaged, now: wanted }) };
}

/** What was written, and could not be put back. */
function* leftOfUndo(change: PlanChange, apply: Batches, undo: Batches): Generator<LeftItem> {
  const id = String(change.n);
  if (apply.statuses.get(id) !== 'applied' || apply.stood.has(id)) return;
  for (const item of leftOfFields(change, id, undo)) yield { ...item, undo: true };
  const status = undo.statuses.get(id);
  if (status === 'applied') return;
  const { reason, message } = undo.whys.get(id) ?? {};
  const kind = status === undefined ? 'not-tried' : KINDS[status];
  for (const { wanted, damaged, ...cell } of cellsOf(change))
    yield { kind, ...cell, undo: true, ...defined({ wanted: damaged, now: wanted, code: reason, message }) };
}

/** Single fields of a record that was written. */
function* leftOfFields(change: PlanChange, id: string, batches: Batches): Generator<LeftItem> {
  if ('link' in change) return;
  const cells = new Map(cellsOf(change, true).map((cell) => [cell.field, cell]));
  const cellOf = (field: string): Pick<LeftItem, 'object' | 'key' | 'field'> => cells.get(field) ?? { ...recordOf(change), field };
  for (const field of batches.left.get(id) ?? []) yield { kind: 'moved', ...cellOf(field) };
  for (const { field, reason, message } of batches.refused.get(id)?.fields ?? []) yield { kind: 'refused', ...cellOf(field), code: reason, message };
  for (const field of batches.altered.get(id) ?? [])
    yield { kind: 'altered', ...cellOf(field), ...defined({ now: ownValue(batches.stored.get(id) ?? {}, field) }) };
}

function recordOf(change: PlanChange): Pick<LeftItem, 'object' | 'key'> {
  const { object, key } = 'link' in change ? change.from : change;
  return { object, key };
}

/** What a change writes: fields of an update, else the record or link; `fields`: of what is created, its fields. */
function cellsOf(
  change: PlanChange,
  fields = false,
): readonly (Pick<LeftItem, 'object' | 'key' | 'field' | 'wanted' | 'damaged'> & { readonly field?: string })[] {
  if ('link' in change) {
    const { link, from, to } = change;
    return [{ ...from, field: `${link} ${to.object} ${to.key}` }];
  }
  const { object, key } = change;
  if (change.action !== 'update' && !fields) return [{ object, key }];
  return Object.entries(change.fields).flatMap(([field, { from, to, keeps }]) =>
    keeps === true ? [] : [{ object, key, field, ...defined({ wanted: to, damaged: from }) }],
  );
}
