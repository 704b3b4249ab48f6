import type { ASTNode } from '@marcbachmann/cel-js';

/** Nodes that one evaluation may visit. A condition over a record takes some dozens. */
const MAX_STEPS = 1_000_000;
/** What one evaluation may make: characters, and 16 for each element of a list or map. */
const MAX_SIZE = 32 * 1024 * 1024;
const ELEMENT = 16;
/** Comparing or searching this much counts as one step. */
const PER_STEP = 64;
/** Length of the longest type that is worked out; each `{a: a}` doubles it. */
const MAX_TYPE = 2000;

const MAKES = new Set(['list', 'map', '+', 'call', 'rcall', 'comprehension']);
const SEARCHES = new Set(['contains', 'indexOf', 'lastIndexOf', 'split']);

/** What goes wrong, in words, and at which node. */
export type Refusal = (problem: string, node: ASTNode) => Error;

type Evaluate = (evaluator: unknown, node: ASTNode, context: unknown) => unknown;
type Handle = (...args: unknown[]) => unknown;
/** A node as the library's evaluator uses it: `handle` is there after the type check. */
type LiveNode = ASTNode & { evaluate: Evaluate; handle?: Handle; readonly meta: Readonly<Record<string, unknown>> };

/**
 * Lets an expression spend no more than a fixed budget of steps and bytes, whatever it does: every node counts when it
 * is evaluated, and what it makes is weighed, lists within lists as often as they stand there. Call it after the type
 * check, once for each tree; gives what runs one evaluation.
 */
export function budgeted(root: ASTNode, refuse: Refusal): <T>(evaluate: () => T) => T {
  let spent = new Spending(refuse);
  const seen = new Set<unknown>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if (isLive(part)) {
      meter(part, () => spent);
      visit(part.args);
      visit(part.meta['alternate']);
      visit(part.meta['macro']);
    } else if (Array.isArray(part) || Object.getPrototypeOf(part) === Object.prototype) Object.values(part).forEach(visit);
  };
  visit(root);
  return (evaluate) => {
    spent = new Spending(refuse);
    const result = evaluate();
    // Some operators pass over errors of their parts.
    spent.check();
    return result;
  };
}

/**
 * Refuses an expression whose types alone would be too large to work out: a map of a bound variable, bound again,
 * doubles with each turn.
 */
export function checkTypes(root: ASTNode, refuse: Refusal): void {
  const size = (node: ASTNode, bound: ReadonlyMap<string, number>): number => {
    const found = typeSize(node, bound, size);
    if (found > MAX_TYPE) throw refuse('its types are too large', node);
    return found;
  };
  size(root, new Map());
}

function typeSize(node: ASTNode, bound: ReadonlyMap<string, number>, size: (node: ASTNode, bound: ReadonlyMap<string, number>) => number): number {
  const largest = (nodes: readonly ASTNode[]): number => Math.max(1, ...nodes.map((one) => size(one, bound)));
  switch (node.op) {
    case 'value':
      return 1;
    case 'id':
      return bound.get(node.args) ?? 1;
    case 'map':
      return 1 + largest(node.args.map(([key]) => key)) + largest(node.args.map(([, value]) => value));
    case 'list':
      return 1 + largest(node.args);
    case 'rcall': {
      const [name, receiver, args] = node.args;
      const [variable, ...rest] = args;
      if (variable?.op !== 'id' || rest.length === 0) return largest([receiver, ...args]);
      const [first] = rest;
      const isBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && first !== undefined;
      const over = size(isBind ? first : receiver, bound);
      const inner = new Map(bound).set(variable.args, over);
      return 1 + Math.max(over, ...(isBind ? rest.slice(1) : rest).map((one) => size(one, inner)));
    }
    default:
      return largest(childrenOf(node));
  }
}

/** The nodes right below a node. */
export function childrenOf(node: ASTNode): ASTNode[] {
  const found: ASTNode[] = [];
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (isNode(part)) found.push(part);
  };
  visit(node.args);
  return found;
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part && typeof part.op === 'string';
}

function isLive(part: object): part is LiveNode {
  return isNode(part) && 'evaluate' in part && typeof part.evaluate === 'function';
}

