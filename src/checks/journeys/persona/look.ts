import { type CallOptions, chunksOf, defined } from '../../../lib/index.js';
import type { LinkSchema, PlatformRecord } from '../../../records/index.js';
import { valueIn } from '../../touchpoints/facts.js';
import { type Look, linkId, type Persona, type Place, type Seen } from './facts.js';

/** A link that is looked for between the records of two places. */
export interface SoughtLink {
  readonly n: number;
  readonly from: string;
  readonly to: string;
  readonly link: LinkSchema;
  /** The platform names it from the other end. */
  readonly isTurned: boolean;
}

/**
 * Looks at the records of people. Those that were seen are read by their keys; others are looked for among what was written since the run
 * began, or among all there are.
 */
export class Watcher {
  readonly #byText = new Map<string, number>();
  readonly #known = new Map<string, Set<string>>();
  readonly #people: number;

  constructor(
    private readonly places: readonly Place[],
    people: readonly Persona[],
    private readonly since: Date,
    private readonly call: CallOptions,
  ) {
    this.#people = people.length;
    for (const { n, address, mark } of people) for (const text of [address, mark]) this.#byText.set(text.toLowerCase(), n);
    for (const { name } of places) this.#known.set(name, new Set());
  }

  /** A record that the test made itself. */
  made(place: string, key: string): void {
    this.#known.get(place)?.add(key);
  }

  /**
   * `whole`: every record of every place is read, so that what is not found is not there. `again`: of an earlier look, only these places are
   * looked at again.
   */
  async look(whole: boolean, links: readonly SoughtLink[], again?: { readonly places: ReadonlySet<string>; readonly look: Look }): Promise<Look> {
    const records = new Map<string, Seen>(again?.look.records);
    for (const place of this.places)
      if (again === undefined || again.places.has(place.name)) records.set(place.name, await this.#lookAt(place, whole));
    return { records, links: await this.#linked(records, links) };
  }

  async #lookAt(place: Place, whole: boolean): Promise<Seen> {
    const known = this.#known.get(place.name) ?? new Set<string>();
    let now: readonly PlatformRecord[];
    if (whole) {
      now = await this.#found(place, undefined);
      known.clear();
      for (const { key } of now) known.add(key);
    } else {
      // Somebody's second record is found by the look at everything, which each step ends with.
      if (known.size < this.#people) for (const { key } of await this.#found(place, this.since)) known.add(key);
      // What a search tells may be older than the record itself.
      now = await this.#byKeys(place, [...known]);
    }
    const seen = new Map<number, PlatformRecord[]>();
    for (const record of now) {
      const n = this.#whose(place, record);
      if (n !== undefined) seen.set(n, [...(seen.get(n) ?? []), record]);
    }
    return seen;
  }

  /** Records of people, each once: among all, or among those written since. */
  async #found(place: Place, changedSince: Date | undefined): Promise<readonly PlatformRecord[]> {
    const { schema } = place;
    const found = new Map<string, PlatformRecord>();
    for await (const { records } of place.platform.connector.read({ schema, ...defined({ changedSince }) }, this.call))
      for (const record of records) if (this.#whose(place, record) !== undefined) found.set(record.key, record);
    return [...found.values()];
  }

  async #byKeys({ platform: { connector }, schema }: Place, keys: readonly string[]): Promise<readonly PlatformRecord[]> {
    const found: PlatformRecord[] = [];
    for (const some of chunksOf(keys, connector.capabilities.batch.read))
      for await (const { records } of connector.read({ schema, keys: some }, this.call)) found.push(...records);
    return found;
  }

  #whose({ address, mark }: Place, record: PlatformRecord): number | undefined {
    for (const name of [address, ...(mark === undefined ? [] : [mark])]) {
      const value = valueIn(record, name);
      const n = typeof value === 'string' ? this.#byText.get(value.trim().toLowerCase()) : undefined;
      if (n !== undefined) return n;
    }
    return undefined;
  }

  async #linked(records: Look['records'], sought: readonly SoughtLink[]): Promise<ReadonlySet<string>> {
    const linked = new Set<string>();
    const keyOf = (place: string, n: number): string | undefined => records.get(place)?.get(n)?.[0]?.key;
    for (const { n, from, to, link, isTurned } of sought) {
      const ends = [from, to] as const;
      const [start, end] = isTurned ? [to, from] : ends;
      const [left, right] = [keyOf(start, n), keyOf(end, n)];
      const place = this.places.find(({ name }) => name === from);
      if (left === undefined || right === undefined || place === undefined) continue;
      const [field] = link.viaFields ?? [];
      const record = records.get(start)?.get(n)?.[0];
      if (field !== undefined && record !== undefined) {
        if (valueIn(record, field) === right) linked.add(linkId(n, from, to));
        continue;
      }
      for await (const links of place.platform.connector.readLinks({ link, fromKeys: [left] }, this.call))
        if (links.some((each) => each.from === left && each.to === right)) linked.add(linkId(n, from, to));
    }
    return linked;
  }
}
