/** A graph of named nodes: from each, where its edges lead. Nodes that only edges name are part of it. */
export type Graph = ReadonlyMap<string, Iterable<string>>;

/**
 * The strongly connected parts of a graph that hold a circle: of several nodes, or one with an edge to itself. Nodes in
 * the order of the graph. Tarjan's way, without recursion, so that long chains do not end it; time is nodes plus edges.
 */
export function circles(graph: Graph): readonly (readonly string[])[] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const enter = (node: string): Visit => {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    stack.push(node);
    onStack.add(node);
    return { node, edges: (graph.get(node) ?? [])[Symbol.iterator]() };
  };
  const lower = (node: string, to: number): void => void low.set(node, Math.min(low.get(node) ?? to, to));
  for (const start of graph.keys()) {
    if (order.has(start)) continue;
    const path = [enter(start)];
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const next = visit.edges.next();
      if (next.done !== true) {
        if (!order.has(next.value)) path.push(enter(next.value));
        else if (onStack.has(next.value)) lower(visit.node, order.get(next.value) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, low.get(visit.node) ?? 0);
      if (low.get(visit.node) !== order.get(visit.node)) continue;
      const part = stack.splice(stack.lastIndexOf(visit.node));
      for (const node of part) onStack.delete(node);
      if (part.length > 1 || [...(graph.get(visit.node) ?? [])].includes(visit.node)) found.push(part);
    }
  }
  return found;
}

interface Visit {
  readonly node: string;
  readonly edges: Iterator<string>;
}

/** A shortest way round from a node back to itself, within some nodes: all that lie on it, the first one once. */
export function wayRound(graph: Graph, start: string, within: ReadonlySet<string>): readonly string[] {
  const before = new Map<string, string>();
  let front = [start];
  while (front.length > 0) {
    const next: string[] = [];
    for (const node of front)
      for (const to of graph.get(node) ?? []) {
        if (to === start) return backwards(before, start, node);
        if (!within.has(to) || before.has(to)) continue;
        before.set(to, node);
        next.push(to);
      }
    front = next;
  }
  return [start];
}

function backwards(before: ReadonlyMap<string, string>, start: string, last: string): readonly string[] {
  const way = [last];
  for (let at = last; at !== start;) {
    at = before.get(at) ?? start;
    way.push(at);
  }
  return way.reverse();
}
