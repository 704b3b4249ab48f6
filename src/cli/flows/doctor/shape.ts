/** Words of some lines. */
function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

/** Parents of what records hold, or of what persons are called: how much there is, and nothing of it. */
const VALUES = words(
  'beside',
  'set replaced fields values stored moves expect given references keyMap record records meta was before',
  'after examples example answers inputs outputs result held from to filter filters env people teams members contacts body headers query args argv',
);

/** What a text under these keys says is a word of runback or of a platform's settings, where it looks like one. */
const WORDS = words(
  'connector environment controller platform platforms object objects writes_to reacts_to field storage step version timeout drain settle',
);

/** The same of words that runback makes up: small letters only, so that no secret looks like one. */
const CODES = words('type kind level code state event action status reason history watch');

/** Numbers under these keys count something of runback's. */
const COUNTS =
  /^(?:batch|seq|v|n|total|attempt|attempts|exit|exitCode|pid|count|counts|done|applied|moved|rejected|failed|inDoubt|ms|bytes|version|concurrency|canary|percent|records|cells)$|(?:Ms|Percent|_percent|Bytes|_ms|per_10s|per_day)$/u;

const WORD = /^[A-Za-z*][\w.:*/+-]{0,60}$/u;
const CODE = /^[a-z][a-z._-]{0,30}$/u;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{5,12}Z$/u;
/** Of runs, restores, plans and the like. */
const ID = /^[a-z]+-\d{8}-\d{6}-[a-z0-9]{4}$/u;
const KEY = /^[A-Za-z_][\w-]{0,40}$/u;
const REFERENCE = /^(env|file|command|keychain):/u;
const MOST_DEEP = 12;

/**
 * A value as its shape: keys, how long texts are, how many there are of a list and what the first of it looks like. Of texts and numbers
 * only the words and counts of runback itself stay. So nothing of a record, a person or a secret is in it, wherever that stood. `known`: the
 * keys that may be told by name; without it all that look like one, as in files whose keys were checked.
 */
export function shapeOf(value: unknown, known?: ReadonlySet<string>, key = '', depth = 0): unknown {
  if (value === null || value === undefined) return null;
  if (depth > MOST_DEEP) return '[more]';
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return COUNTS.test(key) ? value : 'number';
  if (typeof value === 'string') return textShape(value, key);
  if (Array.isArray(value)) return listShape(value as readonly unknown[], { known, key, depth });
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value);
  if (VALUES.has(key)) return `[${String(entries.length)} entries]`;
  const shape: Record<string, unknown> = {};
  let unnamed = 0;
  for (const [name, one] of entries) {
    if (known?.has(name) === false) shape[`[key ${String(Object.keys(shape).length + 1)}]`] = shapeOf(one, known, '', depth + 1);
    else if (KEY.test(name)) shape[name] = shapeOf(one, known, name, depth + 1);
    else unnamed += 1;
  }
  return unnamed === 0 ? shape : { ...shape, '[other keys]': unnamed };
}

function textShape(text: string, key: string): string {
  const [, reference] = REFERENCE.exec(text) ?? [];
  if (reference !== undefined) return `${reference}:[…]`;
  if (TIME.test(text) || ID.test(text) || (WORDS.has(key) && WORD.test(text) && !isLikeSecret(text)) || (CODES.has(key) && CODE.test(text)))
    return text;
  return `[text of ${String(text.length)}]`;
}

/** Long, with digits and letters mixed: no word. */
function isLikeSecret(text: string): boolean {
  return text.length > 24 && /\d/u.test(text);
}

function listShape(
  items: readonly unknown[],
  { known, key, depth }: { readonly known: ReadonlySet<string> | undefined; readonly key: string; readonly depth: number },
): unknown {
  if (VALUES.has(key)) return `[${String(items.length)} entries]`;
  if (WORDS.has(key) && items.every((item) => typeof item === 'string')) return items.map((item) => textShape(item, key));
  return items.length === 0 ? [] : { count: items.length, first: shapeOf(items[0], known, '', depth + 1) };
}

/** A sentence for people without what may be a secret, an address, a place or a value in it. */
export function scrubbed(text: string): string {
  return text
    .replaceAll(/\S+@\S+/gu, '[address]')
    .replaceAll(/\b[a-z]+:\/\/[^\s,;)]+/giu, '[url]')
    .replaceAll(/(?:^|(?<=[\s("']))\/[^\s"',;)]+/gu, '[path]')
    .replaceAll(/"[^"]*"/gu, '"[…]"')
    .replaceAll(/[\w+/=.-]*\d[\w+/=.-]{9,}/gu, '[…]')
    .replaceAll(/\+?\d[\d ()-]{6,}/gu, '[number]');
}
