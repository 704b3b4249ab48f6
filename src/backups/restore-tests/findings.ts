import { defined } from '../../lib/index.js';
import type { RestoreDifference, RestoreTest, SetApart } from '../../snapshots/index.js';

/** Differences that are kept by name. */
const EXAMPLES = 20;

/** What a comparison has found so far. */
export class Findings {
  records = 0;
  cells = 0;
  links = 0;
  readonly #differences: Record<RestoreDifference['kind'], number> = {
    missing: 0,
    extra: 0,
    wrong: 0,
    'missing-link': 0,
    'extra-link': 0,
    unreadable: 0,
  };
  readonly #examples: RestoreDifference[] = [];
  readonly #apart = new Map<string, SetApart>();

  /** Something is not as the snapshot has it. `count`: how many records or links, where it is not one. */
  differs(difference: RestoreDifference, count = 1): void {
    this.#differences[difference.kind] += count;
    if (this.#examples.length < EXAMPLES) this.#examples.push(difference);
  }

  /** A record holds something that no restore can bring back. */
  setApart({ object, field, why, count = 1 }: Omit<SetApart, 'count'> & { readonly count?: number }): void {
    const name = JSON.stringify([object, field, why]);
    this.#apart.set(name, { object, ...defined({ field }), why, count: (this.#apart.get(name)?.count ?? 0) + count });
  }

  get isClean(): boolean {
    return Object.values(this.#differences).every((count) => count === 0);
  }

  result(): Pick<RestoreTest, 'records' | 'cells' | 'links' | 'differences' | 'examples' | 'apart'> {
    const { records, cells, links } = this;
    return { records, cells, links, differences: { ...this.#differences }, examples: this.#examples, apart: [...this.#apart.values()] };
  }
}
