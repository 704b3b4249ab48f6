import { INVESTIGATIONS } from '../../investigations/index.js';
import { isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';

const ID = /inv-\d{8}-\d{6}-[a-z0-9]{4}/gu;

/** Plans that were made of investigations, and those that cannot be read: they may be. */
export interface Investigated {
  /** By id of the plan. */
  readonly of: ReadonlyMap<string, readonly string[]>;
  readonly unread: readonly string[];
}

/** Which investigations plans name. Only the first line of a plan is read: its header. */
export async function investigatedBy(store: Store): Promise<Investigated> {
  const of = new Map<string, readonly string[]>();
  const unread: string[] = [];
  if ((await store.ledgers(INVESTIGATIONS)).length === 0) return { of, unread };
  for (const id of await store.ledgers('plans'))
    try {
      const named = [...(await firstLine(store, id)).matchAll(ID)].map(([one]) => one);
      if (named.length > 0) of.set(id, named);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      unread.push(id);
    }
  return { of, unread };
}

async function firstLine(store: Store, plan: string): Promise<string> {
  for await (const line of store.ledger('plans', plan).read()) return line;
  return '';
}
