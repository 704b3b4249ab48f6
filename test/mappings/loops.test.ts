import fc from 'fast-check';
import { expect, test } from 'vitest';

import { circles, wayRound } from '../../src/mappings/loops/components.js';

type Edges = readonly (readonly [number, number])[];

function graphOf(edges: Edges): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const [from, to] of edges) graph.set(`n${from}`, [...(graph.get(`n${from}`) ?? []), `n${to}`]);
  return graph;
}

/** By trying every way: two nodes are in one part where each can be reached from the other. */
function byBruteForce(edges: Edges, nodes: number): string[][] {
  const reach = Array.from({ length: nodes }, () => Array.from({ length: nodes }, () => false));
  const at = (from: number, to: number): boolean => reach[from]?.[to] ?? false;
  for (const [from, to] of edges) (reach[from] ?? [])[to] = true;
  for (let via = 0; via < nodes; via += 1)
    for (let from = 0; from < nodes; from += 1)
      for (let to = 0; to < nodes; to += 1) if (at(from, via) && at(via, to)) (reach[from] ?? [])[to] = true;
  const parts = new Map<string, string[]>();
  for (let node = 0; node < nodes; node += 1) {
    if (!at(node, node)) continue;
    const mates = Array.from({ length: nodes }, (_, other) => other).filter((other) => at(node, other) && at(other, node));
    parts.set(
      mates.join(),
      mates.map((mate) => `n${mate}`),
    );
  }
  return [...parts.values()];
}

const sorted = (parts: readonly (readonly string[])[]): readonly string[] => parts.map((part) => [...part].sort().join()).sort();

test('circles are those that trying every way finds, on 5,000 random graphs', () => {
  let withCircles = 0;
  let without = 0;
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 14 })
        .chain((nodes) =>
          fc.tuple(fc.constant(nodes), fc.array(fc.tuple(fc.nat(nodes - 1), fc.nat(nodes - 1)), { maxLength: Math.ceil(nodes * 1.6) })),
        ),
      ([nodes, edges]) => {
        const graph = graphOf(edges);
        const found = circles(graph);
        const expected = byBruteForce(edges, nodes);
        if (expected.length > 0) withCircles += 1;
        else without += 1;
        expect(sorted(found)).toEqual(sorted(expected));
        for (const part of found) {
          const within = new Set(part);
          for (const start of part) {
            const way = wayRound(graph, start, within);
            expect(way[0]).toBe(start);
            expect(new Set(way).size).toBe(way.length);
            for (const [index, node] of way.entries()) expect(graph.get(node)).toContain(way[index + 1] ?? start);
          }
        }
      },
    ),
    { seed: 20261130, numRuns: 5000 },
  );
  // Both kinds were met often.
  expect(Math.min(withCircles, without)).toBeGreaterThan(500);
});

test('a chain of 100,000 fields does not end it', () => {
  const graph = new Map<string, string[]>();
  for (let n = 0; n < 100_000; n += 1) graph.set(`n${n}`, [`n${n + 1}`]);
  expect(circles(graph)).toEqual([]);
  graph.set('n100000', ['n0']);
  expect(circles(graph)[0]).toHaveLength(100_001);
});
