import type { PlatformSchema } from '../../connectors/index.js';
import { ownValue, setOwn, type Fields, type Value } from '../../records/index.js';
import { sameSide } from '../decide/conflicts.js';
import { nameOf } from '../decide/order.js';
import type { Batches } from '../records/batches.js';
import { backAfter, changeOfFields, fieldsAfter, isLinkTakenAgain, linkBroughtBy, linkLostWith, linkTakenAgain } from '../records/item-ids.js';
import { type AppliedItem, type PlatformMade, type BesideRecord, type ItemResult, type JournalItem, type JournalLink } from '../records/items.js';
import type { FieldMove, LinkChange, LinkEnds, PlanLine, RecordChange } from '../types.js';
import { lengthOf, type PlanStep } from './batching.js';
import { linkText } from './lookup.js';

/**
 * The changes of a plan as steps, in order. `apply` tells which records have been created under which key. `held` gets every interim
 * value whose follower has passed, for {@link putBackSteps}.
 */
export async function* planSteps(lines: AsyncIterable<PlanLine>, apply: Batches, held: Held[] = []): AsyncIterable<PlanStep> {
  const interims = new Map<string, RecordChange>();
  // What an undeleted record holds is only known once it is back: its fields are put right after the undeletes of its object type.
  let back: RecordChange[] = [];
  for await (const line of lines) {
    if (line.kind !== 'change') continue;
    const id = String(line.n);
    if (back[0] !== undefined && !(line.action === 'undelete' && groupOf(line) === groupOf(back[0]))) {
      yield* back.map((change) => fieldsStep(change));
      back = [];
    }
    if (line.action === 'undelete') back.push(line);
    if ('link' in line) {
      const group = `${line.action} ${line.from.object}~${line.to.object}~${line.link}`;
      yield { id, group, action: line.action, length: lengthOf(line), resolve: () => linkItem(id, line, apply) };
    } else {
      const { action } = line;
      const interim = interims.get(nameOf(line));
      if (line.interim === true) interims.set(nameOf(line), line);
      else if (interim !== undefined) held.push({ interim, follows: id });
      yield {
        id,
        group: groupOf(line),
        action,
        length: lengthOf(line),
        record: nameOf(line),
        resolve: () => recordItem(id, interim === undefined ? line : following(line, interim, apply), apply),
      };
    }
  }
  yield* back.map((change) => fieldsStep(change));
}

/** An interim value and the change that is to follow it. */
export interface Held {
  readonly interim: RecordChange;
  readonly follows: string;
}

/**
 * Puts back what interim values stand in for, once everything was tried: where the change that was to follow one was refused, or found
 * something else. Where the old value is another record's by now, that is its result.
 */
export async function* putBackSteps(held: readonly Held[], apply: Batches): AsyncIterable<PlanStep> {
  for (const { interim, follows } of held) {
    if (apply.statuses.get(String(interim.n)) !== 'applied') continue;
    const status = apply.statuses.get(follows);
    // What is to be tried again still needs its interim values; what was applied whole has taken them back with it.
    if (status === 'failed' || status === 'in_doubt') continue;
    if (status !== 'applied' || apply.left.has(follows) || apply.refused.has(follows) || apply.statuses.get(backAfter(interim.n)) === 'failed')
      yield putBackStep(interim);
  }
}

/** A change that follows an interim value as it is once that value was taken back: it finds the old one. */
function following(change: RecordChange, interim: RecordChange, apply: Batches): RecordChange {
  if (apply.statuses.get(backAfter(interim.n)) !== 'applied') return change;
  const fields: Record<string, FieldMove> = { ...change.fields };
  for (const [name, { from }] of Object.entries(interim.fields)) setOwn(fields, name, { ...ownValue(fields, name), from: from ?? null });
  return { ...change, fields };
}

