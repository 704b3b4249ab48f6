import { accountOf, type CreateMutation, isAbout, type NotedAccount, type Platform, type PlatformSchema } from '../connectors/index.js';
import { type CallOptions, type Clock, newId, RunbackError } from '../lib/index.js';
import type { ObjectSchema } from '../records/index.js';
import type { HolderLook } from '../restores/index.js';
import type { Document, Lock, Store } from '../store/index.js';
import { locksIn } from './left-folders.js';
import { lockStage } from './staging-lock.js';

/** What one drill has put on a platform: written down before it is put there. */
interface StageNote extends NotedAccount {
  readonly version: 1;
  readonly platform: string;
  readonly startedAt: string;
  /** Of the workspace of its stage; absent in notes of earlier versions. */
  readonly folder?: string;
  /** Keys by object type, in the order in which they were created. None of them was there before. */
  readonly created: Readonly<Record<string, readonly string[]>>;
}

/** What {@link Leftovers} are opened with. */
interface LeftoversDeps {
  readonly store: Store;
  readonly platform: Platform;
  readonly clock: Clock;
  /** Of the workspace of its stage. */
  readonly folder: string;
  readonly by: string;
  /** What became of a run or restore that was killed while it held the platform. */
  readonly holders: HolderLook;
}

const KIND = 'drill-stages';
/** A program that a drill had started ends soon after it. */
const ENDS_MS = 30_000;
const LOOK_EVERY_MS = 100;

/**
 * The records that drills put on a platform that is no production, and that have to go again: also those of a drill
 * that was killed. Only keys are taken away that were seen missing before they were created, and that are written down
 * as ours on this very account.
 */
export class Leftovers {
  #created: Readonly<Record<string, readonly string[]>> = {};
  readonly #keys = new Set<string>();

  private constructor(
    private readonly store: Store,
    private readonly platform: Platform,
    private readonly note: Document<StageNote>,
    private readonly id: string,
    private readonly lock: Lock,
    private readonly clock: Clock,
    private readonly folder: string,
    private readonly startedAt: string = clock.now().toISOString(),
  ) {}

  /** One drill at a time on one account, and nobody else who writes there. Throws `locked`. */
  static async open({ store, platform, clock, folder, by, holders }: LeftoversDeps): Promise<Leftovers> {
    const id = newId('stage', clock, await store.list(KIND));
    const lock = await lockStage(store, platform, { by, holder: id, purpose: `drill on ${platform.name}` }, holders);
    return new Leftovers(store, platform, store.document<StageNote>(KIND, id), id, lock, clock, folder);
  }

  /**
   * To be called before records are created: the keys of `mutations` are ours from now on. None may be there. Throws
   * `locked` where another drill has taken this account over: it has taken away what was ours, and what came after it
   * would stay.
   */
  async willCreate(object: string, mutations: readonly CreateMutation[]): Promise<void> {
    await this.lock.check();
    this.#created = { ...this.#created, [object]: [...(this.#created[object] ?? []), ...mutations.map(({ key }) => key)] };
    for (const { key } of mutations) this.#keys.add(`${object}/${key}`);
    await this.#write();
  }

  /** The platform refused to create these: whoever has their keys now, they are not ours, and are not taken away. */
  async notCreated(object: string, keys: readonly string[]): Promise<void> {
    this.#created = { ...this.#created, [object]: (this.#created[object] ?? []).filter((key) => !keys.includes(key)) };
    for (const key of keys) this.#keys.delete(`${object}/${key}`);
    await this.#write();
  }

  async #write(): Promise<void> {
    const { name } = this.platform;
    await this.note.update(() => ({
      version: 1,
      platform: name,
      ...accountOf(this.platform),
      startedAt: this.startedAt,
      folder: this.folder,
      created: this.#created,
    }));
  }

  /** Whether a record was put there by this drill. */
  holds(object: string, key: string): boolean {
    return this.#keys.has(`${object}/${key}`);
  }

  /**
   * Takes away what this drill has put there, and lets the next one in. Throws `locked`, and takes nothing away, where
   * another drill has taken this account over: under our keys may be its records. What we wrote down stays for whoever
   * comes next.
   */
  async takeAway(schema: PlatformSchema, call: CallOptions): Promise<void> {
    try {
      await this.lock.check();
      await this.#remove(this.#created, schema, call);
      await this.note.delete();
    } finally {
      await this.lock.release();
    }
  }

  /**
   * Takes away what drills that did not come to their end have left on this account. An account of another kind of
   * platform may bear the same name, and a drill may be at work there. What a killed drill had started may outlive it
   * for a moment, and put a record back that was taken away: that is waited for. Throws `locked` where it does not end.
   */
  async takeAwayOld(schema: PlatformSchema, call: CallOptions): Promise<void> {
    for (const id of await this.store.list(KIND)) {
      if (id === this.id) continue;
      const document = this.store.document<StageNote>(KIND, id);
      const note = await document.read();
      if (note === undefined || !isAbout(note, this.platform)) continue;
      if (note.folder !== undefined) await this.#ended(note.folder, call);
      await this.lock.check();
      await this.#remove(note.created, schema, call);
      await document.delete();
    }
  }

  async #ended(folder: string, { signal }: CallOptions): Promise<void> {
    const until = this.clock.monotonicMs() + ENDS_MS;
    // One that nobody can tell of, as after the machine was started again, is not waited for.
    while ((await locksIn(folder, this.clock)).some(({ life }) => life === 'alive')) {
      if (this.clock.monotonicMs() > until)
        throw new RunbackError('locked', `A drill that was killed still has a program at work on ${this.platform.name}`, {
          why: `Something holds a lock in ${folder}, the workspace of its stage.`,
          state: 'Nothing of it was taken away, and nothing was staged.',
          next: 'End that program, and run the drill again.',
        });
      await this.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async #remove(created: StageNote['created'], { objects }: PlatformSchema, call: CallOptions): Promise<void> {
    // Parents come first in the schema, so they go last.
    for (const schema of [...objects].reverse()) {
      const keys = created[schema.object] ?? [];
      if (keys.length > 0) await this.#removeOf(schema, keys, call);
    }
  }

  async #removeOf(schema: ObjectSchema, keys: readonly string[], call: CallOptions): Promise<void> {
    const { connector } = this.platform;
    const size = Math.min(connector.capabilities.batch.read, connector.capabilities.batch.delete);
    for (let from = 0; from < keys.length; from += size) {
      const some = keys.slice(from, from + size);
      const there = [];
      for await (const { records } of connector.read({ schema, keys: some }, call)) there.push(...records);
      if (there.length === 0) continue;
      const batch = there.map(({ key, fields }) => ({ action: 'delete' as const, schema, key, expect: fields }));
      const left = (await connector.write(batch, call)).filter(({ status }) => status !== 'applied');
      if (left.length > 0)
        throw new RunbackError(
          'platform-rejected',
          `${left.length} ${schema.object} of the drill could not be taken away from ${this.platform.name}`,
          {
            why: left
              .map((each) => ('message' in each ? each.message : each.status))
              .slice(0, 3)
              .join(' '),
            state: 'They are written down as the drill’s own. The next drill on this platform tries again first.',
          },
        );
    }
  }
}
