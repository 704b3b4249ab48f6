import { inWords } from '../../connectors/index.js';
import { type CallOptions, defined, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Lookup } from '../catalog/lookup.js';
import { idOf, type Opening } from '../catalog/opening.js';
import type { Decryption, Encryption } from '../encryption/age.js';
import type { OpenBase } from '../reader.js';
import { forgetIn, sift, type Sifted } from './forget.js';
import type { ForgottenFrom, HeldRecords, RecordName } from './forgotten.js';
import type { Leaving } from './without.js';

/** What taking records out of one snapshot came to. */
interface Came {
  readonly lines: number;
  readonly says: boolean;
  readonly why?: string;
}

/** Which snapshots must stay as they are, since others may be made of them. */
class Holding {
  readonly #bases = new Map<string, string>();
  #all: string | undefined;

  /** `bases`: ids of what it builds on; undefined where that is not known. */
  add(id: string, bases: readonly string[] | undefined): void {
    if (bases === undefined) this.#all ??= id;
    for (const base of bases ?? []) this.#bases.set(base, id);
  }

  /** The one that holds it. */
  by(id: string): string | undefined {
    return this.#all ?? this.#bases.get(id);
  }
}

/** Takes records out of all snapshots. */
export class Forgetting {
  readonly #opening: Opening;
  readonly #lookup: Lookup;
  readonly #encryption: Encryption | undefined;
  readonly #keys: Decryption | undefined;

  constructor(opening: Opening, lookup: Lookup, { encryption, keys }: { readonly encryption?: Encryption; readonly keys?: Decryption }) {
    this.#opening = opening;
    this.#lookup = lookup;
    this.#encryption = encryption;
    this.#keys = keys;
  }

  async *held(records: readonly RecordName[], options: CallOptions): AsyncGenerator<HeldRecords> {
    const clean = new Set<string>();
    yield* this.#unfinished();
    for (const { name } of await this.#lookup.newestFirst(options)) {
      const snapshot = idOf(name);
      try {
        const { lines } = await this.#look(snapshot, records, 'erase', clean, options);
        yield { snapshot, lines: lines.map((line) => line.toString('utf8').trimEnd()) };
      } catch (error) {
        yield { snapshot, lines: [], why: whyNot(error) };
      }
    }
  }

  async *forget(records: readonly RecordName[], by: string, options: CallOptions): AsyncGenerator<ForgottenFrom> {
    const clean = new Set<string>();
    const say: string[] = [];
    const holding = new Holding();
    for await (const { snapshot, why = '' } of this.#unfinished()) {
      holding.add(snapshot, undefined);
      yield { snapshot, lines: 0, why };
    }
    // What builds on a snapshot says that they are gone before that one loses them: every one can be read at every moment.
    for (const { name } of await this.#lookup.newestFirst(options)) {
      const snapshot = idOf(name);
      const held = holding.by(snapshot);
      const from =
        held === undefined
          ? await this.#in(snapshot, records, 'hide', by, clean, options)
          : await this.#heldBack(snapshot, held, records, clean, options);
      if (from.says) say.push(snapshot);
      if (from.why !== undefined) holding.add(snapshot, (await this.#opening.notesOf(snapshot).read())?.bases);
      if (from.lines > 0 || from.why !== undefined) yield { snapshot, lines: from.lines, ...defined({ why: from.why }) };
    }
    for (const snapshot of say.reverse()) {
      const { why } = await this.#in(snapshot, records, 'erase', by, clean, options);
      if (why !== undefined) yield { snapshot, lines: 0, why };
    }
  }

  async #look(
    id: string,
    records: readonly RecordName[],
    leaving: Leaving,
    clean: Set<string>,
    options: CallOptions,
  ): Promise<Sifted & { readonly encrypted: boolean }> {
    const reader = await this.#opening.open(`${id}.zip`);
    try {
      return { ...(await sift(reader, records, leaving, clean, options)), encrypted: reader.encrypted };
    } finally {
      await reader.close();
    }
  }

  /** One that cannot lose them: another one, which cannot be written anew now, may be made of it. */
  async #heldBack(id: string, by: string, records: readonly RecordName[], clean: Set<string>, options: CallOptions): Promise<Came> {
    try {
      const { differs } = await this.#look(id, records, 'hide', clean, options);
      return { lines: 0, says: false, ...(differs ? { why: `${by} may build on it, and cannot be changed now.` } : {}) };
    } catch (error) {
      return { lines: 0, says: false, why: whyNot(error) };
    }
  }

  /** What a killed writer left may hold them, and what is being written now. */
  async *#unfinished(): AsyncGenerator<HeldRecords> {
    const listed = new Set((await this.#lookup.newestFirst()).map(({ name }) => name));
    for (const name of await this.#opening.storage.unfinished())
      if (!listed.has(name))
        yield {
          snapshot: idOf(name),
          lines: [],
          why: 'It is being written, or its writer was killed. The next snapshot that is taken clears that away.',
        };
  }

  async #in(id: string, records: readonly RecordName[], leaving: Leaving, by: string, clean: Set<string>, options: CallOptions): Promise<Came> {
    try {
      const { encrypted, differs, says } = await this.#look(id, records, leaving, clean, options);
      if (!differs) return { lines: 0, says };
      if (encrypted && this.#encryption === undefined) throw forNobody(id);
      const { storage, store } = this.#opening;
      const openBase: OpenBase = async (base) => await this.#opening.open(`${base.id}.zip`);
      const deps = { storage, store, by, openBase, keys: this.#keys, encryption: encrypted ? this.#encryption : undefined };
      return { lines: 0, says, ...(await forgetIn(id, records, leaving, deps, clean, options)) };
    } catch (error) {
      if (isRunbackError(error, 'locked', 'fenced')) throw error;
      return { lines: 0, says: false, why: whyNot(error) };
    }
  }
}

/** In words. Throws what is no error of reading a snapshot. */
function whyNot(error: unknown): string {
  if (!isRunbackError(error) || isRunbackError(error, 'disk-full') || isRunbackError(error, 'usage')) throw error;
  return inWords(error);
}

function forNobody(id: string): RunbackError {
  return new RunbackError('usage', `${id} is encrypted, and runback.yml does not say for whom it is to be encrypted again`, {
    state: 'It stays as it is. What was done before is done.',
    next: 'Add to runback.yml: backups: { encrypt: { to: [age1…] } }',
  });
}
