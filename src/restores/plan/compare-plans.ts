import { canonicalJson, defined } from '../../lib/index.js';
import { type ConflictCode, type Plan, type PlanChange, type PlanConflict, type PlanLine } from '../types.js';

/** Examples that are kept of each difference. */
const EXAMPLES = 10;

/** One value, link or record that two plans treat differently. */
export interface DifferentCell {
  readonly object: string;
  readonly key: string;
  /** The field or the link; empty for the whole record. */
  readonly cell: string;
}

/**
 * What one plan does otherwise than another. `fewer`: the other one writes it, and this one does not; `more`: the other
 * way round. `because`: the conflict that it is in the plan which does not write it; absent where that plan has nothing
 * of it (no difference any more, or another limit). `otherwise`: both write it, and not the same.
 */
export interface PlanDifference {
  readonly kind: 'fewer' | 'more' | 'otherwise';
  readonly because?: ConflictCode;
  readonly cells: number;
  readonly examples: readonly DifferentCell[];
}

/** Two plans side by side. */
export interface ComparedPlans {
  /** Values, links and records that both write alike. */
  readonly same: number;
  /** The largest first. */
  readonly differences: readonly PlanDifference[];
}

/**
 * Compares what two plans write, cell by cell: a field, a link, a whole record. Memory: one entry for each cell of the
 * other plan.
 */
export async function comparePlans(one: Plan, other: Plan): Promise<ComparedPlans> {
  const theirs = new Map<string, Cell>();
  for await (const lines of other.linesTogether()) for (const line of lines) for (const cell of cellsIn(line)) theirs.set(nameOf(cell), cell);
  const differences = new Differences();
  let same = 0;
  for await (const lines of one.linesTogether())
    for (const line of lines)
      for (const ours of cellsIn(line)) {
        const name = nameOf(ours);
        const there = theirs.get(name);
        theirs.delete(name);
        if (ours.writes === undefined) {
          if (there?.writes !== undefined) differences.add('fewer', ours.code, ours);
        } else if (there?.writes === undefined) differences.add('more', there?.code, ours);
        else if (there.writes === ours.writes) same += 1;
        else differences.add('otherwise', undefined, ours);
      }
  for (const left of theirs.values()) if (left.writes !== undefined) differences.add('fewer', undefined, left);
  return { same, differences: differences.sorted() };
}

interface Cell extends DifferentCell {
  /** What is written, as text that is the same for the same; absent: nothing. */
  readonly writes?: string;
  readonly code?: ConflictCode;
}

const nameOf = ({ object, key, cell }: DifferentCell): string => JSON.stringify([object, key, cell]);

function cellsIn(line: PlanLine): readonly Cell[] {
  return line.kind === 'change' ? written(line) : leftBy(line);
}

function written(change: PlanChange): readonly Cell[] {
  if ('link' in change) return [{ ...linked(change), writes: change.action }];
  const { action, object, key, fields, interim } = change;
  if (interim === true) return [];
  if (action !== 'update') return [{ object, key, cell: '', writes: `${action} ${canonicalJson(targets(fields))}` }];
  return Object.entries(fields).flatMap(([cell, { to, keeps }]) =>
    keeps === true ? [] : [{ object, key, cell, writes: canonicalJson(to ?? null) }],
  );
}

function targets(fields: Readonly<Record<string, { readonly to?: unknown }>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, { to }]) => [name, to ?? null]));
}

function leftBy({ object, key, field, code, change }: PlanConflict): readonly Cell[] {
  if (change !== undefined && 'link' in change) return [{ ...linked(change), code }];
  // Fields that are decided together are one conflict.
  const names = change?.action === 'update' ? Object.keys(change.fields) : [field ?? ''];
  return names.map((cell) => ({ object, key, cell, code }));
}

function linked({ link, from, to }: Pick<Extract<PlanChange, { readonly link: string }>, 'link' | 'from' | 'to'>): DifferentCell {
  return { object: from.object, key: from.key, cell: `${link} ${to.object} ${to.key}` };
}

class Differences {
  readonly #found = new Map<string, { -readonly [K in keyof PlanDifference]: PlanDifference[K] } & { readonly examples: DifferentCell[] }>();

  add(kind: PlanDifference['kind'], because: ConflictCode | undefined, { object, key, cell }: DifferentCell): void {
    const name = `${kind} ${because ?? ''}`;
    const known = this.#found.get(name) ?? { kind, ...defined({ because }), cells: 0, examples: [] };
    this.#found.set(name, known);
    known.cells += 1;
    if (known.examples.length < EXAMPLES) known.examples.push({ object, key, cell });
  }

  sorted(): readonly PlanDifference[] {
    return [...this.#found.values()].sort((a, b) => b.cells - a.cells);
  }
}
