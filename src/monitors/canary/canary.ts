import type { CanaryTest } from '../../checks/index.js';
import { defined, parseDuration, RunbackError } from '../../lib/index.js';
import { type MappedField, type Mapping, otherSide, type SideIndex, writtenSides } from '../../mappings/index.js';
import type { Fields } from '../../records/index.js';

/** One field of one record. */
export interface CanaryPlace {
  /** Name of the platform in runback.yml. */
  readonly platform: string;
  readonly object: string;
  readonly key: string;
  readonly field: string;
}

/** The one permanent record of a flow: what is written where, and what has to come of it on the other side. */
export interface Canary {
  /** Id of its test. */
  readonly id: string;
  readonly title: string;
  readonly mapping: string;
  /** The only cell that is ever written to. */
  readonly from: CanaryPlace;
  readonly to: CanaryPlace;
  /** Values by which the record is known again, and values that say that nobody is mailed. */
  readonly knownBy: Fields;
  readonly holds: Fields;
  /** Fields that change by themselves with each write. */
  readonly moves: readonly string[];
  /** How the mapping carries it; absent where the two fields are no pair of it: then it arrives as it is. */
  readonly carried?: { readonly field: MappedField; readonly from: SideIndex };
  readonly withinMs: number;
}

/** What a canary test says, of a mapping. Throws `usage` where it does not fit the mapping. */
export function canaryOf({ id, title, file, document }: CanaryTest, mapping: Mapping): Canary {
  const { write, key, field, known_by: knownBy, holds, moves, arrives, within } = document.canary;
  const at = mapping.sides.findIndex(({ name }) => name === write);
  if (at === -1)
    throw misfit(
      `${file} writes to ${write}, and ${mapping.id} has no such side`,
      `The sides are ${mapping.sides.map(({ name }) => name).join(' and ')}.`,
    );
  const from: SideIndex = at === 0 ? 0 : 1;
  const to = otherSide(from);
  const pair = mapping.fields.find(
    (each) => each.names[from] === field && writtenSides(each).includes(to) && (arrives.field === undefined || each.names[to] === arrives.field),
  );
  const arrivesIn = arrives.field ?? pair?.names[to];
  if (arrivesIn === undefined)
    throw misfit(
      `${file} does not say where ${field} arrives`,
      `${mapping.id} carries no such field to ${mapping.sides[to].name}.`,
      'Name it with arrives: { field: … }',
    );
  const place = (side: SideIndex): Pick<CanaryPlace, 'platform' | 'object'> => ({
    platform: mapping.sides[side].platform,
    object: mapping.sides[side].object,
  });
  return {
    id,
    title,
    mapping: mapping.id,
    from: { ...place(from), key, field },
    to: { ...place(to), key: arrives.key, field: arrivesIn },
    knownBy,
    holds,
    moves,
    ...defined({ carried: pair && { field: pair, from } }),
    withinMs: parseDuration(within),
  };
}

function misfit(what: string, why: string, next?: string): RunbackError {
  return new RunbackError('usage', what, { why, state: 'Nothing was written.', ...defined({ next }) });
}

/** The others that stand in the way of a canary: a flow has one, and no two write to one record. */
export function rivalsOf(canary: Canary, all: readonly Canary[]): readonly string[] {
  const isSame = (a: CanaryPlace, b: CanaryPlace): boolean => a.platform === b.platform && a.object === b.object && a.key === b.key;
  return all
    .filter(({ id }) => id !== canary.id)
    .filter(({ mapping, from, to }) => mapping === canary.mapping || isSame(from, canary.from) || isSame(to, canary.to))
    .map(({ id }) => id);
}
