/** How phrases are looked for. */
export interface PhraseRules {
  /** Letters of any case are the same. */
  readonly anyCase?: boolean;
  /** Any blanks between two words are the same. */
  readonly anyBlanks?: boolean;
}

/** A regular expression is made of so many characters at most: much longer ones are refused, or end the program. */
const PATTERN = 4000;

/** A stretch of a text, and whether it was put there in the place of another. */
interface Stretch {
  readonly text: string;
  readonly put: boolean;
}

type Pass = (text: string, by: (found: string) => string) => readonly Stretch[];

/**
 * Puts something else wherever phrases stand as words of their own, the longest first, however many there are and however long: what
 * was put there is never looked at again.
 */
export function phraseReplacer(phrases: Iterable<string>, rules: PhraseRules = {}): (text: string, by: (found: string) => string) => string {
  const sorted = [...new Set(phrases)].filter((phrase) => phrase.trim() !== '').sort((a, b) => b.length - a.length);
  const long = sorted.filter((phrase) => phrase.length > PATTERN);
  const passes: readonly Pass[] = [...long.map((phrase) => longPass(phrase, rules)), ...patterns(sorted.slice(long.length), rules).map(patternPass)];
  return (text, by) => {
    let stretches: readonly Stretch[] = [{ text, put: false }];
    for (const pass of passes) stretches = stretches.flatMap((stretch) => (stretch.put ? [stretch] : pass(stretch.text, by)));
    return stretches.map((stretch) => stretch.text).join('');
  };
}

function patterns(phrases: readonly string[], { anyCase = false, anyBlanks = false }: PhraseRules): readonly RegExp[] {
  const made: RegExp[] = [];
  let group: string[] = [];
  const close = (): void => {
    if (group.length > 0) made.push(new RegExp(`(?<![\\p{L}\\p{N}])(?:${group.join('|')})(?![\\p{L}\\p{N}])`, anyCase ? 'giu' : 'gu'));
    group = [];
  };
  let size = 0;
  for (const phrase of phrases) {
    if (size + phrase.length > PATTERN) {
      close();
      size = 0;
    }
    const parts = anyBlanks ? phrase.trim().split(/\s+/u) : [phrase];
    group.push(parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`)).join(String.raw`\s+`));
    size += phrase.length;
  }
  close();
  return made;
}

function patternPass(pattern: RegExp): Pass {
  return (text, by) => {
    const stretches: Stretch[] = [];
    let end = 0;
    for (const found of text.matchAll(pattern)) {
      stretches.push({ text: text.slice(end, found.index), put: false }, { text: by(found[0]), put: true });
      end = found.index + found[0].length;
    }
    return [...stretches, { text: text.slice(end), put: false }];
  };
}

/** What is too long for a pattern is compared word by word. */
function longPass(phrase: string, { anyCase = false, anyBlanks = false }: PhraseRules): Pass {
  const form = (text: string): string => (anyCase ? text.toLowerCase() : text);
  const words = (anyBlanks ? phrase.trim().split(/\s+/u) : [phrase]).map(form);
  const [first = ''] = words;
  return (text, by) => {
    const lower = form(text);
    // Letters that get longer in small form would move every place.
    const within = lower.length === text.length ? lower : text;
    const stretches: Stretch[] = [];
    let end = 0;
    for (let at = within.indexOf(first); at >= 0; at = within.indexOf(first, Math.max(at + 1, end))) {
      const to = endOf(within, at, words);
      if (to === undefined || !isApart(text, at, to)) continue;
      stretches.push({ text: text.slice(end, at), put: false }, { text: by(text.slice(at, to)), put: true });
      end = to;
    }
    return [...stretches, { text: text.slice(end), put: false }];
  };
}

/** Where words that begin at a place end, one after the other; undefined where others stand there. */
function endOf(text: string, at: number, words: readonly string[]): number | undefined {
  let place = at;
  for (const [index, word] of words.entries()) {
    if (index > 0) {
      const blanks = /^\s+/u.exec(text.slice(place, place + LONGEST_BLANKS))?.[0].length ?? 0;
      if (blanks === 0) return undefined;
      place += blanks;
    }
    if (!text.startsWith(word, place)) return undefined;
    place += word.length;
  }
  return place;
}

const LONGEST_BLANKS = 1000;

/** No letter and no digit is next to it. */
function isApart(text: string, from: number, to: number): boolean {
  return !/[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, from - 2), from)) && !/^[\p{L}\p{N}]/u.test(text.slice(to, to + 2));
}
