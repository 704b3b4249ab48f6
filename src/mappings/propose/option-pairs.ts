import type { FieldSchema } from '../../records/index.js';

/** Options of two fields, paired as far as they are alike. */
export interface OptionPairs {
  /** Options that mean the same; undefined where every option has the same name on the other side. */
  readonly values?: readonly (readonly [string, string])[];
  /** Options of each side without a counterpart. */
  readonly alone: readonly [readonly string[], readonly string[]];
  /** Share of the options of the shorter list that have a counterpart. */
  readonly shared: number;
}

type Labels = ReadonlyMap<string, string> | undefined;

/** Pairs the options of two fields by value or label, whatever the letters and signs; undefined where one has none. */
export function pairOptions(one: FieldSchema, other: FieldSchema, oneLabels: Labels, otherLabels: Labels): OptionPairs | undefined {
  const [left, right] = [one.options, other.options];
  if (left === undefined || right === undefined || left.length === 0 || right.length === 0) return undefined;
  const forms = new Map<string, string>();
  for (const option of [...right].reverse()) for (const form of formsOf(option, otherLabels)) forms.set(form, option);
  const pairs = left.flatMap((option): (readonly [string, string])[] => {
    const found = right.includes(option)
      ? option
      : formsOf(option, oneLabels)
          .map((form) => forms.get(form))
          .find((each) => each !== undefined);
    return found === undefined ? [] : [[option, found]];
  });
  const paired = [new Set(pairs.map(([a]) => a)), new Set(pairs.map(([, b]) => b))] as const;
  const same = pairs.every(([a, b]) => a === b);
  return {
    ...(same ? {} : { values: pairs }),
    alone: [left.filter((option) => !paired[0].has(option)), right.filter((option) => !paired[1].has(option))],
    shared: pairs.length / Math.min(left.length, right.length),
  };
}

function formsOf(option: string, labels: Labels): readonly string[] {
  const label = labels?.get(option);
  return [option, ...(label === undefined ? [] : [label])].map((text) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\d]/gu, ''),
  );
}
