// Making one of these takes as long as many a command: it is made when it is needed first.
let segmenter: Intl.Segmenter | undefined;
let counter: Intl.NumberFormat | undefined;

/** The characters of a text, as people see characters, with where they begin (UTF-16 units). */
export function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** `1,250 records`, `1 record`. `noun` is the plural; the singular drops its `s` unless given. */
export function counted(value: number, noun: string, singular = noun.replace(/s$/u, '')): string {
  return `${formatCount(value)} ${value === 1 ? singular : noun}`;
}

/** `1250` → `1,250`. */
export function formatCount(value: number): string {
  counter ??= new Intl.NumberFormat('en-US');
  return counter.format(value);
}
