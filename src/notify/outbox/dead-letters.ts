import { isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { PageRecord } from './outbox.js';

/** Pages that failed permanently, until somebody dismisses them. */
export class DeadLetters {
  constructor(private readonly store: Store) {}

  async add(record: PageRecord): Promise<void> {
    await this.#document(record.page.key).update(() => record);
  }

  /** Oldest first. Of one that cannot be read it is told that there is one. */
  async all(): Promise<readonly PageRecord[]> {
    const found: PageRecord[] = [];
    for (const key of await this.store.list('dead-pages')) {
      const record = await this.#document(key)
        .read()
        .catch((error: unknown) => {
          if (isRunbackError(error, 'document-damaged')) return unreadable(key);
          throw error;
        });
      if (record) found.push(record);
    }
    return found.sort((a, b) => Date.parse(a.page.at) - Date.parse(b.page.at));
  }

  async dismiss(key: string): Promise<void> {
    await this.#document(key).delete();
  }

  #document(key: string) {
    return this.store.document<PageRecord>('dead-pages', key);
  }
}

/** What is left of a dead letter that cannot be read: that there is one. */
function unreadable(key: string): PageRecord {
  const [id = key] = key.split('.');
  const title = 'A page that failed, whose record cannot be read';
  return {
    page: {
      key,
      kind: 'alert',
      incident: { id, title, severity: '', means: '', openedAt: '' },
      to: { channel: 'unknown', medium: 'channel' },
      subject: title,
      text: '',
      facts: [],
      links: {},
      at: '',
    },
    state: 'failed',
    attempts: [],
  };
}
