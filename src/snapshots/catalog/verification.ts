import { type CallOptions, type Clock, defined, isRunbackError } from '../../lib/index.js';
import { readDirectory } from '../container/directory.js';
import { damaged } from '../container/opened.js';
import type { StoredFile } from '../storage/storage.js';
import type { SnapshotNotes } from '../summary.js';
import type { BytesReport, CheckedReport } from '../types.js';
import { sealHolds } from '../verify.js';
import type { Lookup } from './lookup.js';
import { bytesAreGone, idOf, type Opening, requireSeal } from './opening.js';

/** Reads snapshots to their end, and notes what that found. */
export class Verification {
  readonly #opening: Opening;
  readonly #lookup: Lookup;
  readonly #clock: Clock;

  constructor(opening: Opening, lookup: Lookup, clock: Clock) {
    this.#opening = opening;
    this.#lookup = lookup;
    this.#clock = clock;
  }

  async verify(reference: string, options: CallOptions = {}): Promise<CheckedReport> {
    const name = await this.#lookup.nameOf(reference);
    const reader = await this.#opening.open(name, { salvage: true, anew: true }).catch(async (error: unknown) => {
      // Nor does what builds on it count as verified any more.
      if (bytesAreGone(error) && (await this.#opening.notesOf(idOf(name)).read())?.record !== undefined) await this.noteUnread(idOf(name), 'damaged');
      throw error;
    });
    try {
      const { id } = reader.manifest;
      const report = await reader.verify(options);
      const checkedAt = this.#clock.now().toISOString();
      const found = {
        checkedAt,
        digest: reader.digest,
        ...(report.damage.length === 0 ? { verifiedAt: checkedAt } : { damaged: report.damage.length }),
      };
      const recorded = (await this.#opening.notesOf(id).read())?.record !== undefined;
      const notNoted = await this.#note(id, (current) => (recorded ? { ...unverified(current), ...found } : { ...unverified(current), checkedAt }));
      return { ...report, recorded, ...defined({ notNoted }) };
    } finally {
      await reader.close();
    }
  }

  async verifyBytes(reference: string, { signal }: CallOptions = {}): Promise<BytesReport | undefined> {
    const name = await this.#lookup.nameOf(reference);
    const notes = await this.#opening.notesOf(idOf(name)).read();
    const { record, listed } = notes ?? {};
    if (listed === undefined || record?.seal === undefined) return undefined;
    const { id, digest } = listed;
    const file = await this.#opening.storage.open(name);
    try {
      const broken = await this.#brokenBytes(file, notes, signal);
      const checkedAt = this.#clock.now().toISOString();
      const notNoted = await this.#note(id, (current) =>
        broken === undefined
          ? { ...without(current, 'damaged'), checkedAt, bytesVerifiedAt: checkedAt }
          : { ...without(unverified(current), 'bytesVerifiedAt'), checkedAt, digest, damaged: 1 },
      );
      return { id, bytes: file.bytes, ...defined({ broken, notNoted }) };
    } finally {
      await file.close();
    }
  }

  async noteUnread(id: string, found: 'damaged' | 'unclear'): Promise<void> {
    const checkedAt = this.#clock.now().toISOString();
    await this.#opening.notesOf(id).update((current) => {
      if (found === 'unclear') return { ...(current ?? { version: 1, pinned: false }), checkedAt };
      const digest = current?.record?.digest ?? current?.digest;
      return { ...without(unverified(current), 'bytesVerifiedAt'), checkedAt, damaged: 1, ...defined({ digest }) };
    });
  }

  /** Answers its id. */
  async adopt(reference: string, by: string, options: CallOptions = {}): Promise<string> {
    const reader = await this.#opening.open(await this.#lookup.nameOf(reference), { anew: true });
    try {
      const { id } = reader.manifest;
      const [found] = (await reader.verify(options)).damage;
      if (found !== undefined) throw damaged(reader.path, found);
      const { digest } = reader;
      const at = this.#clock.now().toISOString();
      await this.#opening.notesOf(id).update((current) => ({
        ...unverified(current),
        record: current?.record ?? { digest, how: 'adopted', at, by },
        digest,
        verifiedAt: at,
      }));
      return id;
    } finally {
      await reader.close();
    }
  }

  /** Why the bytes of an encrypted file are not those that were written; undefined where they are. Throws `snapshot-replaced`. */
  async #brokenBytes(file: StoredFile, notes: SnapshotNotes | undefined, signal: AbortSignal | undefined): Promise<string | undefined> {
    const directory = await readDirectory(file);
    if (directory?.seal === undefined) return 'it was cut off, or its end was changed';
    requireSeal(file.path, directory.seal.sha256, notes);
    // What the file says is what was recorded: now whether it is so.
    return (await sealHolds({ file, directory }, signal)) === undefined ? undefined : 'bytes of it were changed since it was written';
  }

  /**
   * Writes down what a verification found. Gives why that was not possible, where the state folder cannot be written.
   */
  async #note(id: string, change: (current: SnapshotNotes | undefined) => SnapshotNotes): Promise<string | undefined> {
    try {
      await this.#opening.notesOf(id).update(change);
      return undefined;
    } catch (error) {
      if (isRunbackError(error, 'disk-denied') || isRunbackError(error, 'disk-full')) return error.why ?? error.message;
      throw error;
    }
  }
}

function without(notes: SnapshotNotes | undefined, name: 'damaged' | 'bytesVerifiedAt'): SnapshotNotes {
  const { [name]: _gone, ...rest } = notes ?? { version: 1, pinned: false };
  return rest;
}

/** Notes without what a verification found. */
function unverified(notes: SnapshotNotes | undefined): SnapshotNotes {
  const { digest: _digest, verifiedAt: _verifiedAt, damaged: _damaged, ...rest } = notes ?? { version: 1, pinned: false };
  return rest;
}
