import { INVESTIGATIONS, investigationTellsOf } from '../../investigations/index.js';
import { type CallOptions, type Clock, isRunbackError, messageOf, newId, RunbackError } from '../../lib/index.js';
import {
  dropReadings,
  forgetInPlan,
  forgetInRestore,
  openRestores,
  planTellsOf,
  restoreTellsOf,
  type ToForget,
  PLAN_SETS,
  type PlanSet,
  withoutForgotten,
} from '../../restores/index.js';
import { type Catalog, digestOfKey, type RecordName } from '../../snapshots/index.js';
import type { JournalEntry, LockOwner, RewrittenJournal, Store } from '../../store/index.js';
import { type AlsoHeld, alsoHeld } from './also-held.js';
import { scrubber, type TellingTexts } from './scrub.js';
import { tellingTexts } from './values.js';

/** What forgetting works with. */
export interface ForgetDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  readonly catalog: Catalog;
  readonly copies: readonly { readonly name: string; readonly catalog: Catalog }[];
  readonly logs: LogFiles;
  /** Ledgers of what stands above this folder, and that name records. */
  readonly ledgers?: readonly NamingLedger[];
}

/** A kind of ledgers that name records by their keys. */
export interface NamingLedger {
  readonly kind: string;
  /** Takes out of a ledger what names such a record, unless `dry`. True where there was something. */
  forget(id: string, isOne: (platform: string, object: string, key: string) => boolean, dry: boolean): Promise<boolean>;
}

/** The log of commands, which is kept beside the store. */
export interface LogFiles {
  list(): Promise<readonly string[]>;
  /** Gives what every line of a file holds to `change`, and writes the file anew unless `dry`. True where something changed. */
  rewrite(name: string, change: (line: unknown) => unknown, dry: boolean): Promise<boolean>;
  delete(name: string): Promise<void>;
}

/** Where something of the records was, or may be still. */
export interface Place {
  readonly what: 'snapshot' | 'plan' | 'investigation' | 'journal' | 'document' | 'log';
  readonly id: string;
  /** Of a journal or document. */
  readonly kind?: string;
  /** The copy in which the snapshot lies. */
  readonly copy?: string;
}

/** What a call came to, or what it would. */
export interface ForgetReport {
  /** Of the note that is kept of it; absent where nothing was changed. */
  readonly id?: string;
  readonly found: readonly Place[];
  /** What could not be looked at, or not be changed, and why: something may be left there. */
  readonly left: readonly (Place & { readonly why: string })[];
  /** Other records that hold an e-mail address or key of them, which stay. */
  readonly also: AlsoHeld;
}

/** What is kept of it: no key, and no value. */
interface ForgetNote {
  readonly version: 1;
  readonly by: string;
  readonly beganAt: string;
  /** Absent where it was ended on the way, or something was left. */
  readonly endedAt?: string;
  readonly reason?: string;
  readonly records: readonly { readonly platform: string; readonly object: string; readonly key: string }[];
  readonly found?: readonly Place[];
  readonly left?: ForgetReport['left'];
  /** Hashes of the last lines of journals that were written anew, before and after. */
  readonly journals?: readonly (Place & RewrittenJournal)[];
}

const KIND = 'forgotten';
const LOCK = 'forget';
/** Documents that hold no data of a platform, and count only as they are: by a digest, or a signature. */
const NO_DATA: ReadonlySet<string> = new Set(['approvals', 'known-escalation', 'plan-notes', 'policies', KIND]);

/** Where something of the records is. Changes nothing. */
export async function whereIs(records: readonly RecordName[], deps: ForgetDeps, options: CallOptions = {}): Promise<ForgetReport> {
  return await new Forgetting(records, deps, options, true).run();
}

/**
 * Takes records out of everything that this workspace keeps, for good: snapshots here and in copies, plans, journals and
 * documents. What was done stays, without what it was done with. One process at a time (`locked`); ended at any moment,
 * everything is readable, and the next call does the rest. The platforms are not touched.
 *
 * Throws `restore-incomplete` where an open restore needs them.
 */
export async function forget(
  records: readonly RecordName[],
  reason: string | undefined,
  deps: ForgetDeps,
  options: CallOptions = {},
): Promise<ForgetReport> {
  const { store, clock, by } = deps;
  const lock = await store.lock(LOCK, { by, holder: `forget-${process.pid}`, purpose: 'forgetting records' }, { breakDead: true, lapse: true });
  try {
    const work = new Forgetting(records, deps, options, false);
    await work.requireNoneOpen();
    const id = newId('forget', clock, await store.list(KIND));
    const note = store.document<ForgetNote>(KIND, id);
    const base = {
      version: 1 as const,
      by,
      beganAt: clock.now().toISOString(),
      ...(reason === undefined ? {} : { reason }),
      records: records.map(({ platform, object, key }) => ({ platform, object, key: digestOfKey({ platform, object, key }) })),
    };
    await note.update(() => base);
    const { found, left, also } = await work.run();
    await note.update(() => ({
      ...base,
      found,
      left,
      journals: work.journals,
      ...(left.length === 0 ? { endedAt: clock.now().toISOString() } : {}),
    }));
    return { id, found, left, also };
  } finally {
    await lock.release();
  }
}

