import { canonicalJson, phraseReplacer } from '../../lib/index.js';
import type { ChangeExample, PlanFacts, ReportData, ShownRecord } from '../types.js';

/** Longest value of a record, in words, that is looked for in what people wrote. */
const PHRASE_WORDS = 8;
const AT_SIGN = /@|\uFF20|%40/gu;
const OPENERS: Readonly<Record<string, string>> = { ')': '(', '"': '"' };
const STOPS = /[\s<>"@\uFF20,;|]/u;
/** A domain after blanks: with a dot, or an address literal. */
const BLANK_DOMAIN = /^\s{1,3}(?:[^\s@<>.]+\s{0,3}\.\s{0,3}[^\s@<>.,;]+|\[[^\]]*\])/u;
const TRAILING = /[.,;:!?'")\]}*_`]+$/u;
/** Times, ids of runback, UUIDs and hashes: digits in them are no telephone number. */
const KEPT =
  /(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?|\b(?:inc|run|plan|restore|snap|pause|drill)-\d{8}-\d{6}-[a-z\d]{4}[\w./-]*|\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|\b[\da-f]{32,64}\b/giu;
const NUMBER = /(?<![\w.,-])(?:\+|\(\+?)?\d(?:[ \u00A0().\-/\u2010-\u2015]{0,3}\d){6,17}(?:\s{0,2}(?:x|ext\.?|#)\s{0,2}\d{1,6})?(?![\w,])/giu;
/** A bare number after one of these is the id of something. */
const ID_BEFORE = /(?:\b(?:ids?|keys?|records?|contacts?|compan(?:y|ies)|deals?|tickets?|leads?|accounts?|portal|case)\b[\s:=#"'/]{0,3}|[#/])$/iu;
/** Members whose values are ids: a telephone number is not looked for in them. */
const IDS: ReadonlySet<string> = new Set(['key', 'account', 'number', 'correlationIds', 'hash', 'of', 'lastHash', 'id', 'page']);

/**
 * The report without personal data: values of records, e-mail addresses and telephone numbers become placeholders such
 * as `[e-mail 1]`, the same one for the same value throughout. Names of colleagues and keys of records stay. Pure; may
 * be repeated.
 */
export function withoutPersonalData(data: ReportData): ReportData {
  if (!data.personal) return data;
  const hide = new Placeholders(data.valuesInText);
  const { plans, headline, ...rest } = data;
  const walked = walk(rest, hide, undefined) as Omit<ReportData, 'plans' | 'headline'>;
  return {
    ...walked,
    headline: { ...headline, examples: headline.examples.map((one) => recordWithout(one, hide)) },
    plans: plans.map((plan) => planWithout(plan, hide)),
    valuesInText: [],
    personal: false,
  };
}

/** A record by its key; the page of its platform holds no more than that. */
function recordWithout<T extends ShownRecord>(record: T, hide: Placeholders): T {
  const { name, address, ...rest } = record;
  return {
    ...(walk(rest, hide, undefined) as T),
    ...(name === undefined ? {} : { name: hide.word(name) }),
    ...(address === undefined ? {} : { address: hide.word(address) }),
  };
}

function planWithout(plan: PlanFacts, hide: Placeholders): PlanFacts {
  const { examples, conflictExamples, ...rest } = plan;
  const change = ({ from, to, ...example }: ChangeExample): ChangeExample => ({
    ...recordWithout(example, hide),
    ...(from === undefined ? {} : { from: hide.value(from) }),
    ...(to === undefined ? {} : { to: hide.value(to) }),
  });
  return {
    ...(walk(rest, hide, undefined) as Omit<PlanFacts, 'examples' | 'conflictExamples'>),
    examples: examples.map(change),
    conflictExamples: conflictExamples.map((one) => recordWithout(one, hide)),
  };
}

function walk(value: unknown, hide: Placeholders, name: string | undefined): unknown {
  if (typeof value === 'string') return hide.text(value, name !== undefined && IDS.has(name));
  if (Array.isArray(value)) return value.map((one: unknown) => walk(one, hide, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, walk(inner, hide, member)]));
}

/** Replaces personal data in text; the same words get the same placeholder. */
export class Placeholders {
  readonly #known = new Map<string, string>();
  readonly #counts: Record<string, number> = {};
  readonly #values: ReturnType<typeof phraseReplacer>;

  constructor(valuesInText: readonly string[] = []) {
    this.#values = phraseReplacer(valuesInText, { anyBlanks: true });
  }

  /** `id`: it is the id of something; only addresses are looked for. */
  text(text: string, id = false): string {
    const withoutMail = this.#mail(text);
    if (id) return withoutMail;
    return outside(withoutMail, (part) => this.#phones(this.#values(part, (found) => this.#of('value', phraseOf(found)))));
  }

  /** The placeholder of a value that is a text. */
  word(value: string): string {
    return String(this.value(value));
  }

  /** The placeholder of a value of a record. Null and empty say nothing of anybody. */
  value(value: unknown): unknown {
    if (value === null || value === '') return value;
    if (typeof value !== 'string') return this.#of('value', canonicalJson(value));
    const trimmed = value.trim();
    const mail = addressesIn(trimmed)[0];
    return mail !== undefined && mail.from === 0 && mail.to === trimmed.length
      ? this.#of('e-mail', trimmed.toLowerCase())
      : this.#of('value', phraseOf(value));
  }

  #mail(text: string): string {
    let result = '';
    let end = 0;
    for (const { from, to } of addressesIn(text)) {
      result += text.slice(end, from) + this.#of('e-mail', text.slice(from, to).toLowerCase());
      end = to;
    }
    return result + text.slice(end);
  }

  #phones(text: string): string {
    return text.replace(NUMBER, (found: string, offset: number) => {
      const digits = found.replaceAll(/\D/gu, '');
      const bare = digits.length === found.length;
      if (digits.length > 18 || (bare && ID_BEFORE.test(text.slice(Math.max(0, offset - 20), offset)))) return found;
      return this.#of('phone', digits);
    });
  }

  #of(kind: string, value: string): string {
    const key = `${kind}\u0000${value}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const n = (this.#counts[kind] = (this.#counts[kind] ?? 0) + 1);
    const placeholder = `[${kind} ${n}]`;
    this.#known.set(key, placeholder);
    return placeholder;
  }
}

/** Changes the text between what is kept as it is. */
function outside(text: string, change: (part: string) => string): string {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(KEPT)) {
    result += change(text.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return result + change(text.slice(end));
}

/**
 * Where e-mail addresses stand in a text: quoted and commented ones, address literals, any alphabet. Errs on the side
 * of finding one.
 */
export function addressesIn(text: string): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  let end = 0;
  for (const { index, 0: sign } of text.matchAll(AT_SIGN)) {
    if (index < end) continue;
    const after = index + sign.length;
    const last = found.at(-1);
    let from = leftOf(text, index, end);
    let to = rightOf(text, after);
    // Blanks may stand around the sign (`ann @example.org`), where what follows it has a dot.
    if (from === index && /^[^\s.]+\.[^\s.]/u.test(text.slice(after, to))) from = leftOf(text, end + text.slice(end, index).trimEnd().length, end);
    if (from < index && to === after) to = after + (BLANK_DOMAIN.exec(text.slice(after, after + 200))?.[0].length ?? 0);
    if (to === after) continue;
    if (last !== undefined && from === end && index === end) last.to = to;
    else if (from < index) found.push({ from, to });
    else continue;
    end = to;
  }
  return found;
}

function leftOf(text: string, at: number, least: number): number {
  let from = at;
  while (from > least) {
    const before = text[from - 1] ?? '';
    const opener = OPENERS[before];
    const open = opener === undefined ? -1 : text.lastIndexOf(opener, from - 2);
    if (open >= least && from > 1) from = open;
    else if (STOPS.test(before)) break;
    else from -= 1;
  }
  return from;
}

function rightOf(text: string, start: number): number {
  let to = start;
  if (text[to] === '[') {
    const close = text.indexOf(']', to);
    if (close !== -1) return close + 1;
  }
  while (to < text.length && !STOPS.test(text[to] ?? '')) to += 1;
  return start + text.slice(start, to).replace(TRAILING, '').length;
}

/** Every run of words in texts, to find values of records among them. */
export class Phrases {
  readonly #phrases = new Set<string>();
  readonly #found = new Set<string>();

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const words = text.split(/\s+/u);
      for (let from = 0; from < words.length; from += 1)
        for (let to = from + 1; to <= Math.min(words.length, from + PHRASE_WORDS); to += 1)
          this.#phrases.add(phraseOf(words.slice(from, to).join(' ')));
    }
  }

  /** Takes a value of a record, or a set of them, and remembers it where it occurs. */
  readonly look = (value: unknown): void => {
    if (typeof value === 'string') {
      const phrase = phraseOf(value);
      if (this.#phrases.has(phrase) && tells(phrase)) this.#found.add(phrase);
    } else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) this.look(inner);
  };

  get found(): readonly string[] {
    return [...this.#found].sort();
  }
}

/** Words with one space between them, without punctuation around. */
function phraseOf(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

/** Whether a value says something of somebody: not `lead`, `true` or `12`, which are words of every report. */
function tells(phrase: string): boolean {
  return phrase.length >= 3 && !/^(?:\p{Ll}[\p{Ll}_-]*|\d{1,6}|\d{4}-\d\d-\d\d.*)$/u.test(phrase);
}
