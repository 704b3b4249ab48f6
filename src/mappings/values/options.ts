import type { SideIndex } from '../document/mapping.js';
import { plainText } from './forms.js';

/** Pairs of options that mean the same, made fast to ask. */
export interface OptionTable {
  /** What the options of both sides that mean the same are known by; undefined where a side's option is in no pair. */
  meaning(side: SideIndex, option: string): string | undefined;
  /** What is written on the other side for an option; undefined where it has no counterpart. */
  counterpart(side: SideIndex, option: string): string | undefined;
}

/**
 * @param pairs in the order of the file: of several counterparts, the first is written.
 */
export function optionTable(pairs: readonly (readonly [string, string])[]): OptionTable {
  const first: readonly [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
  const meanings: readonly [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
  for (const [left, right] of pairs) {
    if (!first[0].has(left)) first[0].set(left, right);
    if (!first[1].has(right)) first[1].set(right, left);
    // Options that share a counterpart mean the same, over however many steps.
    const known = new Set([meanings[0].get(left), meanings[1].get(right)].filter((one) => one !== undefined));
    const [meaning = `=${left}`] = known;
    meanings[0].set(left, meaning);
    meanings[1].set(right, meaning);
    if (known.size > 1) for (const map of meanings) for (const [option, old] of map) if (known.has(old)) map.set(option, meaning);
  }
  const [meaningOf, counterpartOf] = [meanings, first].map((maps) => maps.map(finder));
  return {
    meaning: (side, option) => meaningOf?.[side]?.(option),
    counterpart: (side, option) => counterpartOf?.[side]?.(option),
  };
}

/** Finds an option as it is written, or else the one that looks the same: other spaces, or another Unicode form. */
function finder(options: ReadonlyMap<string, string>): (option: string) => string | undefined {
  const plain = new Map<string, string | undefined>();
  for (const [option, other] of options) {
    const form = plainText(option);
    // Two that look the same and mean two things: nobody can say which is meant.
    plain.set(form, plain.has(form) && plain.get(form) !== other ? undefined : other);
  }
  return (option) => options.get(option) ?? plain.get(plainText(option));
}
