import { Together } from '../../apply/sending/batching.js';
import type { Facts } from '../facts/facts.js';
import type { Difference, StoredDifference } from './differences.js';
import type { Relevant } from './relevant.js';

/** Differences whose live records are read together, and the facts that were met on the way to them. */
export interface Batch {
  readonly differences: readonly Difference[];
  readonly facts: readonly Facts[];
}

/**
 * Gathers differences to batches of at most `size`, and no more than one read should hold. The last may hold facts
 * alone.
 */
export async function* inBatches(found: AsyncIterable<Relevant>, size: number): AsyncIterable<Batch> {
  const gathered = new Together<StoredDifference>();
  let facts: Facts[] = [];
  const take = (): Batch => {
    const batch = { differences: gathered.take(), facts };
    facts = [];
    return batch;
  };
  for await (const relevant of found) {
    for (const difference of relevant.differences) {
      if (!gathered.takes(difference.length, size)) yield take();
      gathered.add(difference, difference.length);
    }
    facts.push(relevant.facts);
  }
  if (!gathered.isEmpty || facts.length > 0) yield take();
}
