import { canonicalJson, RunbackError } from '../../../lib/index.js';
import type { Store } from '../../../store/index.js';
import type { Difference, DifferenceClass, Reconciliation } from '../types.js';

/** Kind of the ledgers that reconciliations are kept in. */
export const RECONCILIATIONS = 'reconciliations';

/** Results of one mapping that are kept: the newest. */
const MOST_KEPT = 200;

/** A difference as it is kept: keys and fields, and no value. */
export interface KeptDifference {
  readonly class: DifferenceClass;
  readonly keys: Difference['keys'];
  /** Places in `mapping.fields`. */
  readonly fields?: readonly number[];
}

/** Keeps a reconciliation: what it found, and a line for each difference. Of a mapping, only so many stay. */
export async function keepReconciliation(store: Store, result: Reconciliation, differences: readonly Difference[]): Promise<void> {
  await store.ledger(RECONCILIATIONS, result.id).write(linesOf(result, differences));
  const own = (await readReconciliations(store, result.mapping.id)).map(({ id }) => id);
  for (const id of own.slice(0, -MOST_KEPT)) await store.ledger(RECONCILIATIONS, id).delete();
}

function* linesOf(result: Reconciliation, differences: readonly Difference[]): Generator<string> {
  yield canonicalJson(result);
  for (const { class: name, keys, fields } of differences)
    yield canonicalJson({
      class: name,
      keys,
      ...(fields === undefined ? {} : { fields: fields.map(({ field }) => field) }),
    } satisfies KeptDifference);
}

/** What a reconciliation found. Throws `not-found`, `document-damaged`. */
export async function readReconciliation(store: Store, id: string): Promise<Reconciliation> {
  const ledger = store.ledger(RECONCILIATIONS, id);
  for await (const line of ledger.read()) return resultIn(line, ledger.location);
  throw damaged(ledger.location);
}

/** The differences of a reconciliation. Throws as {@link readReconciliation}. */
export async function* keptDifferences(store: Store, id: string): AsyncGenerator<KeptDifference> {
  let first = true;
  for await (const line of store.ledger(RECONCILIATIONS, id).read()) {
    if (!first) yield JSON.parse(line) as KeptDifference;
    first = false;
  }
}

/** All that are kept, the oldest first; only those of a mapping, where one is named. */
export async function readReconciliations(store: Store, mapping?: string): Promise<readonly Reconciliation[]> {
  const all = await Promise.all((await store.ledgers(RECONCILIATIONS)).map((id) => readReconciliation(store, id)));
  return mapping === undefined ? all : all.filter((one) => one.mapping.id === mapping);
}

function resultIn(line: string, location: string): Reconciliation {
  try {
    const value = JSON.parse(line) as Partial<Reconciliation>;
    if (value.version === 1 && typeof value.id === 'string') return value as Reconciliation;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged(location);
}

function damaged(location: string): RunbackError {
  return new RunbackError('document-damaged', `${location} is not a reconciliation that runback wrote`, {
    state: 'Nothing was changed.',
    next: 'Move the file away, and run the reconciliation again.',
  });
}
