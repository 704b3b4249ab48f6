import type { PlatformSchema } from '../../../connectors/index.js';
import { ownValue, type Fields } from '../../../records/index.js';
import { guardOfCreate, heldBack } from '../../decide/guarded.js';
import { nameOf } from '../../decide/order.js';
import type { Batches } from '../../records/batches.js';
import { changeOfFields, isLinkTakenAgain, linkBroughtBy, linkLostWith, madeBeside } from '../../records/item-ids.js';
import type { AppliedItem, BesideRecord, ItemResult, JournalItem, JournalLink, PlatformMade } from '../../records/items.js';
import { schemaOf } from '../../records/platform-items.js';
import { linkText } from '../looking/lookup.js';
import { lengthOf, type PlanStep } from '../sending/batching.js';
import { linkSteps } from './link-steps.js';
import { isFinal } from './plan-steps.js';
import { givenOf, present } from './present.js';

/**
 * What undoes items, in the order they are given. `undo` tells which deleted records have been created again under
 * which key; `made`: what the platform made beside them, which goes with them. `schema` says which deleted records
 * can be undeleted. `stands` gets every link that is there again once all of it is done. Nobody is opted in again by an
 * undo: such fields are refused, and the rest is put back.
 */
export function* undoSteps(
  applied: Iterable<AppliedItem>,
  undo: Batches,
  made: PlatformMade,
  stands: (link: JournalLink) => void,
  schema: PlatformSchema,
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
    for (const link of item.brought ?? []) {
      // It was not there before this item: whatever took its place later, it does not come back.
      links.delete(linkText(link));
      if (!cutAgain.has(linkText(link))) brought.set(linkText(link), { id: linkBroughtBy(item.id, brought.size), link });
    }
    if (item.action === 'unlink') stands(present(item, undo));
    const action = item.action === 'delete' && comesBack(schema, item.object) ? 'undelete' : OPPOSITE[item.action];
    // A batch of the restore is undone in batches of its own: what it took was free before it, and is free again once
    // the later ones are undone.
    const group = 'link' in item ? `${action} ${item.fromObject}~${item.toObject}~${item.link}` : `${action} ${item.object} ${item.batch ?? ''}`;
    yield {
      id: item.id,
      group,
      action,
      length: lengthOf(item),
      ...('link' in item ? {} : { record: nameOf(item) }),
      resolve: () => spared(action === 'undelete' ? broughtBack(item, undo, made) : undoItem(item, undo, made), schema),
    };
  }
  yield* linkSteps('unlink', brought.values(), undo);
  // Links that went with a record, or that another one took the place of, come back once both their ends stand.
  for (const { link } of links.values()) stands(present(link, undo));
  yield* linkSteps('link', links.values(), undo);
}

/**
 * Items, what was put right after a record was written joined with that write: the two are undone as one. A record that
 * is deleted again is not damaged first, and a write that sets something off is not waited for.
 */
function* withFills(applied: Iterable<AppliedItem>): Iterable<AppliedItem> {
  const fills = new Map<string, Extract<AppliedItem, { readonly action: 'update' }>>();
  for (const item of applied) {
    // What it was is not known any more.
    if (item.forgotten === true) continue;
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

/**
 * Takes records away that the platform made by itself, where nobody has changed them or linked anything to them since.
 */
export function* deletesOf(records: readonly BesideRecord[]): Iterable<PlanStep> {
  for (const { object, key, fields, forgotten } of records) {
    if (forgotten === true) continue;
    const id = madeBeside(object, key);
    yield {
      id,
      group: `delete ${object}`,
      action: 'delete',
      length: lengthOf(fields),
      resolve: () => ({ id, action: 'delete', object, key, replaced: fields, links: [] }),
    };
  }
}

/** Whether deleted records of an object type can be undeleted. */
function comesBack({ objects }: PlatformSchema, object: string): boolean {
  return objects.find((one) => one.object === object)?.undelete === true;
}

const OPPOSITE = { update: 'update', create: 'delete', delete: 'create', undelete: 'delete', link: 'unlink', unlink: 'link' } as const;

/** A deleted record comes back under its key, as it was; where it cannot, it is created again. */
function broughtBack(item: AppliedItem, undo: Batches, made: PlatformMade): JournalItem {
  if (item.action !== 'delete' || isFinal(item.id, undo)) return undoItem(item, undo, made);
  return { id: item.id, action: 'undelete', object: item.object, key: item.key };
}

function undoItem(item: AppliedItem, undo: Batches, made: PlatformMade): JournalItem {
  const { id } = item;
  switch (item.action) {
    case 'update': {
      const keeps = (item.keeps ?? []).filter((name) => ownValue(item.beside ?? {}, name) === undefined);
      // A written field that the platform changed once more goes back to what stood before it was written, not to what
      // was written.
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
      return {
        id,
        action: 'delete',
        object: item.object,
        key: item.key,
        replaced: {},
        links: (item.returned ?? []).map((link) => present(link, undo)),
      };
    case 'link':
    case 'unlink':
    default:
      return { id, action: OPPOSITE[item.action], ...present(item, undo) };
  }
}

/** The same without what no undo writes unasked; the refusal where nothing else is left. */
function spared(item: JournalItem, schema: PlatformSchema): JournalItem | ItemResult {
  if (item.action === 'create') return asked(item, schema);
  if (item.action !== 'update') return item;
  const held = heldBack(schemaOf(schema, item.object), item.replaced, item.set);
  const [first] = held.values();
  if (first === undefined) return item;
  const without = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => !held.has(name)));
  const refused = [...held].map(([field, { code, why }]) => ({ field, reason: code, message: why }));
  const set = without(item.set);
  if (Object.keys(set).length > 0) return { ...item, set, replaced: without(item.replaced), refused };
  return { id: item.id, status: 'rejected', key: item.key, reason: first.code, message: first.why, fields: [...held.keys()], byRule: true };
}

/** A record that would come back with a value that only a person says yes to: it stays away. */
function asked(item: Extract<JournalItem, { readonly action: 'create' }>, schema: PlatformSchema): JournalItem | ItemResult {
  const moves = Object.fromEntries(Object.entries(item.set).map(([name, to]) => [name, { to }]));
  const guard = guardOfCreate(schemaOf(schema, item.object), moves);
  if (guard === undefined) return item;
  const { code, why } = guard.rule;
  return { id: item.id, status: 'rejected', key: item.key, reason: code, message: why, fields: [guard.name], byRule: true };
}

/** What the platform changed beside an item: as it was, or as it is. */
function besides({ beside }: AppliedItem, which: 'from' | 'to'): Fields {
  return Object.fromEntries(Object.entries(beside ?? {}).map(([name, move]) => [name, move[which] ?? null]));
}

function filled(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, ownValue(fields, name) ?? null]));
}