function putBackStep(interim: RecordChange): PlanStep {
  const { object, key } = interim;
  const id = backAfter(interim.n);
  const resolve = (live?: Fields): JournalItem | ItemResult => {
    const set: Record<string, Value> = {};
    const replaced: Record<string, Value> = {};
    for (const [name, { from, to }] of Object.entries(interim.fields)) {
      if (live === undefined || !sameSide(ownValue(live, name), to)) continue;
      setOwn(set, name, from ?? null);
      setOwn(replaced, name, to ?? null);
    }
    return Object.keys(set).length === 0 ? { id, status: 'applied', already: true, key } : { id, action: 'update', object, key, set, replaced };
  };
  return { id, group: `update ${object} back`, action: 'update', length: lengthOf(interim), reads: { object, key }, resolve };
}

/** Steps of one action and object type share batches; within what hands unique values on, those of one layer. */
function groupOf({ action, object, layer }: RecordChange): string {
  return layer === undefined ? `${action} ${object}` : `${action} ${object} ${layer}`;
}

function fieldsStep(change: RecordChange): PlanStep {
  const { object, key } = change;
  const id = fieldsAfter(change.n);
  const resolve = (live?: Fields): JournalItem | ItemResult => {
    if (live === undefined) return { id, status: 'rejected', reason: 'parent-missing', message: 'the record was not undeleted' };
    const set: Record<string, Value> = {};
    const replaced: Record<string, Value> = {};
    for (const [name, { to }] of Object.entries(change.fields)) {
      const now = ownValue(live, name);
      if (sameSide(now, to)) continue;
      setOwn(set, name, to ?? null);
      if (now !== undefined) setOwn(replaced, name, now);
    }
    return Object.keys(set).length === 0 ? { id, status: 'applied', already: true, key } : { id, action: 'update', object, key, set, replaced };
  };
  return { id, group: `update ${object}`, action: 'update', length: lengthOf(change), reads: { object, key }, resolve };
}

/**
 * What undoes items, in the order they are given. `undo` tells which deleted records have been created again under which key; `made`: what
 * the platform made beside them, which goes with them. `stands` gets every link that is there again once all of it is done.
 */
export function* undoSteps(
  applied: Iterable<AppliedItem>,
  undo: Batches,
  made: PlatformMade,
  stands: (link: JournalLink) => void,
): Iterable<PlanStep> {
  const links = new Map<string, { readonly id: string; readonly link: JournalLink }>();
  const brought = new Map<string, { readonly id: string; readonly link: JournalLink }>();
  const cutAgain = new Set<string>();
  for (const item of withFills(applied)) {
    // What came by itself and was taken away again at once needs nothing.
    if (isLinkTakenAgain(item.id)) {
      if ('link' in item) cutAgain.add(linkText(item));
      continue;
    }
    const gone = item.action === 'delete' ? item.links : (item.displaced ?? []);
    for (const link of gone) links.set(linkText(link), { id: linkLostWith(item.id, links.size), link });
    for (const link of item.brought ?? [])
      if (!cutAgain.has(linkText(link))) brought.set(linkText(link), { id: linkBroughtBy(item.id, brought.size), link });
    if (item.action === 'unlink') stands(present(item, undo));
    const action = OPPOSITE[item.action];
    // A batch of the restore is undone in batches of its own: what it took was free before it, and is free again once the later ones are undone.
    const group = 'link' in item ? `${action} ${item.fromObject}~${item.toObject}~${item.link}` : `${action} ${item.object} ${item.batch ?? ''}`;
    yield {
      id: item.id,
      group,
      action,
      length: lengthOf(item),
      ...('link' in item ? {} : { record: nameOf(item) }),
      resolve: () => undoItem(item, undo, made),
    };
  }
  yield* linkWorks('unlink', brought.values(), undo);
  // Links that went with a record, or that another one took the place of, come back once both their ends stand.
  for (const { link } of links.values()) stands(present(link, undo));
  yield* linkWorks('link', links.values(), undo);
}

