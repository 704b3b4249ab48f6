import type { Plan } from '../../restores/index.js';
import { differencesOf, type KeptTruth } from '../truth.js';

/** Things that are told by name: how many, and the first of them. */
export interface Named {
  readonly count: number;
  readonly examples: readonly string[];
}

const EXAMPLES = 10;

/** What a plan touches, by the names that a {@link KeptTruth} has. */
export class Touched {
  readonly #names = new Set<string>();
  readonly #pairs = new Set<string>();
  /** Records that it deletes. */
  readonly deleted = new Set<string>();

  /** `keyMap`: the new keys of records that were created again. */
  static async by(plan: Plan, keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<Touched> {
    const touched = new Touched();
    const nameOf = ({ object, key }: { readonly object: string; readonly key: string }): string => `${object}/${keyMap[object]?.[key] ?? key}`;
    for await (const lines of plan.linesTogether())
      for (const line of lines) {
        if (line.kind !== 'change') continue;
        if ('link' in line) touched.#pairs.add(pairName(nameOf(line.from), nameOf(line.to)));
        else if (line.action === 'update') for (const field of Object.keys(line.fields)) touched.#names.add(`${nameOf(line)}/${field}`);
        else touched.#names.add(nameOf(line));
        if (!('link' in line) && line.action === 'delete') touched.deleted.add(nameOf(line));
      }
    return touched;
  }

  /** Whether a difference is one that the plan makes. */
  covers(name: string): boolean {
    const ends = endsOf(name);
    if (ends === undefined) return this.#names.has(name);
    // Links go with a record that goes.
    return this.#pairs.has(pairName(ends[0], ends[1])) || ends.some((end) => this.deleted.has(end));
  }
}

/** What differs beside what a plan touches. */
export function besideOf(before: KeptTruth, after: KeptTruth, touched: Touched): Named {
  return named([...differencesOf(before, after)].filter((name) => !touched.covers(name)));
}

/**
 * What an undo did not put back. A record that the plan had deleted comes back under another key, where keys are the
 * platform's: which of the new records is which is not asked.
 */
export function notPutBack(before: KeptTruth, after: KeptTruth, { deleted }: Touched): Named {
  const fresh = [...after.records.keys()].filter((id) => !before.records.has(id));
  const again = new Set(fresh.slice(0, deleted.size));
  const isAgain = (id: string): boolean => deleted.has(id) || again.has(id);
  return named([...differencesOf(before, after)].filter((name) => !(endsOf(name) ?? [recordOf(name)]).some(isAgain)));
}

const named = (names: string[]): Named => ({ count: names.length, examples: names.sort().slice(0, EXAMPLES) });

/** The two records of a link; undefined for what is none. */
function endsOf(name: string): readonly [string, string] | undefined {
  const [from = '', , to] = name.split(' ');
  return to === undefined ? undefined : [from, to];
}

/** `<object>/<key>` of a cell. */
const recordOf = (name: string): string => name.split('/', 2).join('/');
const pairName = (a: string, b: string): string => [a, b].sort().join(' ');
