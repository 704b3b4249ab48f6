import { isRunbackError } from '../../../lib/index.js';
import type { Silence } from '../../../monitors/index.js';
import type { Document, Store } from '../../../store/index.js';

const KIND = 'monitor-silences';

/** What someone declared not to be told of; those that have ended too. One that cannot be read silences nothing. */
export async function readSilences(store: Store): Promise<readonly Silence[]> {
  const found: Silence[] = [];
  for (const id of await store.list(KIND))
    try {
      const silence = await silenceOf(store, id).read();
      if (silence !== undefined) found.push(silence);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
    }
  return found;
}

export const silenceOf = (store: Store, id: string): Document<Silence> => store.document<Silence>(KIND, id);
