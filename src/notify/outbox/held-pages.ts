import type { Clock } from '../../lib/index.js';
import { type Agenda, type AgendaEntry, ClockWatch, type Store } from '../../store/index.js';
import type { PageDocuments } from './records.js';

/** Most entries of the agenda one look takes. */
const DUE_LIMIT = 1000;
/** Wait after the disk refused something, and before a page that another process is at is looked at again. */
export const TROUBLE_MS = 5000;
/** How long an entry that leads to no page is left alone: whoever adds it may not have written the page yet. */
const ORPHAN_MS = 600_000;

/** When each page is looked at: the agenda that all processes share, without the pages that this one is at. */
export class HeldPages {
  readonly #agenda: Agenda;
  readonly #watch: ClockWatch;
  /** Pages this process is at: not taken from the agenda again. */
  readonly #held = new Set<string>();
  /** When some of them are let go; milliseconds. */
  readonly #until = new Map<string, number>();
  /** Since when entries were seen that lead to no page; milliseconds. */
  readonly #orphans = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly pages: PageDocuments,
  ) {
    this.#agenda = store.agenda('pages');
    this.#watch = new ClockWatch(store, clock, 'pages');
  }

  /** Notes when a page is to be looked at. */
  async schedule(key: string, at: Date): Promise<void> {
    await this.#agenda.add(at, key);
  }

  async forget(entries: readonly AgendaEntry[]): Promise<void> {
    for (const entry of entries) await this.#agenda.remove(entry);
  }

  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  /** Keeps a page from being looked at here: until that time (milliseconds), or until it is released. */
  hold(key: string, until?: number): void {
    this.#held.add(key);
    if (until === undefined) this.#until.delete(key);
    else this.#until.set(key, until);
  }

  /** Holds a page for a while: something refused, or another process is at it. */
  holdAWhile(key: string): void {
    this.hold(key, this.clock.now().getTime() + TROUBLE_MS);
  }

  release(key: string): void {
    this.#held.delete(key);
    this.#until.delete(key);
  }

  /** The pages that are due, each with the entries that led to it; they are held from then on. */
  async takeDue(now: Date): Promise<readonly (readonly [key: string, entries: readonly AgendaEntry[]])[]> {
    for (const [key, until] of this.#until) if (until <= now.getTime()) this.release(key);
    const byKey = new Map<string, AgendaEntry[]>();
    for (const entry of await this.#agenda.due(now, { limit: DUE_LIMIT, except: this.#held }))
      byKey.set(entry.id, [...(byKey.get(entry.id) ?? []), entry]);
    for (const key of byKey.keys()) this.#held.add(key);
    return [...byKey];
  }

  /** True where the clock went back since it was asked last: whatever waits for a time would wait longer by as much. */
  async wentBack(): Promise<boolean> {
    return (await this.#watch.wentBack()) !== undefined;
  }

  /** Makes every page due now. */
  async wakeAll(now: Date): Promise<void> {
    for (const key of this.#until.keys()) this.#until.set(key, now.getTime());
    this.#orphans.clear();
    for (const key of await this.store.list('pages')) await this.schedule(key, now);
  }

  /** An entry that leads to no page: left alone for a while, then forgotten. */
  async orphan(key: string, entries: readonly AgendaEntry[], now: Date): Promise<void> {
    const since = this.#orphans.get(key) ?? now.getTime();
    this.#orphans.set(key, since);
    if (now.getTime() - since < ORPHAN_MS) return this.hold(key, now.getTime() + TROUBLE_MS);
    await this.forget(entries);
    if ((await this.pages.read(key)) !== undefined) for (const { at } of entries) await this.schedule(key, at);
    this.#orphans.delete(key);
    this.release(key);
  }
}
