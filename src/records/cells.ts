import type { Value } from './record.js';

/** One field in which two records differ, and what it holds in each: no list, no object. */
export interface Cell {
  readonly name: string;
  readonly a: Value;
  readonly b: Value;
}

const FIELDS = ',"fields":{';
const META = '},"meta":{';
const COLON = '":';
/** Names that stand in a line as they are, and are no member that all objects have. */
const NAME = /^[A-Za-z][\w.-]*$/u;

/**
 * The fields in which two lines of one record differ, as `recordLine` wrote them, without reading the rest of
 * them: of most records that were damaged, that is one value of many. `meta` is outside. Undefined where it takes more to tell:
 * another set of fields, lists and objects among the values, escapes in what differs.
 */
export function differingCells(a: string, b: string): readonly Cell[] | undefined {
  const inA = extentOf(a);
  const inB = extentOf(b);
  if (inA === undefined || inB === undefined) return undefined;
  const cells: Cell[] = [];
  // Where both go on alike from: after the last value that differs.
  let from = inA.start;
  let shift = inB.start - from;
  for (;;) {
    const place = firstOther(a, b, from, shift, inA.end, inB.end);
    if (place === inA.end && place + shift === inB.end) return cells;
    const colon = a.lastIndexOf(COLON, place - COLON.length);
    const quote = colon <= from ? -1 : a.lastIndexOf('"', colon - 1);
    if (quote < from || (quote > from && a[quote - 1] !== ',')) return undefined;
    const name = a.slice(quote + 1, colon);
    // No text between two values looks like a name: they are apart by signs. So it is one, and a value follows.
    if (!NAME.test(name)) return undefined;
    const start = colon + COLON.length;
    const one = tokenAt(a, start, inA.end);
    const other = tokenAt(b, start + shift, inB.end);
    // Where the values are the same, it is the names after them that differ.
    if (one === undefined || other === undefined || one.end < place || one.value === other.value) return undefined;
    if ((one.end === inA.end) !== (other.end === inB.end)) return undefined;
    cells.push({ name, a: one.value, b: other.value });
    from = one.end;
    shift = other.end - one.end;
  }
}

/** Where what is in the braces of `fields` begins and ends; undefined where lists or objects are among it. */
function extentOf(line: string): { readonly start: number; readonly end: number } | undefined {
  const before = line.indexOf(FIELDS);
  const start = before + FIELDS.length;
  const end = line.indexOf('{', start) - META.length + 1;
  if (before === -1 || end < start || !line.startsWith(META, end)) return undefined;
  const list = line.indexOf('[', start);
  return list === -1 || list > end ? { start, end } : undefined;
}

/** The first place from `from` on where a line is not as the other one, `shift` further on. */
function firstOther(a: string, b: string, from: number, shift: number, endA: number, endB: number): number {
  const end = Math.min(endA, endB - shift);
  let place = from;
  while (place < end && a.charCodeAt(place) === b.charCodeAt(place + shift)) place += 1;
  return place;
}

/** The value that begins at a place, and the place after it: a comma, or the end of all. */
function tokenAt(line: string, start: number, last: number): { readonly value: Value; readonly end: number } | undefined {
  if (line[start] === '"') {
    const quote = line.indexOf('"', start + 1);
    const value = line.slice(start + 1, quote);
    return quote === -1 || value.includes('\\') || !isEnd(line, quote + 1, last) ? undefined : { value, end: quote + 1 };
  }
  const comma = line.indexOf(',', start);
  const end = comma === -1 || comma > last ? last : comma;
  return { value: JSON.parse(line.slice(start, end)) as Value, end };
}

function isEnd(line: string, place: number, last: number): boolean {
  return place === last || (place < last && line[place] === ',');
}
