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
  /** Fields that carry a link, by the name that a sandbox has for it: `Contact.AccountId`. */
  readonly #carried = new Map<string, string>();
  /** Records that it deletes. */
  readonly deleted = new Set<string>();

  /** `keyMap`: the new keys of records that were created again. */
  static async by(plan: Plan, keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<Touched> {
    const touched = new Touched();
    for (const { from, viaFields: [field, ...more] = [] } of plan.schema.links)
      if (field !== undefined && more.length === 0) touched.#carried.set(`${from}.${field}`, field);
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

  /** A link that is a value of its record comes with that value, or with the record. */
  #carries({ from, kind }: Ends): boolean {
    const field = this.#carried.get(kind);
    return field !== undefined && (this.#names.has(from) || this.#names.has(`${from}/${field}`));
  }

  /** Whether a difference is one that the plan makes. */
  covers(name: string): boolean {
    const ends = endsOf(name);
    if (ends === undefined) return this.#names.has(name);
    // Links go with a record that goes.
    return this.#pairs.has(pairName(ends.from, ends.to)) || [ends.from, ends.to].some((end) => this.deleted.has(end)) || this.#carries(ends);
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
  return named([...differencesOf(before, after)].filter((name) => !recordsOf(name).some(isAgain)));
}

const named = (names: string[]): Named => ({ count: names.length, examples: names.sort().slice(0, EXAMPLES) });

interface Ends {
  readonly from: string;
  readonly kind: string;
  readonly to: string;
}

/** The two records of a link, and its kind; undefined for what is none. */
function endsOf(name: string): Ends | undefined {
  const [from = '', kind = '', to] = name.split(' ');
  return to === undefined ? undefined : { from, kind, to };
}

/** The records that a name is about. */
function recordsOf(name: string): readonly string[] {
  const ends = endsOf(name);
  return ends === undefined ? [recordOf(name)] : [ends.from, ends.to];
}

/** `<object>/<key>` of a cell. */
const recordOf = (name: string): string => name.split('/', 2).join('/');
const pairName = (a: string, b: string): string => [a, b].sort().join(' ');