/**
 * Counts a node whenever it is evaluated. The library replaces `evaluate` of a node on its first use, so that it is
 * taken in here.
 */
function meter(node: LiveNode, spending: () => Spending): void {
  let inner: Evaluate = node.evaluate;
  const makes = MAKES.has(node.op);
  const metered: Evaluate = (evaluator, _, context) => {
    const spent = spending();
    spent.step(1, node);
    const result = inner.call(node, evaluator, node, context);
    if (makes) spent.made(weightOf(result, spent.weights), node);
    return result;
  };
  Object.defineProperty(node, 'evaluate', {
    get: () => metered,
    set: (replaced: Evaluate) => {
      inner = replaced;
    },
  });
  const handle = node.handle;
  const before = beforeHandle(node);
  if (handle === undefined || before === undefined) return;
  node.handle = (...args) => {
    before(args, spending());
    return handle(...args);
  };
}

/** What an operation costs that works through its operands at once, told before it begins. */
function beforeHandle(node: LiveNode): ((args: readonly unknown[], spent: Spending) => void) | undefined {
  if (node.op === '==' || node.op === '!=' || node.op === 'in')
    return ([left, right], spent) => {
      const [a, b] = [weightOf(left, spent.weights), weightOf(right, spent.weights)];
      spent.step((node.op === 'in' ? b : Math.min(a, b)) / PER_STEP, node);
    };
  if (node.op === 'call' && node.args[0] === 'string')
    return ([operands], spent) => {
      const [value] = (Array.isArray(operands) ? operands : []) as unknown[];
      if (typeof value === 'number' && !Number.isFinite(value)) throw spent.refuse(`it writes ${value}, which is not a usable number`, node);
    };
  if (node.op !== 'rcall') return undefined;
  const [name] = node.args;
  if (name === 'join')
    return ([operands], spent) => {
      const [list, separator] = Array.isArray(operands) ? (operands as unknown[]) : [];
      const items = Array.isArray(list) ? list : [];
      const between = typeof separator === 'string' ? separator.length * items.length : 0;
      spent.made(
        items.reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 1), between),
        node,
      );
    };
  if (!SEARCHES.has(name)) return undefined;
  return ([operands], spent) => {
    const [text, wanted] = (Array.isArray(operands) ? operands : []) as unknown[];
    if (typeof text !== 'string' || typeof wanted !== 'string') return;
    spent.step((text.length * Math.max(1, wanted.length)) / (PER_STEP * PER_STEP), node);
    if (name === 'split') spent.made((text.length / Math.max(1, wanted.length)) * ELEMENT, node);
  };
}

/** What one evaluation has used up. */
class Spending {
  readonly weights = new WeakMap<object, number>();
  #steps = 0;
  #size = 0;
  #over: Error | undefined;

  constructor(readonly refuse: Refusal) {}

  step(steps: number, node: ASTNode): void {
    this.check();
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) this.#fail(`it takes more than ${MAX_STEPS.toLocaleString('en-US')} steps`, node);
  }

  made(size: number, node: ASTNode): void {
    this.check();
    this.#size += size;
    if (this.#size > MAX_SIZE) this.#fail(`it makes more than ${MAX_SIZE / 1024 / 1024} MiB of text and lists`, node);
  }

  /** Throws where the budget was passed before. */
  check(): void {
    if (this.#over !== undefined) throw this.#over;
  }

  #fail(problem: string, node: ASTNode): never {
    this.#over = this.refuse(problem, node);
    throw this.#over;
  }
}

/** Characters, and {@link ELEMENT} for each element, however often the same list stands in another. */
function weightOf(value: unknown, weights: WeakMap<object, number>): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Uint8Array) return value.length;
  const known = weights.get(value);
  if (known !== undefined) return known;
  const parts = Array.isArray(value) || value instanceof Set ? [...value] : value instanceof Map ? [...value].flat() : Object.entries(value).flat();
  const weight = parts.reduce<number>((sum, part) => sum + ELEMENT + weightOf(part, weights), ELEMENT);
  weights.set(value, weight);
  return weight;
}
