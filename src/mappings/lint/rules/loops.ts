import { RECORD_KEY } from '../../../workspace/index.js';
import type { Mapping, SideIndex } from '../../document/mapping.js';
import { circles, wayRound } from '../../loops/components.js';
import { type LintContext, type Said, waysOf } from '../context.js';

interface Edge {
  readonly mapping: Mapping;
  readonly index: number;
  readonly to: SideIndex;
}

/** The graph of all fields: where the value of each is carried, and by which line of which mapping. */
interface FieldGraph {
  readonly next: Map<string, Set<string>>;
  readonly edges: Map<string, Edge[]>;
  /** Pairs that go both ways for a written reason. */
  readonly twoWay: Set<string>;
}

/**
 * Fields whose value comes back to them over one or more others, across any number of platforms and mappings. A pair that
 * goes both ways for a written reason is no circle as long as nothing else is part of it.
 */
export function* loopFindings(contexts: readonly LintContext[]): Generator<readonly [Mapping, Said]> {
  const graph = graphOf(contexts);
  for (const part of circles(graph.next)) {
    const [one = '', other = ''] = part;
    if (part.length === 2 && graph.twoWay.has(pairOf(one, other))) continue;
    const within = new Set(part);
    const told = new Set<Mapping>();
    const lines = part.flatMap((from) =>
      [...(graph.next.get(from) ?? [])].flatMap((to) =>
        within.has(to) ? (graph.edges.get(edgeOf(from, to)) ?? []).map((edge) => ({ ...edge, from })) : [],
      ),
    );
    // Where each has one way on, all go the same way round, each from where it is.
    const isRing = part.every((node) => [...(graph.next.get(node) ?? [])].filter((to) => within.has(to)).length === 1);
    const ring = isRing ? wayRound(graph.next, one, within) : undefined;
    const shown = new Map(part.map((node) => [node, shownNode(node)]));
    // Each mapping that is part of it tells of it once, at its first line.
    for (const { mapping, index, to, from } of lines.sort((a, b) => a.index - b.index)) {
      if (told.has(mapping)) continue;
      told.add(mapping);
      const at = ring?.indexOf(from) ?? 0;
      const way = ring === undefined ? wayRound(graph.next, from, within) : [...ring.slice(at), ...ring.slice(0, at)];
      yield [
        mapping,
        {
          rule: 'loop',
          path: ['fields', index, mapping.sides[to].name],
          message: `a value comes back to where it came from: ${[...way, from].map((node) => shown.get(node)).join(' → ')}${part.length > way.length ? `; ${part.length} fields are part of it` : ''}`,
        },
      ];
    }
  }
}

function graphOf(contexts: readonly LintContext[]): FieldGraph {
  const graph: FieldGraph = { next: new Map(), edges: new Map(), twoWay: new Set() };
  for (const { mapping, pairs } of contexts)
    for (const { field, index, schemas } of pairs) {
      if (field.names.includes(RECORD_KEY)) continue;
      const node = (side: SideIndex, name = field.names[side]): string => {
        const { platform, object } = mapping.sides[side];
        return JSON.stringify([platform, object, name]);
      };
      const nodes = [node(0), node(1)] as const;
      if (field.flow.kind === 'two-way') graph.twoWay.add(pairOf(...nodes));
      for (const [from, to] of waysOf(field)) {
        add(graph.next, nodes[from], nodes[to]);
        const key = edgeOf(nodes[from], nodes[to]);
        const lines = graph.edges.get(key);
        if (lines === undefined) graph.edges.set(key, [{ mapping, index, to }]);
        else lines.push({ mapping, index, to });
        // What the platform sets by itself when this one is written.
        for (const also of schemas[to]?.setsAlso ?? []) add(graph.next, nodes[to], node(to, also));
      }
    }
  return graph;
}

function add(next: Map<string, Set<string>>, from: string, to: string): void {
  const known = next.get(from);
  if (known === undefined) next.set(from, new Set([to]));
  else known.add(to);
}

const edgeOf = (from: string, to: string): string => `${from} ${to}`;
const pairOf = (one: string, other: string): string => [one, other].sort().join(' ');

/** `salesforce/Contact.Title` */
function shownNode(node: string): string {
  const [platform, object, field] = JSON.parse(node) as [string, string, string];
  return `${platform}/${object}.${field}`;
}
