import {
  type Fields,
  type FieldSchema,
  fieldSamples,
  type LinkSchema,
  type ObjectSchema,
  type Sample,
  type SampleRefusal,
  type Value,
} from '../../records/index.js';
import { createRandom, type Random } from '../../sandbox/index.js';
import { withLength, type FieldShape, type ObjectShape } from './shape.js';
import { MOST_SAMPLES, onlyOnce, uniqueName, uniqueNumber } from './unique.js';

/** A record to try a platform with. */
export interface SampleRecord {
  readonly object: string;
  /** Counts from 0. */
  readonly n: number;
  /** Its key, where the platform gives none. */
  readonly key?: string;
  readonly fields: Fields;
  /** What is special about each of its values that is not plain. */
  readonly about: Readonly<Record<string, string>>;
  /** The platform should refuse it, because of this one field. */
  readonly refused?: { readonly field: string; readonly reason: SampleRefusal };
}

export interface SampleWish {
  readonly seed: number;
  /** As many as show every value once, unless given. */
  readonly count?: number;
  /** Only records that the platform should take. */
  readonly onlyTaken?: boolean;
  /** How often fields are empty and how long texts are. */
  readonly shape?: ObjectShape;
}

/** Every so manyth record has something that is refused. */
const REFUSED_EVERY = 4;
/** Longer texts are very long. */
const LONG = 2000;

/** A field with what it is tried with. */
interface Tried {
  readonly field: FieldSchema;
  readonly taken: readonly Sample[];
  readonly refused: readonly Sample[];
  /** Values that are as long as fits, where that is very long: tried of one field of an object type only. */
  readonly long: readonly Sample[];
}

/** Something wrong with a record, or special about it in relation to another one. */
type Twist = { readonly field: string; readonly about: string; readonly refused?: SampleRefusal } & (
  | { readonly kind: 'value'; readonly value: Value | undefined }
  /** The value of an earlier record, as it is or in the other letter case. */
  | { readonly kind: 'twin'; readonly as: 'same' | 'other-case' }
);

/**
 * Invented records of an object type, by its description alone: every value of every field, and among them such as the platform refuses,
 * one in a record. The same for the same seed. Throws nothing: {@link whyNone} tells where there can be none.
 */
export function* sampleRecords(schema: ObjectSchema, links: readonly LinkSchema[], wish: SampleWish): Generator<SampleRecord> {
  const random = createRandom(wish.seed);
  const tried = triedFields(schema, links, random);
  const long = tried.find(({ long: of }) => of.length > 0);
  const twists = random.shuffle(tried.flatMap((each) => twistsOf(each, each === long && wish.shape === undefined, wish)));
  const longest = Math.max(1, ...tried.map(({ taken }) => taken.length));
  const count = Math.min(MOST_SAMPLES, wish.count ?? Math.max(longest, twists.length * REFUSED_EVERY));
  /** Values that records before hold, by field. */
  const held = new Map<string, string>();
  for (let n = 0; n < count; n += 1) {
    const twist = n % REFUSED_EVERY === REFUSED_EVERY - 1 ? twists[Math.floor(n / REFUSED_EVERY) % Math.max(1, twists.length)] : undefined;
    const drawn = drawRecord(tried, { n, random, wish });
    const { fields, about, refused } = twist === undefined ? drawn : twisted(drawn, twist, held);
    if (refused === undefined) remember(held, fields, twist?.field);
    const key = keyOf(schema, wish.seed, n);
    yield { object: schema.object, n, ...(key !== undefined && { key }), fields, about, ...(refused !== undefined && { refused }) };
  }
}

/** Why there can be no sample of an object type, as a sentence; undefined where there can be. */
export function whyNone(schema: ObjectSchema, links: readonly LinkSchema[]): string | undefined {
  if (schema.refused !== undefined) return schema.refused;
  const carriers = linkFields(schema, links);
  const missing = schema.fields.find(
    (field) => isNeeded(field) && (carriers.has(field.name) || isReference(field) || fieldSamples(field).length === 0),
  );
  if (missing !== undefined) return `${missing.name} has to be filled, and what it takes is not described.`;
  const isKeyless = schema.createWithKey && keyOf(schema, 0, 0) === undefined;
  return isKeyless ? 'Its keys have several parts, or are of a type of their own.' : undefined;
}

function triedFields(schema: ObjectSchema, links: readonly LinkSchema[], random: Random): readonly Tried[] {
  const carriers = linkFields(schema, links);
  return schema.fields
    .filter((field) => !field.readOnly && !carriers.has(field.name) && !isReference(field))
    .map((field) => {
      const all = fieldSamples(field);
      return {
        field,
        taken: random.shuffle(all.filter(({ refused, value }) => refused === undefined && !isLong(value))),
        refused: all.filter(({ refused, value }) => refused !== undefined && !isLong(value)),
        long: all.filter(({ value }) => isLong(value)),
      };
    })
    .filter(({ taken }) => taken.length > 0);
}

const isLong = (value: Value | undefined): boolean => typeof value === 'string' && value.length > LONG;
const isNeeded = ({ required, filledOnCreate, readOnly }: FieldSchema): boolean => required === true && filledOnCreate !== true && !readOnly;
/** Holds the key of another record: as it says, by its link, or (where the other object type was not asked for) by its name. */
const isReference = ({ name, platformType, viaLink }: FieldSchema): boolean =>
  platformType.startsWith('reference') || viaLink !== undefined || /^associated\w*id$/iu.test(name);

