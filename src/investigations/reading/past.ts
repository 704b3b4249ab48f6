import type { PastWrite } from '../types.js';

/** Writes that are kept of one writer to one field, beside those of drawn records: more of them tell nothing new of its habits. */
const KEPT = 2000;

/** Writes of records that were asked for because they changed, of one writer to one field. */
interface Sampled {
  readonly some: PastWrite[];
  seen: number;
  newest: PastWrite;
}

/**
 * Writes from before the base as they are learned. Those of drawn records are all kept; of the others a sample of each
 * writer and field, drawn by chance, with the newest: hundreds of thousands of changed records have twenty each.
 */
export class KeptPast {
  readonly #drawn: PastWrite[] = [];
  readonly #sampled = new Map<string, Sampled>();
  readonly #random: () => number;

  /** `random`: a number from 0 to 1, below 1, at each call. */
  constructor(random: () => number) {
    this.#random = random;
  }

  add(writes: Iterable<PastWrite>): void {
    for (const write of writes)
      if (write.drawn) this.#drawn.push(write);
      else this.#sample(write);
  }

  #sample(write: PastWrite): void {
    const name = `${write.object}\u0000${write.field}\u0000${write.writer ?? ''}`;
    const known = this.#sampled.get(name);
    if (known === undefined) {
      this.#sampled.set(name, { some: [write], seen: 1, newest: write });
      return;
    }
    known.seen += 1;
    if ((write.atMs ?? 0) > (known.newest.atMs ?? 0)) known.newest = write;
    if (known.some.length < KEPT) {
      known.some.push(write);
      return;
    }
    const place = Math.floor(this.#random() * known.seen);
    if (place < KEPT) known.some[place] = write;
  }

  /** Anything is known of the time before. */
  get isKnown(): boolean {
    return this.#drawn.length > 0 || this.#sampled.size > 0;
  }

  all(): readonly PastWrite[] {
    const sampled = [...this.#sampled.values()].flatMap(({ some, newest }) => (some.includes(newest) ? some : [...some, newest]));
    return [...this.#drawn, ...sampled];
  }
}
