/** What stands where a text was. */
export const FORGOTTEN = '(forgotten)';

/** Texts that tell of a person. */
export interface TellingTexts {
  /** Keys of the records that are more than a number. */
  readonly keys: readonly string[];
  /** Values that nobody else has. */
  readonly values: readonly string[];
}

/** Members by which other things are found again. A value that happens to be the same says nothing there, but for a key. */
const NAMES_SOMETHING: ReadonlySet<string> = new Set([
  'account',
  'from',
  'hash',
  'holder',
  'id',
  'ids',
  'key',
  'keys',
  'plan',
  'platform',
  'snapshot',
  'step',
  'to',
  'token',
]);

/**
 * Takes texts out of whatever is kept, wherever they stand as words of their own: addresses in any case of letters, all else
 * as it is written. The very value is given back where it holds none of them, and names of members stay.
 */
export function scrubber({ keys, values }: TellingTexts): <T>(value: T) => T {
  const [anywhere, inNames] = [replacing([...keys, ...values]), replacing(keys)];
  const scrub = (value: unknown, replace: (text: string) => string): unknown => {
    if (typeof value === 'string') return replace(value);
    if (Array.isArray(value)) {
      const now = value.map((one) => scrub(one, replace));
      return now.every((one, n) => one === value[n]) ? value : now;
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const now = entries.map(([name, one]) => [name, scrub(one, NAMES_SOMETHING.has(name) ? inNames : anywhere)] as const);
    return now.every(([, one], n) => one === entries[n]?.[1]) ? value : Object.fromEntries(now);
  };
  return <T>(value: T) => scrub(value, anywhere) as T;
}

function replacing(texts: readonly string[]): (text: string) => string {
  const patterns = [
    patternOf(
      texts.filter((text) => text.includes('@')),
      'giu',
    ),
    patternOf(
      texts.filter((text) => !text.includes('@')),
      'gu',
    ),
  ];
  return (text) => patterns.reduce((now, pattern) => (pattern === undefined ? now : now.replace(pattern, FORGOTTEN)), text);
}

function patternOf(texts: readonly string[], flags: string): RegExp | undefined {
  if (texts.length === 0) return undefined;
  // The longest first: a name is part of an address, and not the other way round.
  const escaped = [...texts].sort((a, b) => b.length - a.length).map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`));
  return new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${escaped.join('|')})(?![\p{L}\p{N}])`, flags);
}
