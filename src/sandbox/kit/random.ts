/**
 * A small deterministic source of randomness: the same seed gives the same sequence on every machine. Not for secrets.
 */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, below). `below` must be at least 1. */
  integer(below: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** The items in another order; the input stays as it is. */
  shuffle<T>(items: readonly T[]): T[];
}

/** A generator of 32 bits of state (the "mulberry32" construction): fast, and good enough to spread test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: <T>(items: readonly T[]): T => items[integer(items.length)] as T,
    shuffle: <T>(items: readonly T[]): T[] => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = integer(last + 1);
        const held = shuffled[last] as T;
        shuffled[last] = shuffled[other] as T;
        shuffled[other] = held;
      }
      return shuffled;
    },
  };
}
