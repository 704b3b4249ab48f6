import { dirname } from 'node:path';

import { type CallOptions, type Clock, defined, exposuresOf, RunbackError } from '../../lib/index.js';
import type { OpenSnapshotOptions } from '../container/open.js';
import { damaged } from '../container/opened.js';
import type { CreateSnapshotRequest } from '../create/session.js';
import type { Decryption, Encryption } from '../encryption/age.js';
import type { Forgetting } from '../forget/forgetting.js';
import type { ForgottenFrom, HeldRecords, RecordName } from '../forget/forgotten.js';
import { unrecorded } from '../records.js';
import type { ResolveFilter } from '../references.js';
import { folderStorage } from '../storage/folder.js';
import type { Remains } from '../storage/storage.js';
import type { BytesReport, CheckedReport, SnapshotPin, SnapshotReader, SnapshotSummary, SnapshotWatch } from '../types.js';
import type { Catalog, CatalogDeps } from './catalog.js';
import { Deletion } from './deletion.js';
import { Lookup } from './lookup.js';
import { Opening } from './opening.js';
import { Verification } from './verification.js';

/** The catalog of a folder. Opening touches nothing. */
export function openCatalog(deps: CatalogDeps): Catalog {
  return new StoredCatalog(deps);
}

class StoredCatalog implements Catalog {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #encryption: Encryption | undefined;
  readonly #keys: Decryption | undefined;
  readonly #opening: Opening;
  readonly #lookup: Lookup;
  readonly #verification: Verification;
  readonly #deletion: Deletion;

  constructor({ dir, store, clock, storage = folderStorage(dir), encryption, keys }: CatalogDeps) {
    this.#dir = dir;
    this.#clock = clock;
    this.#encryption = encryption;
    this.#keys = keys;
    this.#opening = new Opening({ storage, store, keys });
    this.#lookup = new Lookup(this.#opening, clock);
    this.#verification = new Verification(this.#opening, this.#lookup, clock);
    this.#deletion = new Deletion(this.#opening, this.#lookup);
  }

  async create(request: CreateSnapshotRequest, options: CallOptions = {}): Promise<SnapshotSummary> {
    // Only now: most commands take no snapshot.
    const { createSnapshot } = await import('../create/create.js');
    const { storage, store } = this.#opening;
    const deps = { dir: this.#dir, store, clock: this.#clock, storage };
    return await createSnapshot(request, { ...deps, ...defined({ encryption: this.#encryption, keys: this.#keys }) }, options);
  }

  async list(): Promise<readonly SnapshotSummary[]> {
    return (await this.survey()).snapshots;
  }

  incomplete(platforms: readonly string[], options?: CallOptions): Promise<readonly SnapshotSummary[]> {
    return this.#lookup.incomplete(platforms, options);
  }

  survey(most?: number): ReturnType<Catalog['survey']> {
    return this.#lookup.survey(most);
  }

  resolve(reference: string, filter?: ResolveFilter): Promise<SnapshotSummary> {
    return this.#lookup.resolve(reference, filter);
  }

  async open(reference: string, options: OpenSnapshotOptions = {}): Promise<SnapshotReader> {
    return await this.#opening.open(await this.#lookup.nameOf(reference), options);
  }

  verify(reference: string, options?: CallOptions): Promise<CheckedReport> {
    return this.#verification.verify(reference, options);
  }

  verifyBytes(reference: string, options?: CallOptions): Promise<BytesReport | undefined> {
    return this.#verification.verifyBytes(reference, options);
  }

  noteUnread(id: string, found: 'damaged' | 'unclear'): Promise<void> {
    return this.#verification.noteUnread(id, found);
  }

  async adopt(reference: string, by: string, options?: CallOptions): Promise<SnapshotSummary> {
    return await this.resolve(await this.#verification.adopt(reference, by, options));
  }

  async reEncrypt(reference: string, by: string, options: CallOptions = {}): Promise<SnapshotSummary> {
    const [encryption, keys] = [this.#encryption, this.#keys];
    if (encryption === undefined)
      throw new RunbackError('usage', 'runback.yml does not say for whom snapshots are encrypted', {
        state: 'Nothing was changed.',
        next: 'Add to runback.yml: backups: { encrypt: { to: [age1…] } }',
      });
    const { id, damage, recorded } = await this.verify(reference, options);
    const [found] = damage;
    if (found !== undefined) throw damaged(this.#opening.storage.pathOf(`${id}.zip`), found);
    if (!recorded) throw unrecorded(id);
    const { reEncrypt } = await import('../encryption/re-encrypt.js');
    await reEncrypt(id, { storage: this.#opening.storage, store: this.#opening.store, encryption, keys, by }, options);
    return await this.#lookup.resolve(id);
  }

  async *held(records: readonly RecordName[], options: CallOptions = {}): AsyncGenerator<HeldRecords> {
    yield* (await this.#forgetting()).held(records, options);
  }

  async *forget(records: readonly RecordName[], by: string, options: CallOptions = {}): AsyncGenerator<ForgottenFrom> {
    yield* (await this.#forgetting()).forget(records, by, options);
  }

  async #forgetting(): Promise<Forgetting> {
    const { Forgetting: Making } = await import('../forget/forgetting.js');
    return new Making(this.#opening, this.#lookup, defined({ encryption: this.#encryption, keys: this.#keys }));
  }

  async tryStorage(options: CallOptions = {}): Promise<string> {
    await this.#opening.storage.tryOut?.(options);
    return this.#opening.storage.location;
  }

  async exposures(): Promise<readonly string[]> {
    return [...(await exposuresOf([dirname(this.#dir), this.#opening.store.location])), ...(await this.#opening.storage.exposures())];
  }

  async doubts(references: readonly string[], base?: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const reference of new Set(references)) {
      const { id, record, suspect } = await this.#lookup.resolve(reference);
      if (reference === base && suspect !== undefined)
        found.push(`${id} is suspect, and may hold the damage itself: ${suspect.join('. ')}. What is put back comes from it.`);
      if (record === undefined)
        found.push(`Nothing was recorded of ${id} when it was made. If you know that it is the right file: runback snapshot adopt ${id}`);
    }
    return [...found, ...(await this.exposures())];
  }

  async pin(reference: string, on: boolean | Omit<SnapshotPin, 'at'>): Promise<SnapshotSummary> {
    const { id } = await this.#lookup.resolve(reference);
    const at = this.#clock.now().toISOString();
    await this.#opening.notesOf(id).update((current) => {
      const { pin: _pin, ...rest } = current ?? { version: 1 };
      return { ...rest, pinned: on !== false, ...(typeof on === 'object' ? { pin: { ...on, at } } : {}) };
    });
    return await this.#lookup.resolve(id);
  }

  async noteWatch(reference: string, watch: SnapshotWatch): Promise<SnapshotSummary> {
    const { id } = await this.#lookup.resolve(reference);
    await this.#opening.notesOf(id).update((current) => ({ ...(current ?? { version: 1, pinned: false }), watch }));
    return await this.#lookup.resolve(id);
  }

  requireDeletable(reference: string): Promise<SnapshotSummary> {
    return this.#deletion.requireDeletable(reference);
  }

  delete(reference: string): Promise<SnapshotSummary> {
    return this.#deletion.delete(reference);
  }

  remains(id: string): Promise<Remains | undefined> {
    return this.#deletion.remains(id);
  }

  deleteRemains(id: string): Promise<void> {
    return this.#deletion.deleteRemains(id);
  }
}
