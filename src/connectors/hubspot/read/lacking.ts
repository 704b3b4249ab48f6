/**
 * Properties of one object type that HubSpot keeps no history of, as they are found out. An answer without a history is
 * a partial one the first time: only one that lacks it again when asked again says that there is none.
 */
export class Lacking {
  readonly #asked = new Map<string, string>();
  readonly #known = new Set<string>();

  /** True for a property that is known to have no history. */
  isKnown(name: string): boolean {
    return this.#known.has(name);
  }

  /** True where a record lacked just these histories before. */
  isKept(id: string, without: readonly string[]): boolean {
    const names = without.join('\n');
    if (this.#asked.get(id) !== names) {
      this.#asked.set(id, names);
      return false;
    }
    for (const name of without) this.#known.add(name);
    return true;
  }
}
