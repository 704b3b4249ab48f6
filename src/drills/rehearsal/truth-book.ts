import type { Who, WrittenValues } from '../../sandbox/index.js';
import { differencesOf, keepStage, scoreTruth, type KeptTruth, type Score, type StagedAccount } from '../../stages/index.js';
import type { Sample } from '../result.js';
import { oldKeysOf, underOldKeys } from './recreated.js';

/**
 * What an account should hold in the end, and which of its cells were damaged or changed for a reason: kept while a
 * drill goes on, by comparing the truth before and after each act.
 */
export class TruthBook {
  readonly damaged = new Set<string>();
  readonly legitimate = new Set<string>();

  /** What the account held before the act of damage that goes on, with the edits made since. */
  #before: KeptTruth | undefined;
  readonly #became = new Map<string, string | null>();

  private constructor(
    private readonly account: StagedAccount,
    readonly expected: KeptTruth,
  ) {}

  static async open(account: StagedAccount): Promise<TruthBook> {
    return new TruthBook(account, await keepStage(account));
  }

  /** Whatever differs after `act` is damage, {@link edit} left out; gives how much that was. Nothing else may write meanwhile. */
  async damage(act: () => Promise<void>): Promise<number> {
    const before = await keepStage(this.account);
    this.#before = before;
    try {
      await act();
    } finally {
      this.#before = undefined;
    }
    const after = await keepStage(this.account);
    const struck = differencesOf(before, after);
    for (const name of struck) {
      this.damaged.add(name);
      this.#became.set(name, valueOf(after, name));
      this.legitimate.delete(name);
    }
    return struck.size;
  }

  /** Some of the cells that are damaged still or were, as they should be, as they became and as they are. */
  samples(actual: KeptTruth, most: number): readonly Sample[] {
    const cells = [...this.#became].filter(([name]) => !name.includes(' ') && name.split('/').length > 2 && this.damaged.has(name));
    return cells.slice(0, most).map(([cell, damaged]) => ({ cell, before: valueOf(this.expected, cell), damaged, restored: valueOf(actual, cell) }));
  }

  /** A change that has to survive; false where there is no such record any more, or nothing changed. */
  async edit(who: Who, object: string, key: string, values: WrittenValues): Promise<boolean> {
    const id = `${object}/${key}`;
    const should = this.expected.records.get(id);
    const before = await this.account.record(object, key);
    if (should === undefined || before === undefined) return false;
    await this.account.as(who).update(object, key, values);
    const after = (await this.account.record(object, key)) ?? {};
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
    for (const name of changed) {
      const value = after[name];
      for (const kept of [should, this.#before?.records.get(id)]) {
        if (kept === undefined) continue;
        if (value === undefined) delete kept[name];
        else kept[name] = value;
      }
      this.legitimate.add(`${id}/${name}`);
      this.damaged.delete(`${id}/${name}`);
    }
    return changed.length > 0;
  }

  /**
   * A person puts right by hand what the API of the platform does not let anybody write (consent): on the records of an
   * object type that were damaged, wherever they are now. Gives how many cells that were.
   */
  async putRightByHand(who: Who, object: string): Promise<number> {
    const names = this.account
      .fields(object)
      .filter(({ readOnly, byHand, optedOut }) => readOnly && (byHand !== undefined || optedOut !== undefined))
      .map(({ name }) => name);
    const actual = await keepStage(this.account);
    const oldKeys = oldKeysOf(this.expected, actual);
    let put = 0;
    for (const [id, values] of actual.records) {
      const was = oldKeys.get(id) ?? id;
      const should = this.expected.records.get(was);
      if (!id.startsWith(`${object}/`) || should === undefined) continue;
      const wrong = names.filter((name) => values[name] !== should[name] && (this.damaged.has(was) || this.damaged.has(`${was}/${name}`)));
      if (wrong.length === 0) continue;
      await this.account.as(who).update(object, id.slice(object.length + 1), Object.fromEntries(wrong.map((name) => [name, should[name] ?? null])));
      put += wrong.length;
    }
    return put;
  }

  /** Judges the account as it is now. A record that was created again counts as the one it stands for. */
  async judge(): Promise<Judged> {
    const actual = underOldKeys(this.expected, await keepStage(this.account));
    const { expected, damaged, legitimate } = this;
    const score = scoreTruth({ expected, actual, damaged, legitimate });
    return {
      score,
      actual,
      links: this.#links(actual),
      duplicates: [...actual.records.keys()].filter((id) => !expected.records.has(id)),
      optedIn: this.#optedIn(actual),
    };
  }

  /** Links that were damaged, and how many of them are still not as they should be. */
  #links(actual: KeptTruth): Judged['links'] {
    const isLink = (name: string): boolean => name.includes(' ');
    const damaged = [...this.damaged].filter(isLink);
    return { damaged: damaged.length, left: damaged.filter((name) => this.expected.links.has(name) !== actual.links.has(name)).length };
  }

  /** People who had opted out, and whom the account would write to now. */
  #optedIn(actual: KeptTruth): readonly string[] {
    const found: string[] = [];
    for (const object of this.account.objects) {
      const consent = this.account.fields(object).filter(({ optedOut }) => optedOut !== undefined);
      if (consent.length === 0) continue;
      for (const [id, values] of actual.records) {
        const should = this.expected.records.get(id);
        if (!id.startsWith(`${object}/`) || should === undefined) continue;
        for (const { name, optedOut = [] } of consent)
          if (optedOut.includes(should[name] ?? null) && !optedOut.includes(values[name] ?? null)) found.push(`${id}/${name}`);
      }
    }
    return found;
  }
}

/** The value of a cell `<object>/<key>/<field>`; null where there is none. */
function valueOf({ records }: KeptTruth, cell: string): string | null {
  const cut = cell.lastIndexOf('/');
  return records.get(cell.slice(0, cut))?.[cell.slice(cut + 1)] ?? null;
}

/** How an account compares with what it should hold. */
export interface Judged {
  readonly score: Score;
  readonly actual: KeptTruth;
  readonly links: { readonly damaged: number; readonly left: number };
  /** Ids of records that should not be there. */
  readonly duplicates: readonly string[];
  readonly optedIn: readonly string[];
}