/** Links of one kind after those of another, so that they share batches. */
function* linkWorks(
  action: 'link' | 'unlink',
  links: Iterable<{ readonly id: string; readonly link: JournalLink }>,
  batches: Batches,
): Iterable<PlanStep> {
  const steps = [...links].map(({ id, link }) => ({ id, link, group: `${action} ${link.fromObject}~${link.toObject}~${link.link}` }));
  steps.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  for (const { id, link, group } of steps)
    yield { id, group, action, length: lengthOf(link), resolve: () => ({ id, action, ...present(link, batches) }) };
}

/**
 * Takes links away again that the platform made because of others and nobody asked for, of kinds of which a record has one at most: such
 * a link says something of the record that nobody said. `wanted`: links that were asked for, as {@link linkText}; asked for when needed.
 */
export async function* broughtWorks(
  schema: PlatformSchema,
  batches: Batches,
  wanted: () => ReadonlySet<string> | Promise<ReadonlySet<string>>,
): AsyncIterable<PlanStep> {
  const single = new Set(schema.links.filter((kind) => kind.onePer !== undefined).map((kind) => `${kind.from}~${kind.to}~${kind.kind}`));
  const brought = batches.brought.filter((link) => single.has(`${link.fromObject}~${link.toObject}~${link.link}`));
  if (brought.length === 0) return;
  const asked = await wanted();
  const rest = brought.filter((link) => !asked.has(linkText(link)));
  yield* linkWorks(
    'unlink',
    rest.map((link) => ({ id: linkTakenAgain(linkText(link)), link })),
    batches,
  );
}

/**
 * Items, what was put right after a record was written joined with that write: the two are undone as one. A record that is deleted again is
 * not damaged first, and a write that sets something off is not waited for.
 */
function* withFills(applied: Iterable<AppliedItem>): Iterable<AppliedItem> {
  const fills = new Map<string, Extract<AppliedItem, { readonly action: 'update' }>>();
  for (const item of applied) {
    const filled = changeOfFields(item.id);
    if (filled !== undefined && item.action === 'update') {
      fills.set(filled, item);
      continue;
    }
    const fill = fills.get(item.id);
    fills.delete(item.id);
    if (fill === undefined) yield item;
    else if (item.action !== 'create' && item.action !== 'update') yield* [fill, item];
    else {
      const rest = Object.entries(item.beside ?? {}).filter(([name]) => ownValue(fill.set, name) === undefined);
      const beside = { ...Object.fromEntries(rest), ...fill.beside };
      // What was put right holds what it was put right with, whatever the platform had made of it before.
      const stored = { ...item.stored, ...fill.set, ...fill.stored };
      yield item.action === 'create' ? { ...item, beside, stored, set: { ...item.set, ...fill.set } } : { ...item, beside, stored };
    }
  }
}

/** Takes records away that the platform made by itself, where nobody has changed them or linked anything to them since. */
export function* deletesOf(records: readonly BesideRecord[]): Iterable<PlanStep> {
  for (const { object, key, fields } of records) {
    const id = `made+${object}/${key}`;
    yield {
      id,
      group: `delete ${object}`,
      action: 'delete',
      length: lengthOf(fields),
      resolve: () => ({ id, action: 'delete', object, key, replaced: fields, links: [] }),
    };
  }
}

const OPPOSITE = { update: 'update', create: 'delete', delete: 'create', undelete: 'delete', link: 'unlink', unlink: 'link' } as const;

