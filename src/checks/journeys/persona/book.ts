import type { JourneyStepDocument, WantedField } from '../../document/journey.js';

/** What is in force of what the steps so far said, for one person. */
export interface Book {
  /** By place: whether its record is there. */
  readonly records: ReadonlyMap<string, 'there' | 'gone'>;
  /** By place, then field; several where sets have to have and to lack elements. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, readonly WantedField[]>>;
  /** Links between the records of two places. */
  readonly links: readonly LinkWanted[];
}

export interface LinkWanted {
  readonly from: string;
  readonly to: string;
  readonly kind?: string;
}

export const NOTHING: Book = { records: new Map(), fields: new Map(), links: [] };

/**
 * What is in force after one more step: what a later step says of a field takes the place of what an earlier one said, elements of a set
 * apart. What was written is wanted from then on too. `writes`: fields that the step wrote, where it is known that it did.
 */
export function withStep(book: Book, step: JourneyStepDocument, writes: Readonly<Record<string, WantedField>> | undefined): Book {
  let next = book;
  const place = 'create' in step ? step.create : 'update' in step ? step.update : undefined;
  if (writes !== undefined) {
    if ('create' in step) next = withRecord(next, step.create, 'there');
    if ('delete' in step) next = withRecord(next, step.delete, 'gone');
    if ('link' in step)
      next = { ...next, links: [...next.links, { from: step.link, to: step.to, ...(step.kind !== undefined && { kind: step.kind }) }] };
    if (place !== undefined) next = withFields(next, place, writes);
    if ('tag' in step) {
      for (const [field, has] of Object.entries(step.add)) next = withFields(next, step.tag, { [field]: { has } });
      for (const [field, lacks] of Object.entries(step.remove)) next = withFields(next, step.tag, { [field]: { lacks } });
    }
  }
  for (const [name, said] of Object.entries(step.expect))
    next = typeof said === 'string' ? withRecord(next, name, said) : withFields(withRecord(next, name, 'there'), name, said);
  return next;
}

function withRecord(book: Book, place: string, state: 'there' | 'gone'): Book {
  const records = new Map(book.records).set(place, state);
  if (state === 'there') return { ...book, records };
  const fields = new Map(book.fields);
  fields.delete(place);
  return { records, fields, links: book.links.filter(({ from, to }) => from !== place && to !== place) };
}

function withFields(book: Book, place: string, said: Readonly<Record<string, WantedField>>): Book {
  const of = new Map(book.fields.get(place));
  for (const [field, wanted] of Object.entries(said)) of.set(field, joined(of.get(field) ?? [], wanted));
  return { ...book, fields: new Map(book.fields).set(place, of) };
}

/** Elements that a set has to have or to lack add up, an element by what was said of it last; anything else begins again. */
function joined(before: readonly WantedField[], wanted: WantedField): readonly WantedField[] {
  const elements = setOf(wanted);
  if (elements === undefined) return [wanted];
  const without = (names: readonly string[]): readonly string[] => names.filter((name) => !elements.names.includes(name));
  const kept = before.flatMap((one): readonly WantedField[] => {
    const of = setOf(one);
    // What is wanted as a whole no longer holds once an element comes or goes; its other elements do.
    const names = of === undefined ? without(Array.isArray(one) ? one : []) : without(of.names);
    return names.length === 0 ? [] : [of?.has === false ? { lacks: [...names] } : { has: [...names] }];
  });
  return [...kept, wanted];
}

/** What is no longer known: it may stand there as before, or as a write without an answer would have made it. */
export function withoutFields(book: Book, place: string, names: readonly string[]): Book {
  const of = new Map(book.fields.get(place));
  for (const name of names) of.delete(name);
  return { ...book, fields: new Map(book.fields).set(place, of) };
}

function setOf(wanted: WantedField): { readonly has: boolean; readonly names: readonly string[] } | undefined {
  if (wanted === null || typeof wanted !== 'object' || Array.isArray(wanted)) return undefined;
  if ('has' in wanted) return { has: true, names: wanted.has };
  return 'lacks' in wanted ? { has: false, names: wanted.lacks } : undefined;
}
