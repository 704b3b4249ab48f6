import { defined, isRunbackError } from '../../lib/index.js';
import { CLOCK_TOLERANCE_MS, type Store } from '../../store/index.js';
import type { Page } from '../channel.js';
import type { Attempt, PageRecord } from './outbox.js';

/** A page as it is stored. */
export interface StoredPage extends PageRecord {
  /** Who is sending it, and until when nobody else may, unless that process is gone. */
  readonly lease?: { readonly holder: string; readonly until: string };
  /** ISO 8601: when the next attempt is due; absent before the first. */
  readonly next?: string;
  /** Of a bundle: keys of the pages it stands for. */
  readonly members?: readonly string[];
  /** Of a settled bundle: when it is taken out. */
  readonly removeAt?: string;
}

/** Waits after the first, second … attempt that failed for now; the last one from there on. */
const BACK_OFF_MS = [5000, 15_000, 30_000, 60_000, 120_000, 300_000];

/** Attempts whose end is known: one that was cut short says nothing of the service, and lengthens no wait. */
export function triesIn(attempts: readonly Attempt[]): number {
  return attempts.filter(({ state }) => state !== 'started').length;
}

/**
 * Whether its last attempt began at a time that has not come: the clock went back, and its next one does not wait for
 * that time again.
 */
export function isAhead({ attempts }: StoredPage, now: Date): boolean {
  const last = attempts.at(-1);
  return last !== undefined && Date.parse(last.at) > now.getTime() + CLOCK_TOLERANCE_MS;
}

/** How long to wait after that many attempts. */
export function backOffMs(attempts: number): number {
  return BACK_OFF_MS[Math.min(attempts, BACK_OFF_MS.length) - 1] ?? 0;
}

/** What others see of a stored page. */
export function recordOf({ page, state, attempts, bundle }: StoredPage): PageRecord {
  return { page, state, attempts, ...defined({ bundle }) };
}

/** The attempts with the last one, which was only begun, replaced by how it ended. */
export function ended(attempts: readonly Attempt[], outcome: Omit<Attempt, 'n' | 'at'>): readonly Attempt[] {
  const last = attempts.at(-1);
  return last === undefined ? attempts : [...attempts.slice(0, -1), { n: last.n, at: last.at, ...outcome }];
}

/** Thrown inside an update to leave the document as it is. */
class Unchanged extends Error {}

/** The pages of an outbox as documents. */
export class PageDocuments {
  constructor(private readonly store: Store) {}

  async read(key: string): Promise<StoredPage | undefined> {
    return await this.#document(key).read();
  }

  /** The page, or undefined where its record cannot be read; then it is taken away. */
  async readWhole(key: string): Promise<StoredPage | undefined> {
    try {
      return await this.read(key);
    } catch (error) {
      if (!isRunbackError(error, 'document-damaged')) throw error;
      await this.delete(key);
      return undefined;
    }
  }

  /** Creates a page whose record was lost: an earlier attempt may have arrived. */
  async recreate(page: Page): Promise<StoredPage> {
    const lost: StoredPage = { page, state: 'queued', attempts: [{ n: 1, at: page.at, state: 'started' }] };
    return await this.#document(page.key).update((current) => current ?? lost);
  }

  /** Creates the page unless it is there. Returns what is there. */
  async create(page: Page, members?: readonly string[]): Promise<StoredPage> {
    const fresh: StoredPage = { page, state: 'queued', attempts: [], ...defined({ members }) };
    return await this.#document(page.key).update((current) => current ?? fresh);
  }

  /**
   * Writes down that an attempt begins. Undefined where the page is not queued any more or somebody else sends it;
   * `gone` is a holder whose lease no longer counts.
   */
  async lease(key: string, holder: string, now: Date, leaseMs: number, gone: string | undefined): Promise<StoredPage | undefined> {
    try {
      return await this.#document(key).update((current) => {
        if (current?.state !== 'queued' || leasedBy(current, now, gone) !== undefined) throw new Unchanged();
        const { next: _, ...rest } = current;
        const attempt: Attempt = { n: current.attempts.length + 1, at: now.toISOString(), state: 'started' };
        return { ...rest, attempts: [...current.attempts, attempt], lease: { holder, until: new Date(now.getTime() + leaseMs).toISOString() } };
      });
    } catch (error) {
      if (error instanceof Unchanged) return undefined;
      throw error;
    }
  }

  async write(record: StoredPage): Promise<void> {
    await this.#document(record.page.key).update(() => record);
  }

  async delete(key: string): Promise<void> {
    await this.#document(key).delete();
  }

  #document(key: string) {
    return this.store.document<StoredPage>('pages', key);
  }
}

/** The lease that keeps others from sending the page now. */
export function leasedBy({ lease }: StoredPage, now: Date, gone?: string): StoredPage['lease'] {
  return lease !== undefined && lease.holder !== gone && Date.parse(lease.until) > now.getTime() ? lease : undefined;
}