function undoItem(item: AppliedItem, undo: Batches, made: PlatformMade): JournalItem {
  const { id } = item;
  switch (item.action) {
    case 'update': {
      const keeps = (item.keeps ?? []).filter((name) => ownValue(item.beside ?? {}, name) === undefined);
      // A written field that the platform changed once more goes back to what stood before it was written, not to what was written.
      const written = Object.keys(item.set).filter((name) => item.keeps?.includes(name) !== true);
      return {
        id,
        action: 'update',
        object: item.object,
        key: undo.keyOf(item.object, item.key),
        set: { ...filled(item.replaced, Object.keys(item.set)), ...besides(item, 'from'), ...filled(item.replaced, written) },
        replaced: { ...item.set, ...item.stored, ...besides(item, 'to') },
        ...(keeps.length === 0 ? {} : { keeps }),
      };
    }
    case 'create':
      return {
        id,
        action: 'delete',
        object: item.object,
        key: item.made ?? item.key,
        replaced: { ...item.set, ...item.stored, ...besides(item, 'to') },
        links: [...made.links, ...(made.wanted ?? [])].filter(
          ({ fromObject, toObject, from, to }) =>
            (fromObject === item.object && from === (item.made ?? item.key)) || (toObject === item.object && to === (item.made ?? item.key)),
        ),
      };
    case 'delete':
      return { id, action: 'create', object: item.object, key: item.key, set: item.replaced, ...givenOf(item) };
    case 'undelete':
      return { id, action: 'delete', object: item.object, key: item.key, replaced: {}, links: [] };
    case 'link':
    case 'unlink':
    default:
      return { id, action: OPPOSITE[item.action], ...present(item, undo) };
  }
}

function recordItem(id: string, change: RecordChange, apply: Batches): JournalItem | ItemResult {
  const { object } = change;
  const key = apply.keyOf(object, change.key);
  switch (change.action) {
    case 'update': {
      const set = referring(change, apply);
      if ('status' in set) return { ...set, id };
      const keeps = Object.keys(change.fields).filter((name) => change.fields[name]?.keeps === true);
      return { id, action: 'update', object, key, set: set.fields, replaced: side(change, 'from'), ...(keeps.length === 0 ? {} : { keeps }) };
    }
    case 'create': {
      const set = referring(change, apply);
      if ('status' in set) return { ...set, id };
      return { id, action: 'create', object, key: change.key, set: set.fields, ...givenOf(change) };
    }
    case 'delete':
      return {
        id,
        action: 'delete',
        object,
        key,
        replaced: side(change, 'from'),
        ...givenOf(change),
        links: (change.links ?? []).map((ends) => present(flat(ends), apply)),
      };
    case 'undelete':
    default:
      return { id, action: 'undelete', object, key: change.key };
  }
}

function givenOf({ given }: { readonly given?: Fields }): { readonly given?: Fields } {
  return given === undefined ? {} : { given };
}

function linkItem(id: string, change: LinkChange, apply: Batches): JournalItem {
  return { id, action: change.action, ...present(flat(change), apply) };
}

function flat({ link, from, to }: LinkEnds): JournalLink {
  return { link, fromObject: from.object, toObject: to.object, from: from.key, to: to.key };
}

/** A link with the keys its records have now. */
function present({ link, fromObject, toObject, from, to }: JournalLink, batches: Batches): JournalLink {
  return { link, fromObject, toObject, from: batches.keyOf(fromObject, from), to: batches.keyOf(toObject, to) };
}

/** The values to write, with references to records that were created anew. */
function referring(change: RecordChange, apply: Batches): { readonly fields: Fields } | Omit<ItemResult, 'id'> {
  const fields: Record<string, Value> = {};
  for (const [name, move] of Object.entries(change.fields)) setOwn(fields, name, move.to ?? null);
  for (const [name, { object, key }] of Object.entries(change.references ?? {})) {
    const present = apply.keyMap.get(object)?.get(key);
    if (present === undefined)
      return { status: 'rejected', reason: 'parent-missing', message: `${object} ${key}, which it refers to, could not be created` };
    setOwn(fields, name, present);
  }
  return { fields };
}

function side(change: RecordChange, which: 'from' | 'to'): Fields {
  const fields: Record<string, Value> = {};
  for (const [name, move] of Object.entries(change.fields)) {
    const value = move[which];
    if (value !== undefined) setOwn(fields, name, value);
  }
  return fields;
}

/** What the platform changed beside an item: as it was, or as it is. */
function besides({ beside }: AppliedItem, which: 'from' | 'to'): Fields {
  return Object.fromEntries(Object.entries(beside ?? {}).map(([name, move]) => [name, move[which] ?? null]));
}

function filled(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, ownValue(fields, name) ?? null]));
}
