import { graphemes } from '../../../lib/index.js';

// string-width makes an Intl.Segmenter as soon as it is loaded: a tenth of the time of `status`. Here it is made when a
// text is not plain ASCII.

/** Code points that take two cells on a terminal: East Asian wide and full width, emoji shown as pictures. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;
const ZERO = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})+$/u;
const PLAIN = /^[ -~]*$/u;
/** Our own colour sequences. Built from a code so that no control character stands in the source. */
const STYLING = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'gu');

/** Cells a text takes on a terminal; our own colour sequences take none. */
export function displayWidth(text: string): number {
  const bare = text.replaceAll(STYLING, '');
  if (PLAIN.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of graphemes(bare)) width += clusterWidth(segment);
  return width;
}

function clusterWidth(cluster: string): number {
  if (ZERO.test(cluster)) return 0;
  return WIDE.test(cluster) ? 2 : 1;
}

/**
 * The beginning of an unstyled text that fits `width` cells; cut texts end in `end`. Never cuts inside a character people
 * see as one.
 */
export function truncate(text: string, width: number, end = '…'): string {
  if (text.length <= width && displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const { segment } of graphemes(text)) {
    const next = clusterWidth(segment);
    if (used + next > width) return `${trimTo(out, width - displayWidth(end))}${end}`;
    out += segment;
    used += next;
  }
  return out;
}

function trimTo(text: string, width: number): string {
  let out = '';
  let used = 0;
  for (const { segment } of graphemes(text)) {
    const next = clusterWidth(segment);
    if (used + next > width) break;
    out += segment;
    used += next;
  }
  return out;
}

/** Fills with spaces on the right (or left) up to `width` cells. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return side === 'right' ? text + space : space + text;
}

/**
 * Breaks unstyled text into lines of at most `width` cells at spaces; a longer word is cut. Line breaks in the text
 * stay.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (let word of paragraph.split(' ')) {
      while (displayWidth(word) > width) {
        if (line !== '') lines.push(line);
        line = '';
        const head = trimTo(word, width);
        lines.push(head);
        word = word.slice(head.length);
      }
      if (line === '') line = word;
      else if (displayWidth(line) + 1 + displayWidth(word) <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** The same, with so many cells in front of each line. */
export function wrapIndented(text: string, cells: number, width: number): string[] {
  return wrap(text, width - cells).map((line) => `${' '.repeat(cells)}${line}`);
}

/** Lines that may be too long: what of one does not fit comes below it, two cells further in than it begins. */
export function folded(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    if (displayWidth(line) <= width) return [line];
    const text = line.trimStart();
    const cells = line.length - text.length;
    const [first = '', ...rest] = wrap(text, width - cells - 2);
    return [' '.repeat(cells) + first, ...rest.map((more) => ' '.repeat(cells + 2) + more)];
  });
}
