import type { FieldType, Value } from '../../../records/index.js';
import type { PersonaDocument } from '../../document/journey.js';
import { valueIn } from '../../touchpoints/facts.js';
import { type Look, oneOf, type Persona, type Place, type Want } from './facts.js';
import { elementsOf, filled, isEmpty, numberOf, sameText } from './wanted.js';

/** A field that only grows, or stays once it is set. */
export interface Grown {
  readonly place: string;
  readonly field: string;
  readonly how: 'grows' | 'later' | 'gains' | 'once';
}

/** What never goes back, by the types of the fields. */
export function grownFields(grows: PersonaDocument['grows'], places: readonly Place[]): readonly Grown[] {
  return grows.map((item) => {
    const [place = '', ...rest] = (typeof item === 'string' ? item : item.once).split('.');
    const field = rest.join('.');
    const type = places.find(({ name }) => name === place)?.schema.fields.find(({ name }) => name === field)?.type;
    return { place, field, how: typeof item === 'string' ? howOf(type) : 'once' };
  });
}

function howOf(type: FieldType | undefined): Grown['how'] {
  if (type === 'integer' || type === 'number') return 'grows';
  if (type === 'date' || type === 'datetime') return 'later';
  return type === 'set' ? 'gains' : 'once';
}

/** The furthest that each such field has come, by person, place and field. */
export type Furthest = ReadonlyMap<string, Value>;

const idOf = (n: number, { place, field }: Grown): string => JSON.stringify([n, place, field]);

/** Whether each such field is where it has been, or further. */
export function growWants(grown: readonly Grown[], { n }: Persona, furthest: Furthest, look: Look): readonly Want[] {
  return grown.flatMap((one): readonly Want[] => {
    const record = oneOf(look, one.place, n);
    const wanted = furthest.get(idOf(n, one));
    if (record === undefined || wanted === undefined) return [];
    const found = valueIn(record, one.field);
    return [{ n, place: one.place, field: one.field, rests: 'grows', verdict: isNoLess(one.how, wanted, found) ? 'right' : 'shrunk', found, wanted }];
  });
}

/** With what a look shows. What went back is still wanted to be where it was. */
export function further(grown: readonly Grown[], people: readonly Persona[], furthest: Furthest, look: Look): Furthest {
  const next = new Map(furthest);
  for (const { n } of people)
    for (const one of grown) {
      const record = oneOf(look, one.place, n);
      if (record === undefined) continue;
      const [was, now] = [next.get(idOf(n, one)), valueIn(record, one.field)];
      if (isEmpty(now)) continue;
      if (was === undefined || (one.how !== 'once' && isNoLess(one.how, was, now))) next.set(idOf(n, one), now);
    }
  return next;
}

function isNoLess(how: Grown['how'], was: Value, now: Value): boolean {
  if (isEmpty(now)) return false;
  switch (how) {
    case 'grows':
      return numberOf(now) >= numberOf(was);
    case 'later':
      return timeOf(now) >= timeOf(was);
    case 'gains':
      return elementsOf(was).every((each) => elementsOf(now).includes(each));
    case 'once':
      return sameText(was, now);
  }
}

const timeOf = (value: Value): number => (typeof value === 'string' ? Date.parse(value) : Number.NaN);

/** Who opted out, and which places knew it, by person and place. */
export interface OptedOut {
  readonly people: ReadonlySet<number>;
  readonly knew: ReadonlySet<string>;
}

export const NOBODY: OptedOut = { people: new Set(), knew: new Set() };

/** Whether a place shows that a person opted out; undefined where it has no record of them. */
function shows(optOut: PersonaDocument['opt_out'], place: string, persona: Persona, look: Look): boolean | undefined {
  const record = oneOf(look, place, persona.n);
  if (record === undefined) return undefined;
  return Object.entries(optOut[place] ?? {}).every(([field, value]) => sameText(valueIn(record, field), filled(value, persona)));
}

/** With what a look shows, and with who opted out by a step. */
export function optedOutNow(
  optOut: PersonaDocument['opt_out'],
  people: readonly Persona[],
  known: OptedOut,
  look: Look,
  byStep: ReadonlySet<number> = new Set(),
): OptedOut {
  const [out, knew] = [new Set([...known.people, ...byStep]), new Set(known.knew)];
  for (const persona of people)
    for (const place of Object.keys(optOut))
      if (shows(optOut, place, persona, look) === true) {
        out.add(persona.n);
        knew.add(`${persona.n} ${place}`);
      }
  return { people: out, knew };
}

/** Every place that has a record of a person who opted out has to show it. */
export function optOutWants(optOut: PersonaDocument['opt_out'], persona: Persona, { people, knew }: OptedOut, look: Look): readonly Want[] {
  if (!people.has(persona.n)) return [];
  return Object.keys(optOut).flatMap((place): readonly Want[] => {
    const isOut = shows(optOut, place, persona, look);
    if (isOut === undefined) return [];
    const record = oneOf(look, place, persona.n);
    const field = Object.keys(optOut[place] ?? {}).join(', ');
    const found = record === undefined ? null : Object.keys(optOut[place] ?? {}).map((name) => valueIn(record, name));
    const verdict = isOut ? 'right' : knew.has(`${persona.n} ${place}`) ? 'opt-out-undone' : 'opt-out-missing';
    return [{ n: persona.n, place, field, rests: 'opt-out', verdict, found, wanted: Object.values(optOut[place] ?? {}) }];
  });
}
