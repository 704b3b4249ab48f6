import { canonicalJson, defined } from '../../lib/index.js';
import type { RecordNames } from '../../records/index.js';
import type { ConflictCode, PlanAction, PlanChange, PlanConflict, PlanLine } from '../../restores/index.js';

/** Examples that are kept of a group. */
const EXAMPLES = 3;
/** Different values of a group that are told apart when looking for the most common one. */
const VALUES_KEPT = 1000;

/** A value that many changes of a group have. */
export interface CommonValue {
  readonly value: unknown;
  readonly times: number;
}

/** One change, as an example. Values: those of a record; undefined where there is none. */
export interface GroupExample {
  readonly object: string;
  readonly key: string;
  /** How people know it, where the plan says so. */
  readonly called?: RecordNames;
  /** Of a link, its other end. */
  readonly to?: { readonly object: string; readonly key: string };
  readonly now?: unknown;
  readonly willBe?: unknown;
  readonly writer?: string;
  readonly at?: string;
}

/** What a plan does in one way: the same action on the same field of one object type, or on its records or links. */
export interface ChangeGroup {
  readonly action: PlanAction;
  readonly object: string;
  /** The field, or the kind of link; empty for whole records. */
  readonly field: string;
  readonly changes: number;
  /** Writers that the platform's history names, most changes first. */
  readonly writers: readonly { readonly writer: string; readonly changes: number }[];
  readonly now?: CommonValue;
  readonly willBe?: CommonValue;
  /** Different ones where there are different ones. */
  readonly examples: readonly GroupExample[];
}

/** Conflicts of one kind in one field of an object type. */
export interface ConflictGroup {
  readonly code: ConflictCode;
  readonly object: string;
  /** Empty for whole records. */
  readonly field: string;
  readonly conflicts: number;
  /** How many a person can decide. */
  readonly open: number;
  readonly examples: readonly PlanConflict[];
}

/** What a plan does, in groups: the largest first. */
export interface PlanGroups {
  readonly changes: readonly ChangeGroup[];
  readonly conflicts: readonly ConflictGroup[];
}

/**
 * Groups the lines of a plan as they stream past. Memory: one entry a group, with at most a thousand different values of
 * either side.
 */
export async function groupsOfPlan(lines: AsyncIterable<readonly PlanLine[]>): Promise<PlanGroups> {
  const changes = new Map<string, Group>();
  const conflicts = new Map<string, { -readonly [K in keyof ConflictGroup]: ConflictGroup[K] } & { readonly examples: PlanConflict[] }>();
  for await (const some of lines)
    for (const line of some) {
      if (line.kind === 'change') {
        for (const one of cellsOf(line)) groupIn(changes, line, one.field).take(line, one);
        continue;
      }
      const { code, object, field = '' } = line;
      const name = JSON.stringify([code, object, field]);
      const group = conflicts.get(name) ?? { code, object, field, conflicts: 0, open: 0, examples: [] };
      conflicts.set(name, group);
      group.conflicts += 1;
      if (line.choices.restore !== undefined) group.open += 1;
      if (group.examples.length < EXAMPLES) group.examples.push(line);
    }
  return {
    changes: [...changes.values()].map((group) => group.told()).sort((a, b) => b.changes - a.changes),
    conflicts: [...conflicts.values()].sort((a, b) => b.conflicts - a.conflicts),
  };
}

/** One cell that a change writes. */
export interface ChangedCell {
  /** The field, or the kind of link; empty for the whole record. */
  readonly field: string;
  readonly now?: unknown;
  readonly willBe?: unknown;
  readonly writer?: string;
  readonly at?: string;
}

/** The cells of a change: of what is created, deleted or brought back, the record itself. Values that only stand in for a while are none. */
export function cellsOf(change: PlanChange): readonly ChangedCell[] {
  if ('link' in change) return [{ field: change.link, ...writtenBy(change.attribution) }];
  if (change.action !== 'update') return [{ field: '', ...writtenBy(change.attribution) }];
  if (change.interim === true) return [];
  return Object.entries(change.fields).flatMap(([field, { from, to, keeps, attribution = change.attribution }]) =>
    keeps === true ? [] : [{ field, ...defined({ now: from, willBe: to }), ...writtenBy(attribution) }],
  );
}

function writtenBy({ writer, at }: PlanChange['attribution']): Pick<ChangedCell, 'writer' | 'at'> {
  return defined({ writer, at });
}

function groupIn(groups: Map<string, Group>, change: PlanChange, field: string): Group {
  const object = 'link' in change ? change.from.object : change.object;
  const name = JSON.stringify([change.action, object, field]);
  const group = groups.get(name) ?? new Group(change.action, object, field);
  groups.set(name, group);
  return group;
}

class Group {
  #changes = 0;
  readonly #writers = new Map<string, number>();
  readonly #now = new Values();
  readonly #willBe = new Values();
  readonly #examples = new Map<string, GroupExample>();
  /** Examples that say the same as another. */
  readonly #alike: GroupExample[] = [];

  constructor(
    private readonly action: PlanAction,
    private readonly object: string,
    private readonly field: string,
  ) {}

  take(change: PlanChange, { now, willBe, writer, at }: ChangedCell): void {
    this.#changes += 1;
    if (writer !== undefined) this.#writers.set(writer, (this.#writers.get(writer) ?? 0) + 1);
    if (this.action === 'update') {
      this.#now.take(now);
      this.#willBe.take(willBe);
    }
    if (this.#examples.size >= EXAMPLES) return;
    const ends =
      'link' in change ? { ...change.from, to: change.to } : { object: change.object, key: change.key, ...defined({ called: change.called }) };
    const example: GroupExample = { ...ends, ...defined({ now, willBe, writer, at }) };
    const says = canonicalJson([now ?? null, willBe ?? null]);
    if (!this.#examples.has(says)) this.#examples.set(says, example);
    else if (this.#alike.length < EXAMPLES) this.#alike.push(example);
  }

  told(): ChangeGroup {
    const writers = [...this.#writers].sort((a, b) => b[1] - a[1]).map(([writer, changes]) => ({ writer, changes }));
    return {
      action: this.action,
      object: this.object,
      field: this.field,
      changes: this.#changes,
      writers,
      ...defined({ now: this.#now.common(), willBe: this.#willBe.common() }),
      examples: [...this.#examples.values(), ...this.#alike].slice(0, EXAMPLES),
    };
  }
}

/** Counts values, so many different ones at most. */
class Values {
  readonly #times = new Map<string, { readonly value: unknown; times: number }>();

  take(value: unknown): void {
    const name = typeof value === 'string' ? `"${value}` : value === undefined ? '' : canonicalJson(value);
    const known = this.#times.get(name);
    if (known !== undefined) known.times += 1;
    else if (this.#times.size < VALUES_KEPT) this.#times.set(name, { value, times: 1 });
  }

  /** The most common one, where one is common at all. */
  common(): CommonValue | undefined {
    let most: CommonValue | undefined;
    for (const one of this.#times.values()) if (one.times > (most?.times ?? 1)) most = one;
    return most;
  }
}
