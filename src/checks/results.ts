import type { Store } from '../store/index.js';
import { RESULTS } from './ledger.js';
import type { CheckResult } from './result.js';

/** Every result that was kept, oldest first. Throws `document-damaged`. */
export async function readCheckResults(store: Store): Promise<readonly CheckResult[]> {
  const ids = await store.list(RESULTS);
  const results = await Promise.all(ids.map(async (id) => await store.document<CheckResult>(RESULTS, id).read()));
  return results.filter((result) => result !== undefined);
}
