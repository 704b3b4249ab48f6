import type { PlatformSchema } from '../../connectors/index.js';
import { ownValue, setOwn, type Fields, type Value } from '../../records/index.js';
import type { DecidedChange, PlanConflict } from '../types.js';
import { conflictOf } from './conflicts.js';
import { carriedLinks, referenceAmong, referenceOf, type Carried } from './graph.js';

/** A change of a record, before it has its place. */
export type RecordDraft = Extract<DecidedChange, { readonly object: string }>;
/** A change of a link, before it has its place. */
export type LinkDraft = Extract<DecidedChange, { readonly link: string }>;

/** Changes in an order that can be applied, what has to follow once all of them stand, and what cannot be ordered. */
export interface Ordered {
  readonly first: readonly RecordDraft[];
  readonly last: readonly RecordDraft[];
  readonly conflicts: readonly PlanConflict[];
}

interface Node {
  readonly draft: RecordDraft;
  readonly edges: { readonly link: Carried; readonly to: string }[];
}

/**
 * Orders creates of object types that refer to each other in a ring: a record after those it refers to. Where records
 * form a ring, a reference that may be empty is left out of the create and written by an update afterwards; where none
 * may be, `cycle`.
 */
export function orderCreates(schema: PlatformSchema, drafts: readonly RecordDraft[]): Ordered {
  const nodes = nodesOf(schema, drafts, 'to');
  const first: RecordDraft[] = [];
  const last: RecordDraft[] = [];
  for (;;) {
    const ready = takeReady(nodes);
    if (ready.length > 0) {
      first.push(...ready.map((node) => node.draft));
      continue;
    }
    const stuck = [...nodes.values()].find((node) => node.edges.every((edge) => edge.link.required !== true));
    if (stuck === undefined) break;
    const { create, update } = withoutReferences(stuck);
    nodes.delete(nameOf(stuck.draft));
    first.push(create);
    last.push(update);
    release(nodes, nameOf(stuck.draft));
  }
  return { first, last, conflicts: [...nodes.values()].map((node) => ringConflict(node, 'created')) };
}

/**
 * Orders deletes of object types that refer to each other in a ring: a record before those it refers to. In a ring of
 * records a reference that may be empty is emptied first (`interim`).
 */
export function orderDeletes(schema: PlatformSchema, drafts: readonly RecordDraft[]): Ordered {
  const nodes = nodesOf(schema, drafts, 'from');
  const cleared: RecordDraft[] = [];
  const reversed: RecordDraft[] = [];
  for (;;) {
    const ready = takeReady(nodes);
    if (ready.length > 0) {
      reversed.push(...ready.map((node) => node.draft));
      continue;
    }
    const stuck = [...nodes.values()].find((node) => node.edges.every((edge) => edge.link.required !== true));
    if (stuck === undefined) break;
    const { clear, erase } = withoutReferencesBeforeDelete(stuck);
    nodes.delete(nameOf(stuck.draft));
    cleared.push(clear);
    reversed.push(erase);
    release(nodes, nameOf(stuck.draft));
  }
  return { first: cleared, last: reversed.reverse(), conflicts: [...nodes.values()].map((node) => ringConflict(node, 'deleted')) };
}

/** Identity of a record within one platform. */
export function nameOf(record: { readonly object: string; readonly key: string }): string {
  return `${record.object}\u0000${record.key}`;
}

function nodesOf(schema: PlatformSchema, drafts: readonly RecordDraft[], side: 'from' | 'to'): Map<string, Node> {
  const nodes = new Map<string, Node>(drafts.map((draft) => [nameOf(draft), { draft, edges: [] }]));
  for (const link of carriedLinks(schema)) {
    const find = finder(link, drafts, side);
    for (const [name, node] of nodes) {
      if (link.from !== node.draft.object) continue;
      const to = find(sideOf(node.draft, side));
      if (to !== undefined && nodes.has(to) && to !== name) node.edges.push({ link, to });
    }
  }
  return nodes;
}

/** Name of the record that fields point to by a link. */
function finder(link: Carried, drafts: readonly RecordDraft[], side: 'from' | 'to'): (fields: Fields) => string | undefined {
  if (link.refersTo === undefined)
    return (fields) => {
      const key = referenceOf(link, fields);
      return key === undefined ? undefined : nameOf({ object: link.to, key });
    };
  const parents = drafts.filter((draft) => draft.object === link.to).map((draft) => [nameOf(draft), sideOf(draft, side)] as const);
  const find = referenceAmong(link.refersTo, parents);
  return (fields) => find(link, fields);
}

function takeReady(nodes: Map<string, Node>): Node[] {
  const ready = [...nodes.values()].filter((node) => node.edges.length === 0);
  for (const node of ready) nodes.delete(nameOf(node.draft));
  for (const other of nodes.values())
    for (let i = other.edges.length - 1; i >= 0; i -= 1) if (!nodes.has(other.edges[i]?.to ?? '')) other.edges.splice(i, 1);
  return ready;
}

function release(nodes: Map<string, Node>, name: string): void {
  for (const node of nodes.values()) for (let i = node.edges.length - 1; i >= 0; i -= 1) if (node.edges[i]?.to === name) node.edges.splice(i, 1);
}

function sideOf(draft: RecordDraft, side: 'from' | 'to'): Fields {
  const fields: Record<string, Value> = {};
  for (const [name, move] of Object.entries(draft.fields)) setOwn(fields, name, move[side] ?? null);
  return fields;
}

function withoutReferences(node: Node): { create: RecordDraft; update: RecordDraft } {
  const via = new Set(node.edges.flatMap((edge) => edge.link.viaFields));
  const { object, key, attribution } = node.draft;
  const create = {
    ...node.draft,
    fields: Object.fromEntries(Object.entries(node.draft.fields).map(([name, move]) => [name, via.has(name) ? { to: null } : move])),
  };
  const fields = Object.fromEntries([...via].map((name) => [name, { from: null, to: ownValue(node.draft.fields, name)?.to ?? null }]));
  return {
    create: { ...create, deferred: [...via] },
    update: { action: 'update', object, key, fields, attribution, why: 'refers to a record that refers back: written once both exist' },
  };
}

function withoutReferencesBeforeDelete(node: Node): { clear: RecordDraft; erase: RecordDraft } {
  const via = new Set(node.edges.flatMap((edge) => edge.link.viaFields));
  const { object, key, attribution } = node.draft;
  const fields = Object.fromEntries([...via].map((name) => [name, { from: ownValue(node.draft.fields, name)?.from ?? null, to: null }]));
  const erase = {
    ...node.draft,
    fields: Object.fromEntries(Object.entries(node.draft.fields).map(([name, move]) => [name, via.has(name) ? { from: null } : move])),
  };
  return {
    clear: {
      action: 'update',
      object,
      key,
      fields,
      attribution,
      why: 'refers to a record that refers back: emptied before both are deleted',
      interim: true,
    },
    erase,
  };
}

function ringConflict(node: Node, what: string): PlanConflict {
  const { object, key } = node.draft;
  const message = `${object} ${key} and the records it refers to need each other to exist first, so none of them can be ${what}.`;
  return conflictOf('cycle', { object, key }, message, 'leave them as they are');
}
