import type { ObjectSchema, UniqueSchema } from '../../records/index.js';
import { ownValue, setOwn } from '../../records/index.js';
import type { FieldMove } from '../types.js';
import { interimOf, type Interim } from './interim.js';
import { nameOf, type RecordDraft } from './order.js';
import { isBlank, type Handing } from './unique.js';

/** A change that hands unique values on, or that has to come before or after one that does. */
export interface Moving {
  readonly draft: RecordDraft;
  readonly handings: readonly Handing[];
  /** Places of changes that have to stand before it for other reasons: parents of a create, children of a delete. */
  readonly after: readonly string[];
}

/** What putting in layers needs to know of the platform. */
export interface Layering {
  readonly schemaOf: (object: string) => ObjectSchema;
  /** True for a field that carries a link. */
  readonly carries: (object: string, field: string) => boolean;
  /** Records per batch. */
  readonly size: number;
}

/** Layers that a chain may take before it is cut, where that costs fewer requests than cutting it. */
const LEAST_LAYERS = 16;

/** The place of a change in a plan: what is done to which record. */
export function placeOf(draft: RecordDraft): string {
  return `${draft.action} ${nameOf(draft)}`;
}

/**
 * Puts changes in layers, so that whatever a change takes is free once the layers before it stand: no platform promises
 * an order within a batch. Rings are opened by an interim value in layer 0, in as few records as are met; a ring that
 * no value can open is left for the platform to refuse. Long chains are cut in the same way, after as many links as
 * fill batches: of n changes in batches of `size` there are at most max(16, n / size) layers where nothing but unique
 * values orders them, so that all take at most twice the least number of requests and some twenty more.
 */
export function inLayers(moving: readonly Moving[], layering: Layering): RecordDraft[] {
  const graph = new Graph(moving, layering);
  graph.resolve();
  return graph.drafts();
}

interface Node {
  readonly moving: Moving;
  readonly needs: Edge[];
  readonly needed: Edge[];
  /** Edges of `needs` whose other end has no layer yet. */
  open: number;
  layer: number;
  placed: boolean;
  readonly interims: Map<UniqueSchema, Interim>;
}

/** `by` comes before `to`. `unique`: since it gives a value of that up; then an interim value of `by` cuts the edge. */
interface Edge {
  readonly by: Node;
  readonly to: Node;
  readonly unique?: UniqueSchema;
  state: 'open' | 'placed' | 'cut';
}

class Graph {
  readonly #nodes: Node[];
  readonly #layering: Layering;
  readonly #most: number;
  readonly #ready: Node[] = [];