function linkFields({ object }: ObjectSchema, links: readonly LinkSchema[]): ReadonlySet<string> {
  return new Set(links.flatMap(({ from, viaFields = [] }) => (from === object ? viaFields : [])));
}

/** What is tried of a field in one record each. */
function twistsOf({ field, taken, refused, long }: Tried, withLong: boolean, { onlyTaken = false }: SampleWish): readonly Twist[] {
  const { name, unique, form, uniqueInAnyCase } = field;
  const values = [...refused, ...(withLong && unique !== true ? long : [])].map(({ value, about, refused: reason }): Twist => {
    return { kind: 'value', field: name, value, about, ...(reason !== undefined && { refused: reason }) };
  });
  const missing: readonly Twist[] = isNeeded(field) ? [{ kind: 'value', field: name, value: undefined, about: 'missing', refused: 'missing' }] : [];
  const isText = field.type === 'string' && taken.length > 0;
  const twins: readonly Twist[] = !isText
    ? []
    : [
        ...(unique === true ? [{ kind: 'twin', as: 'same', field: name, about: 'held by another record', refused: 'taken' } as const] : []),
        // A uuid is the same in any case.
        ...((form === 'email' || unique === true) && field.platformType !== 'uuid'
          ? [
              {
                kind: 'twin',
                as: 'other-case',
                field: name,
                about: 'twin in case',
                ...(uniqueInAnyCase === true && { refused: 'taken' as const }),
              } as const,
            ]
          : []),
      ];
  return [...values, ...missing, ...twins].filter((twist) => !onlyTaken || twist.refused === undefined);
}

type Drawn = Pick<SampleRecord, 'fields' | 'about' | 'refused'>;

function drawRecord(tried: readonly Tried[], { n, random, wish }: { readonly n: number; readonly random: Random; readonly wish: SampleWish }): Drawn {
  const fields: Record<string, Value> = {};
  const about: Record<string, string> = {};
  for (const [index, { field, taken }] of tried.entries()) {
    const shape = wish.shape?.[field.name];
    const sample = shape === undefined ? taken[(n + index) % taken.length] : shapedSample(field, taken, shape, random);
    if (sample?.value === undefined) continue;
    const value = field.unique === true ? onlyOnce(field, sample.value, wish.seed, n) : sample.value;
    if (value === undefined) continue;
    fields[field.name] = value;
    if (sample.about !== sample.value) about[field.name] = sample.about;
  }
  return { fields, about };
}

/** As often empty, and as long, as in what the shape was taken of. */
function shapedSample(field: FieldSchema, taken: readonly Sample[], { empty, lengths }: FieldShape, random: Random): Sample | undefined {
  const full = taken.filter(({ value }) => value !== undefined && value !== null && value !== '');
  if (field.required !== true && random.chance(empty)) return undefined;
  const sample = full.length === 0 ? undefined : random.pick(full);
  const isFree = field.type === 'string' && field.form === undefined && field.unique !== true && lengths.length > 0;
  if (sample === undefined || !isFree || typeof sample.value !== 'string' || field.platformType === 'uuid') return sample;
  const length = Math.min(random.pick(lengths), field.maxLength ?? Number.POSITIVE_INFINITY);
  return { ...sample, value: withLength(sample.value, length) };
}

function twisted(drawn: Drawn, twist: Twist, held: Map<string, string>): Drawn {
  const { field, about, refused } = twist;
  const earlier = held.get(field);
  // Nobody can be the twin of one who is not there.
  if (twist.kind === 'twin' && earlier === undefined) return drawn;
  // The same twin a second time would be one too many.
  if (twist.kind === 'twin' && twist.as === 'other-case') held.delete(field);
  const { [field]: _, ...others } = drawn.fields;
  const value = twist.kind === 'value' ? twist.value : twin(earlier, twist.as);
  return {
    fields: value === undefined ? others : { ...others, [field]: value },
    about: { ...drawn.about, [field]: about },
    ...(refused !== undefined && { refused: { field, reason: refused } }),
  };
}

function twin(value: string | undefined, as: 'same' | 'other-case'): string | undefined {
  if (value === undefined || as === 'same') return value;
  const upper = value.toUpperCase();
  return upper === value ? value.toLowerCase() : upper;
}

/** `but`: a field whose value is not one of its own. */
function remember(held: Map<string, string>, fields: Fields, but: string | undefined): void {
  for (const [name, value] of Object.entries(fields)) if (name !== but && typeof value === 'string' && value !== '') held.set(name, value);
}

function keyOf({ createWithKey, keyFields, fields }: ObjectSchema, seed: number, n: number): string | undefined {
  const [name, ...others] = keyFields;
  if (!createWithKey || name === undefined || others.length > 0) return undefined;
  const field = fields.find((each) => each.name === name);
  if (field?.type === 'integer' || field?.type === 'number') return String(uniqueNumber(seed, n));
  return field?.type === 'string' && field.platformType !== 'uuid' ? uniqueName(seed, n) : undefined;
}
