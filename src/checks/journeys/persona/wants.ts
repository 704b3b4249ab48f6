import { comparerOf, writtenSides } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { WantedField } from '../../document/journey.js';
import { cellVerdict } from '../../touchpoints/cells.js';
import { valueIn } from '../../touchpoints/facts.js';
import type { Book } from './book.js';
import { linkId, type Look, oneOf, type Persona, type PlacePair, type Want } from './facts.js';
import { isEmpty, isWanted, wantedText } from './wanted.js';

/** What the steps said of one person, and what a look shows of it. */
export function saidWants(book: Book, persona: Persona, look: Look): readonly Want[] {
  const { n } = persona;
  const records = [...book.records].map(([place, state]) => recordWant(n, place, state, look.records.get(place)?.get(n) ?? []));
  const fields = [...book.fields].flatMap(([place, of]) => {
    const record = oneOf(look, place, n);
    return record === undefined ? [] : [...of].map(([field, wanted]) => fieldWant(persona, place, field, wanted, record));
  });
  const links = book.links.map(({ from, to }): Want => {
    const isThere = look.links.has(linkId(n, from, to));
    return {
      n,
      place: from,
      field: `link to ${to}`,
      rests: 'link',
      verdict: isThere ? 'right' : 'wrong',
      found: isThere ? 'linked' : null,
      wanted: 'linked',
    };
  });
  return [...records, ...fields, ...links];
}

function recordWant(n: number, place: string, state: 'there' | 'gone', found: readonly PlatformRecord[]): Want {
  const rest = { n, place, rests: 'said', wanted: state === 'there' ? 'one record' : 'none' } as const;
  const shown = found.length === 0 ? 'none' : found.length === 1 ? 'one record' : `${found.length} records`;
  if (state === 'gone') return { ...rest, verdict: found.length === 0 ? 'right' : 'left', found: shown };
  return { ...rest, verdict: found.length === 1 ? 'right' : found.length === 0 ? 'missing' : 'doubled', found: shown };
}

function fieldWant(persona: Persona, place: string, field: string, wanted: readonly WantedField[], record: PlatformRecord): Want {
  const found = valueIn(record, field);
  const verdict = wanted.every((one) => isWanted(found, one, persona)) ? 'right' : 'wrong';
  return { n: persona.n, place, field, rests: 'said', verdict, found, wanted: wanted.map(wantedText).join(' and ') };
}

/** What mappings make of one person's record in one place, and what stands in the other. */
export function mappingWants(pairs: readonly PlacePair[], { n }: Persona, look: Look): readonly Want[] {
  return pairs.flatMap(({ mapping, places, fields }) =>
    fields.flatMap(({ from, tested }): readonly Want[] => {
      const to = from === 0 ? 1 : 0;
      const [source, copy] = [oneOf(look, places[from], n), oneOf(look, places[to], n)];
      if (source === undefined || copy === undefined) return [];
      const { field } = tested;
      const [original, found] = [valueIn(source, field.names[from]), valueIn(copy, field.names[to])];
      const rest = { n, place: places[to], field: field.names[to], rests: 'mapping', found, wanted: original } as const;
      if (writtenSides(field).length === 1) {
        const verdict = cellVerdict(tested, from, source, copy);
        return verdict === undefined ? [] : [{ ...rest, verdict }];
      }
      const types = from === 0 ? ([tested.from.type, tested.to.type] as const) : ([tested.to.type, tested.from.type] as const);
      const [left, right] = mapping.sides.map((_, side) => (side === from ? original : found));
      const said = comparerOf(field, types).verdict(left, right);
      return [{ ...rest, verdict: said === 'same' ? 'right' : said === 'order' ? 'normalised' : 'wrong' }];
    }),
  );
}

/**
 * Fields that held a value after the step before, hold none now, and of which nobody said that they may lose it. Only what is lost is told.
 * `knows`: fields that another want is about already.
 */
export function keptWants(
  { n }: Persona,
  before: Look,
  look: Look,
  {
    places,
    knows,
  }: {
    readonly places: readonly { readonly name: string; readonly fields: readonly string[] }[];
    readonly knows: (place: string, field: string) => boolean;
  },
): readonly Want[] {
  return places.flatMap(({ name, fields }) => {
    const [was, now] = [oneOf(before, name, n), oneOf(look, name, n)];
    if (was === undefined || now === undefined || was.key !== now.key) return [];
    return fields.flatMap((field): readonly Want[] => {
      const wanted = valueIn(was, field);
      const isLost = !isEmpty(wanted) && isEmpty(valueIn(now, field)) && !knows(name, field);
      return isLost ? [{ n, place: name, field, rests: 'kept', verdict: 'lost', found: null, wanted }] : [];
    });
  });
}