/** Beginnings of calls that did not come to their end, the oldest first: something may be left of what they were to forget. */
export async function unfinishedForgets(store: Store): Promise<readonly { readonly id: string; readonly by: string; readonly beganAt: string }[]> {
  const notes = await Promise.all((await store.list(KIND)).map(async (id) => ({ id, note: await store.document<ForgetNote>(KIND, id).read() })));
  const done = new Set(notes.flatMap(({ note }) => (note?.endedAt === undefined ? [] : note.records.map(({ key }) => key))));
  return notes.flatMap(({ id, note }) =>
    note === undefined || note.endedAt !== undefined || note.records.every(({ key }) => done.has(key))
      ? []
      : [{ id, by: note.by, beganAt: note.beganAt }],
  );
}

class Forgetting {
  readonly journals: (Place & RewrittenJournal)[] = [];
  readonly #found: Place[] = [];
  readonly #left: (Place & { readonly why: string })[] = [];
  readonly #names: ReadonlySet<string>;

  /** `dry`: only look. */
  constructor(
    private readonly records: readonly RecordName[],
    private readonly deps: ForgetDeps,
    private readonly options: CallOptions,
    private readonly dry: boolean,
  ) {
    this.#names = new Set(records.map(({ platform, object, key }) => JSON.stringify([platform, object, key])));
  }

  /** A restore on its way would write what is to be forgotten. */
  async requireNoneOpen(): Promise<void> {
    const what = this.#toForget({ keys: [], values: [] });
    for (const { id, plan, state } of (await openRestores(this.deps.store)).open) {
      if (state === 'partial' || !(await planTellsOf(this.deps.store, plan, what))) continue;
      throw new RunbackError('restore-incomplete', `Restore ${id} is not finished, and writes what is to be forgotten`, {
        state: 'Nothing was changed.',
        next: `Finish it first (runback restore resume ${id}), or undo it (runback restore undo ${id}).`,
        data: { restore: id },
      });
    }
  }

