import { randomOf } from '../../backups/support/watch-year.js';

/** Draws of one seed, in order. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  between(least: number, most: number): number {
    return least + this.#random() * (most - least);
  }

  /** A whole number from 0, below `below`. */
  under(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.under(items.length)] as T;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }

  /** Mean 1, and this coefficient of variation. Marsaglia and Tsang's way for a shape of 1 or more. */
  gamma(variation: number): number {
    if (variation < 1e-6) return 1;
    const shape = 1 / (variation * variation);
    const d = Math.max(shape, 1) - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.#random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / (d + 1 / 3);
    }
  }

  poisson(mean: number): number {
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let n = 0;
    for (let left = this.#random(); left > limit; left *= this.#random()) n += 1;
    return n;
  }

  /** How many of `of` there are, each with this chance. */
  binomial(of: number, share: number): number {
    if (of > 100) return Math.min(of, Math.max(0, Math.round(of * share + Math.sqrt(of * share * (1 - share)) * this.normal())));
    let n = 0;
    for (let i = 0; i < of; i += 1) if (this.#random() < share) n += 1;
    return n;
  }
}
