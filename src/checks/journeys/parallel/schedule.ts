/** Which writers write in one round, by number; each its next write. */
export type Round = readonly number[];

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function drawn(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One interleaving of scripts of these lengths: in each round one or several writers write, those of a round at the same time. The same seed
 * gives the same one. Pure.
 */
export function interleaving(lengths: readonly number[], seed: number): readonly Round[] {
  const random = drawn(seed);
  const left = [...lengths];
  const rounds: Round[] = [];
  for (;;) {
    const open = left.flatMap((count, writer) => (count > 0 ? [writer] : []));
    if (open.length === 0) return rounds;
    const chosen = open.filter(() => random() < 0.5);
    const round = chosen.length > 0 ? chosen : open.slice(0, 1 + Math.floor(random() * open.length)).slice(-1);
    for (const writer of round) left[writer] = (left[writer] ?? 0) - 1;
    rounds.push(round);
  }
}