  constructor(moving: readonly Moving[], layering: Layering) {
    this.#layering = layering;
    this.#most = Math.max(LEAST_LAYERS, Math.ceil(moving.length / layering.size));
    this.#nodes = moving.map((one) => ({ moving: one, needs: [], needed: [], open: 0, layer: 1, placed: false, interims: new Map() }));
    const places = new Map(this.#nodes.map((node) => [placeOf(node.moving.draft), node]));
    const givers = new Map<string, { readonly node: Node; readonly unique: UniqueSchema }[]>();
    const takers = new Map<string, number>();
    for (const node of this.#nodes)
      for (const { unique, gives, takes } of node.moving.handings) {
        if (gives !== undefined) givers.set(gives, [...(givers.get(gives) ?? []), { node, unique }]);
        if (takes !== undefined) takers.set(takes, (takers.get(takes) ?? 0) + 1);
      }
    for (const to of this.#nodes) {
      for (const { takes } of to.moving.handings) {
        const from = takes === undefined ? [] : (givers.get(takes) ?? []);
        // On some platforms empty text is nobody's: there several hold it and several want it.
        if (takes === undefined || (isBlank(takes) && from.length + (takers.get(takes) ?? 0) > 2)) continue;
        for (const { node, unique } of from) if (node !== to) this.#edge({ by: node, to, unique, state: 'open' });
      }
      for (const place of to.moving.after) {
        const by = places.get(place);
        if (by !== undefined && by !== to) this.#edge({ by, to, state: 'open' });
      }
    }
  }

  /** Gives every node its layer. */
  resolve(): void {
    for (const node of this.#nodes) if (node.open === 0) this.#ready.push(node);
    // Changes that wait for each other, each edge leading to what the one before waits for; kept from ring to ring.
    const path: Edge[] = [];
    let next = 0;
    for (;;) {
      for (let node = this.#ready.pop(); node !== undefined; node = this.#ready.pop()) this.#place(node);
      while (path.length > 0 && (path[path.length - 1]?.state !== 'open' || path[path.length - 1]?.by.placed === true)) path.pop();
      while (path.length === 0 && this.#nodes[next]?.placed === true) next += 1;
      const start = path[path.length - 1]?.by ?? this.#nodes[next];
      if (start === undefined) return;
      const ring = takeRing(path, start);
      this.#open(ring);
    }
  }

  /** The changes, layer by layer, those of one action and object type together. */
  drafts(): RecordDraft[] {
    const layers = new Map<number, Map<string, RecordDraft[]>>();
    const add = (layer: number, draft: RecordDraft): void => {
      const groups = layers.get(layer) ?? new Map<string, RecordDraft[]>();
      layers.set(layer, groups);
      const name = `${draft.action} ${draft.object}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [{ ...draft, layer }]);
      else group.push({ ...draft, layer });
    };
    for (const { moving, interims, layer } of this.#nodes) {
      const { first, last } = withInterims(moving.draft, [...interims.values()]);
      if (first !== undefined) add(0, first);
      add(layer, last);
    }
    return [...layers.keys()].sort((a, b) => a - b).flatMap((layer) => [...(layers.get(layer)?.values() ?? [])].flat());
  }

  #edge(edge: Edge): void {
    edge.to.needs.push(edge);
    edge.by.needed.push(edge);
    edge.to.open += 1;
  }

  #place(node: Node): void {
    if (node.placed) return;
    node.layer = layerOf(node);
    if (node.layer > this.#most) {
      for (const edge of node.needs) if (edge.state === 'placed' && edge.by.layer >= this.#most) this.#cut(edge);
      node.layer = layerOf(node);
    }
    node.placed = true;
    for (const edge of node.needed) this.#settle(edge, 'placed');
  }

  #settle(edge: Edge, state: 'placed' | 'cut'): void {
    if (edge.state === 'cut') return;
    if (edge.state === 'open') {
      edge.to.open -= 1;
      if (edge.to.open === 0) this.#ready.push(edge.to);
    }
    edge.state = state;
  }

  /** Opens a ring at the first place where that is possible, at records that stay before records that go. */
  #open(ring: readonly Edge[]): void {
    const [least] = ring;
    if (least === undefined) return;
    for (const goes of [false, true]) for (const edge of ring) if ((edge.by.moving.draft.action === 'delete') === goes && this.#cut(edge)) return;
    this.#settle(ring.find((edge) => edge.unique !== undefined) ?? least, 'cut');
  }

  /** Lets the giver of an edge hold an interim value. False where it cannot. */
  #cut({ by, unique }: Edge): boolean {
    if (unique === undefined) return false;
    const { draft } = by.moving;
    const { schemaOf, carries } = this.#layering;
    const interim = by.interims.get(unique) ?? interimOf(schemaOf(draft.object), unique, draft, (field) => carries(draft.object, field));
    if (interim === undefined) return false;
    by.interims.set(unique, interim);
    for (const edge of by.needed) if (edge.unique === unique) this.#settle(edge, 'cut');
    return true;
  }
}

/** Extends a path until it closes; takes the ring off it. */
function takeRing(path: Edge[], start: Node): readonly Edge[] {
  const places = new Map(path.map((edge, n) => [edge.to, n]));
  let node = start;
  for (;;) {
    const begin = places.get(node);
    if (begin !== undefined) return path.splice(begin);
    const edge = node.needs.find(({ state }) => state === 'open');
    if (edge === undefined) return [];
    places.set(node, path.length);
    path.push(edge);
    node = edge.by;
  }
}

function layerOf(node: Node): number {
  return node.needs.reduce((layer, edge) => (edge.state === 'cut' ? layer : Math.max(layer, edge.by.layer + 1)), 1);
}

/** A change in two: the interim values first, then the change itself, which finds them there. */
function withInterims(draft: RecordDraft, interims: readonly Interim[]): { readonly first?: RecordDraft; readonly last: RecordDraft } {
  if (interims.length === 0) return { last: draft };
  const { object, key, attribution } = draft;
  const before: Record<string, FieldMove> = {};
  const fields: Record<string, FieldMove> = { ...draft.fields };
  for (const { field, value } of interims) {
    const move = ownValue(draft.fields, field);
    const stays = ownValue(draft.stays ?? {}, field) ?? null;
    setOwn(before, field, { from: move === undefined ? stays : (move.from ?? null), to: value });
    setOwn(fields, field, move === undefined ? { from: value, to: stays } : { ...move, from: value });
  }
  const why = 'gives its unique value to another record of this plan: has a temporary one for a while';
  return { first: { action: 'update', object, key, fields: before, attribution, why, interim: true }, last: { ...draft, fields } };
}
