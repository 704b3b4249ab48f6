import { phraseReplacer } from '../../lib/index.js';
import { FORGOTTEN, RECORD_VALUES } from '../../restores/index.js';

/** Texts that tell of a person. */
export interface TellingTexts {
  /** Keys of the records that are more than a number. */
  readonly keys: readonly string[];
  /** Values that nobody else has. */
  readonly values: readonly string[];
}

/** Members that hold what people wrote, what programs answered and what a message says: texts that nothing goes on by. */
const PROSE: ReadonlySet<string> = new Set(
  (
    'answer asked because body description detail details error examples found impact inputs instructions json message note notes outputs ' +
    'question quote reason rows said sample samples stderr stdout story subject summary symptoms text texts title told what why words'
  ).split(' '),
);

/** Ids of ours: whatever else they hold, they are found again by it. */
const OWN_ID = /^(?:drill|forget|inc|pause|plan|restore|run|set|snap)-\d{8}-\d{6}-[a-z0-9]{4}$/u;

/** Shorter keys are words that stand anywhere. */
const LEAST_KEY = 5;

/**
 * Takes texts out of what people wrote and programs answered, wherever they stand there as words of their own: addresses in
 * any case of letters, all else as it is written, numbers too. Everything else stays as it is: by a value that happens to be
 * the same, something else may be found again, and values of records are theirs: an undo writes them. The very value is given back where nothing is taken out.
 */
export function scrubber({ keys, values }: TellingTexts): <T>(value: T) => T {
  const texts = [...keys.filter((key) => key.length >= LEAST_KEY), ...values];
  const replace = replacing(texts);
  const numbers = new Set(texts);
  const scrub = (value: unknown, prose: boolean): unknown => {
    if (typeof value === 'string') return prose && !OWN_ID.test(value) ? replace(value) : value;
    if (typeof value === 'number') return prose && numbers.has(String(value)) ? FORGOTTEN : value;
    if (Array.isArray(value)) return sameOr(value, (one) => scrub(one, prose));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const now = entries.map(([name, one]) => [name, !prose && RECORD_VALUES.has(name) ? one : scrub(one, prose || PROSE.has(name))] as const);
    return now.every(([, one], n) => one === entries[n]?.[1]) ? value : Object.fromEntries(now);
  };
  return <T>(value: T) => scrub(value, typeof value === 'string') as T;
}

function sameOr(before: readonly unknown[], change: (one: unknown) => unknown): readonly unknown[] {
  const now = before.map(change);
  return now.every((one, n) => one === before[n]) ? before : now;
}

/** Addresses in any case of letters, all else as it is written. The longest first: a name is part of an address, and not the other way round. */
function replacing(texts: readonly string[]): (text: string) => string {
  const addresses = phraseReplacer(
    texts.filter((text) => text.includes('@')),
    { anyCase: true },
  );
  const others = phraseReplacer(texts.filter((text) => !text.includes('@')));
  return (text) =>
    others(
      addresses(text, () => FORGOTTEN),
      () => FORGOTTEN,
    );
}
