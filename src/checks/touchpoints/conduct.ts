import { RunbackError } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import type { StepDocument } from '../document/schema.js';
import type { Copies, TestedSides } from './facts.js';
import { type Cell, conductCells } from './judge.js';

/** Which fields of one side a step wants to stay, and which to change. */
interface Conduct {
  readonly unchanged: readonly string[];
  readonly moves: readonly string[];
}

/** What a step wants of fields on the side where it writes, and on the other one. */
export interface Conducts {
  readonly here: Conduct;
  readonly there: Conduct;
}

/** By its side, where the name begins with one; else of the other side. Throws `usage` for a field that is not there. */
export function conductsOf(
  { unchanged, moves }: StepDocument,
  { schemas, from }: TestedSides,
  names: readonly [here: string, there: string],
): Conducts {
  const [here, there] = [schemas[from], schemas[from === 0 ? 1 : 0]];
  const sorted = (list: readonly string[]): { readonly here: readonly string[]; readonly there: readonly string[] } => {
    const placed = list.map((name) => {
      const [side, field] = has(there, name) ? ['there', name] : sideIn(name, names);
      if (side === undefined || !has(side === 'here' ? here : there, field ?? ''))
        throw new RunbackError('usage', `There is no field ${name}`, {
          why: `A step that writes to ${names[0]} names it among unchanged or moves.`,
          state: 'Nothing was written.',
        });
      return { side, field: field ?? '' };
    });
    const of = (wanted: string): readonly string[] => placed.filter(({ side }) => side === wanted).map(({ field }) => field);
    return { here: of('here'), there: of('there') };
  };
  const [stay, change] = [sorted(unchanged), sorted(moves)];
  return { here: { unchanged: stay.here, moves: change.here }, there: { unchanged: stay.there, moves: change.there } };
}

/** What became of fields that a step wants to stay or to change. `changed`: the records that it really changed. */
export function conducted(
  name: string,
  { unchanged, moves }: Conduct,
  { before, after, changed }: { readonly before: Copies; readonly after: Copies; readonly changed: ReadonlySet<number> },
): readonly Cell[] {
  const moved = new Map([...after].filter(([n]) => changed.has(n)));
  return [...conductCells(before, after, { name, unchanged, moves: [] }), ...conductCells(before, moved, { name, unchanged: [], moves })];
}

/** As if each had stood there empty: what records look like before they are created. */
export function emptyBefore(after: Copies): Copies {
  const nothing: PlatformRecord = { key: '', fields: {}, meta: {} };
  return new Map([...after.keys()].map((n) => [n, [nothing]]));
}

const has = ({ fields }: ObjectSchema, name: string): boolean => fields.some((field) => field.name === name);

function sideIn(name: string, [here, there]: readonly [string, string]): readonly ['here' | 'there' | undefined, string] {
  if (name.startsWith(`${here}.`)) return ['here', name.slice(here.length + 1)];
  return name.startsWith(`${there}.`) ? ['there', name.slice(there.length + 1)] : [undefined, name];
}