  async run(): Promise<Omit<ForgetReport, 'id'>> {
    // The texts are in the snapshots: as long as those are whole, a call that was ended can be made again.
    const texts = await this.#texts();
    const what = this.#toForget(texts);
    await this.#plans(what);
    await this.#investigations();
    await this.#ledgers();
    await this.#journals(what);
    // They hold values, and are there only until a plan is made of them: whoever made one makes it again.
    if (!this.dry)
      for (const id of await dropReadings(this.deps.store))
        this.#left.push({
          what: 'document',
          kind: 'history-readings',
          id,
          why: 'A plan is being made from it. Wait until that is done, then run this again.',
        });
    await this.#documents(what);
    for (const id of await this.deps.logs.list())
      await this.#at({ what: 'log', id }, async () => await this.deps.logs.rewrite(id, what.scrub, this.dry));
    if (!this.dry && this.#left.length > 0)
      this.#left.push({ what: 'snapshot', id: 'all', why: 'They stay as they are until that could be changed: what to look for is in them.' });
    else if (!this.dry)
      for (const { name, catalog } of [...this.deps.copies, { name: undefined, catalog: this.deps.catalog }]) await this.#snapshots(catalog, name);
    const addresses = [...texts.keys, ...texts.values].filter((text) => text.includes('@') || texts.keys.includes(text));
    return { found: this.#found, left: this.#left, also: await alsoHeld(addresses, this.records, this.deps.catalog, this.options) };
  }

  #toForget(texts: TellingTexts): ToForget {
    return { has: (platform, object, key) => this.#names.has(JSON.stringify([platform, object, key])), scrub: scrubber(texts) };
  }

  async #texts(): Promise<TellingTexts> {
    const lines: string[] = [];
    for (const { name, catalog } of [...this.deps.copies, { name: undefined, catalog: this.deps.catalog }])
      for await (const held of catalog.held(this.records, this.options)) {
        const place: Place = { what: 'snapshot', id: held.snapshot, ...(name === undefined ? {} : { copy: name }) };
        for (const line of held.lines) lines.push(line);
        if (!this.dry) continue;
        if (held.why !== undefined) this.#left.push({ ...place, why: held.why });
        else if (held.lines.length > 0) this.#found.push(place);
      }
    return await tellingTexts(lines, this.records, this.deps.catalog, this.options.signal);
  }

  async #plans(what: ToForget): Promise<void> {
    const { store } = this.deps;
    for (const id of await store.ledgers('plans'))
      await this.#at({ what: 'plan', id }, async () => await (this.dry ? planTellsOf(store, id, what) : forgetInPlan(store, id, what)));
  }

  /** An investigation that tells of them goes as a whole, as does one that cannot be read: it is made again in minutes. */
  async #investigations(): Promise<void> {
    const { store } = this.deps;
    const isOne = (platform: string, object: string, key: string): boolean =>
      this.records.some((one) => one.platform === platform && one.object === object && one.key === key);
    for (const id of await store.ledgers(INVESTIGATIONS))
      await this.#at({ what: 'investigation', id }, async () => {
        const tells = await investigationTellsOf(store, id, isOne).catch((error: unknown) => {
          if (isRunbackError(error, 'document-damaged')) return true;
          throw error;
        });
        if (tells && !this.dry) await store.ledger(INVESTIGATIONS, id).delete();
        return tells;
      });
  }

  async #ledgers(): Promise<void> {
    const isOne = (platform: string, object: string, key: string): boolean =>
      this.records.some((one) => one.platform === platform && one.object === object && one.key === key);
    for (const ledger of this.deps.ledgers ?? [])
      for (const id of await this.deps.store.ledgers(ledger.kind))
        await this.#at({ what: 'document', kind: ledger.kind, id }, async () => await ledger.forget(id, isOne, this.dry));
  }

  async #journals(what: ToForget): Promise<void> {
    const { store, by } = this.deps;
    for (const kind of await store.kinds('journals'))
      for (const id of await store.journals(kind)) {
        const place: Place = { what: 'journal', kind, id };
        const owner: LockOwner = { by, holder: `forget-${process.pid}`, purpose: 'forgetting records' };
        await this.#at(place, async () => {
          if (this.dry) return await this.#tells(kind, id, what);
          const rewritten =
            kind === 'restores'
              ? await forgetInRestore(store, id, owner, what)
              : await store.journal(kind, id).rewrite(owner, (entry) => scrubbed(entry, what));
          if (rewritten !== undefined) this.journals.push({ ...place, ...rewritten });
          return rewritten !== undefined;
        });
      }
  }

  async #tells(kind: string, id: string, what: ToForget): Promise<boolean> {
    if (kind === 'restores') return await restoreTellsOf(this.deps.store, id, what);
    for await (const entry of this.deps.store.journal(kind, id).read()) if (scrubbed(entry, what) !== entry.data) return true;
    return false;
  }

  async #documents(what: ToForget): Promise<void> {
    const { store } = this.deps;
    for (const kind of await store.kinds('documents')) {
      if (NO_DATA.has(kind)) continue;
      for (const id of await store.list(kind))
        await this.#at({ what: 'document', kind, id }, async () => {
          const document = store.document<unknown>(kind, id, { exact: 'all' });
          const now = await document.read();
          if (now === undefined) return false;
          // Sets of plans name records by their keys, as plans do.
          const without = (value: unknown): unknown =>
            kind === PLAN_SETS && value !== undefined ? what.scrub(withoutForgotten(value as PlanSet, what)) : what.scrub(value ?? gone());
          if (without(now) === now) return false;
          if (!this.dry) await document.update(without).catch(unlessGone);
          return true;
        });
    }
  }

  async #snapshots(catalog: Catalog, copy: string | undefined): Promise<void> {
    for await (const { snapshot, lines, why } of catalog.forget(this.records, this.deps.by, this.options)) {
      const place: Place = { what: 'snapshot', id: snapshot, ...(copy === undefined ? {} : { copy }) };
      if (why !== undefined) this.#left.push({ ...place, why });
      else if (lines > 0) this.#found.push(place);
    }
  }

  /** What cannot be looked at or changed now holds up nothing else. */
  async #at(place: Place, look: () => Promise<boolean>): Promise<void> {
    this.options.signal?.throwIfAborted();
    try {
      if (await look()) this.#found.push(place);
    } catch (error) {
      if (!isRunbackError(error) || isRunbackError(error, 'disk-full') || isRunbackError(error, 'disk-denied')) throw error;
      this.#left.push({ ...place, why: messageOf(error) });
    }
  }
}

/** The text of a runbook, which its digest vouches for, holds no data. */
function scrubbed({ data }: JournalEntry, { scrub }: ToForget): JournalEntry['data'] {
  const { runbook, ...rest } = data;
  const now = scrub(rest);
  return now === rest || Object.entries(now).every(([name, value]) => value === data[name])
    ? data
    : { ...now, ...(runbook === undefined ? {} : { runbook }) };
}

/** A document that somebody deleted meanwhile stays so. */
class Gone extends Error {}

function gone(): never {
  throw new Gone();
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Gone)) throw error;
}
