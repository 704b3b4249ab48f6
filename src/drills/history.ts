import type { Store } from '../store/index.js';
import { noteProof } from './proofs.js';
import type { DrillResult } from './result.js';

/** Where results are kept in the state of a workspace, a document each. */
const KIND = 'drills';

/** Keeps a result for good, and what it showed of its runbook. */
export async function keepResult(store: Store, result: DrillResult): Promise<void> {
  await store.document<DrillResult>(KIND, result.id).update(() => result);
  await noteProof(store, result);
}

/** Every result that was kept, oldest first. Throws `document-damaged`. */
export async function readResults(store: Store): Promise<readonly DrillResult[]> {
  const ids = await store.list(KIND);
  const results = await Promise.all(ids.map(async (id) => await store.document<DrillResult>(KIND, id).read()));
  return results.filter((result) => result !== undefined);
}
