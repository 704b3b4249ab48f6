import type { SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { type Comparison, matchForms } from '../rows/columns.js';

/** A record without a counterpart as it is now: the forms it is matched by. */
export interface AloneNow {
  readonly key: string;
  readonly forms: readonly (string | undefined)[];
}

/** Where records that are looked for on one side turn up: keys there, by way and form. */
export class Wanted {
  readonly #found = new Map<string, Set<string>>();

  /** `those`: records of the other side that look for a counterpart. */
  constructor(those: Iterable<AloneNow>) {
    for (const { forms } of those) for (const [way, form] of forms.entries()) if (form !== undefined) this.#found.set(`${way} ${form}`, new Set());
  }

  /** Notes a record of the side that is searched, by all forms that are looked for. True where there is one. */
  note({ key, forms }: AloneNow): boolean {
    let isWanted = false;
    for (const [way, form] of forms.entries()) {
      const keys = form === undefined ? undefined : this.#found.get(`${way} ${form}`);
      keys?.add(key);
      isWanted ||= keys !== undefined;
    }
    return isWanted;
  }

  /** Forgets a record: it belongs to another one. */
  forget(key: string): void {
    for (const keys of this.#found.values()) keys.delete(key);
  }

  /** The keys that fit a record, by the first way that finds any. */
  fitting({ forms }: AloneNow): { readonly way: number; readonly keys: readonly string[] } | undefined {
    for (const [way, form] of forms.entries()) {
      const keys = form === undefined ? undefined : this.#found.get(`${way} ${form}`);
      if (keys !== undefined && keys.size > 0) return { way, keys: [...keys].sort() };
    }
    return undefined;
  }
}

/** A record as it is looked for. */
export function aloneNow(comparison: Comparison, side: SideIndex, record: PlatformRecord): AloneNow {
  return { key: record.key, forms: matchForms(comparison, side, record) };
}
