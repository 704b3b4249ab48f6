import { accountOf, isAbout, type NotedAccount, type Platform } from '../../connectors/index.js';
import { type Clock, newId } from '../../lib/index.js';
import type { Document, Store } from '../../store/index.js';
import type { StagedAccount, StagedWriter } from '../account.js';
import type { Cell } from './cells.js';

/** A marker that was written, and what stood there. */
export interface Marked extends Cell {
  readonly marker: string;
}

/** The markers of one search, written down before they are written. */
interface MarkerNote extends NotedAccount {
  readonly version: 1;
  readonly startedAt: string;
  readonly marked: readonly Marked[];
}

const KIND = 'leak-markers';

/**
 * The markers on a platform that is no production, and that have to go again: also those of a process that was killed.
 * Only what still is the marker is put back.
 */
export class MarkerNotes {
  #marked: readonly Marked[] = [];

  private constructor(
    private readonly store: Store,
    private readonly platform: Pick<Platform, 'identity' | 'connector'>,
    private readonly note: Document<MarkerNote>,
    private readonly id: string,
    private readonly startedAt: string,
  ) {}

  static async open(store: Store, platform: Pick<Platform, 'identity' | 'connector'>, clock: Clock): Promise<MarkerNotes> {
    const id = newId('marker', clock, await store.list(KIND));
    return new MarkerNotes(store, platform, store.document<MarkerNote>(KIND, id), id, clock.now().toISOString());
  }

  /** To be called before a marker is written. */
  async willMark(marked: Marked): Promise<void> {
    this.#marked = [...this.#marked, marked];
    await this.note.update(() => ({
      version: 1,
      ...accountOf(this.platform),
      startedAt: this.startedAt,
      marked: this.#marked,
    }));
  }

  /** Puts back what stood in place of the markers of this search. */
  async putBack(account: StagedAccount, writer: StagedWriter): Promise<void> {
    for (const marked of this.#marked) await putBack(marked, account, writer);
    this.#marked = [];
    await this.note.delete();
  }

  /** The same for searches that did not come to their end on this account. Whoever calls holds the lock of the account. */
  async putBackOld(account: StagedAccount, writer: StagedWriter): Promise<void> {
    for (const id of await this.store.list(KIND)) {
      if (id === this.id) continue;
      const document = this.store.document<MarkerNote>(KIND, id);
      const note = await document.read();
      if (note === undefined || !isAbout(note, this.platform)) continue;
      for (const marked of note.marked) if (account.objects.includes(marked.object)) await putBack(marked, account, writer);
      await document.delete();
    }
  }
}

async function putBack({ object, key, field, was, marker }: Marked, account: StagedAccount, writer: StagedWriter): Promise<void> {
  // What somebody wrote there since stays.
  if ((await account.record(object, key))?.[field] === marker) await writer.update(object, key, { [field]: was ?? null });
}
