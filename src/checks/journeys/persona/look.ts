import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { LinkSchema, PlatformRecord } from '../../../records/index.js';
import { valueIn } from '../../touchpoints/facts.js';
import { type Look, linkId, type Persona, type Place, type Seen } from './facts.js';

/** A link that is looked for between the records of two places. */
export interface SoughtLink {
  readonly n: number;
  readonly from: string;
  readonly to: string;
  readonly link: LinkSchema;
}

/**
 * Looks at the records of people. Those that were seen are read by their keys; others are looked for among what was written since the run
 * began, or among all there are.
 */
export class Watcher {
  readonly #byText = new Map<string, number>();
  readonly #known = new Map<string, Set<string>>();

  constructor(
    private readonly places: readonly Place[],
    people: readonly Persona[],
    private readonly since: Date,
    private readonly call: CallOptions,
  ) {
    for (const { n, address, mark } of people) for (const text of [address, mark]) this.#byText.set(text.toLowerCase(), n);
    for (const { name } of places) this.#known.set(name, new Set());
  }

  /** A record that the test made itself. */
  made(place: string, key: string): void {
    this.#known.get(place)?.add(key);
  }

  /** `whole`: every record of every place is read, so that what is not found is not there. */
  async look(whole: boolean, links: readonly SoughtLink[]): Promise<Look> {
    const records = new Map<string, Seen>();
    for (const place of this.places) records.set(place.name, await this.#lookAt(place, whole));
    return { records, links: await this.#linked(records, links) };
  }

  async #lookAt(place: Place, whole: boolean): Promise<Seen> {
    const { connector } = place.platform;
    const known = this.#known.get(place.name) ?? new Set<string>();
    const { schema } = place;
    const found = new Map<string, PlatformRecord>();
    for await (const { records } of connector.read(whole ? { schema } : { schema, changedSince: this.since }, this.call))
      for (const record of records) if (this.#whose(place, record) !== undefined) found.set(record.key, record);
    if (whole) known.clear();
    for (const key of found.keys()) known.add(key);
    // What a search tells may be older than the record itself.
    const now = whole ? [...found.values()] : await this.#byKeys(place, [...known]);
    const seen = new Map<number, PlatformRecord[]>();
    for (const record of now) {
      const n = this.#whose(place, record);
      if (n !== undefined) seen.set(n, [...(seen.get(n) ?? []), record]);
    }
    return seen;
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
      const n = typeof value === 'string' ? this.#byText.get(value.toLowerCase()) : undefined;
      if (n !== undefined) return n;
    }
    return undefined;
  }

  async #linked(records: Look['records'], sought: readonly SoughtLink[]): Promise<ReadonlySet<string>> {
    const linked = new Set<string>();
    const keyOf = (place: string, n: number): string | undefined => records.get(place)?.get(n)?.[0]?.key;
    for (const { n, from, to, link } of sought) {
      const [left, right] = [keyOf(from, n), keyOf(to, n)];
      const place = this.places.find(({ name }) => name === from);
      if (left === undefined || right === undefined || place === undefined) continue;
      for await (const links of place.platform.connector.readLinks({ link, fromKeys: [left] }, this.call))
        if (links.some((each) => each.from === left && each.to === right)) linked.add(linkId(n, from, to));
    }
    return linked;
  }
}
