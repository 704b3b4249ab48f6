import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import { RECORD_KEY } from '../../workspace/index.js';
import type { SideIndex } from '../document/mapping.js';
import { likeness, meaningOf } from './names.js';
import { type OptionPairs, pairOptions } from './option-pairs.js';

/** One side that a mapping is proposed for. */
export interface ProposedSide {
  readonly name: string;
  readonly platform: string;
  readonly schema: ObjectSchema;
  /** By field, the label of each option, where the platform tells. */
  readonly labels?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Two fields that seem to hold the same. */
export interface ProposedPair {
  readonly fields: readonly [FieldSchema, FieldSchema];
  /** From 0 to 1: how sure that is. */
  readonly score: number;
  /** The only side whose value can count, since the other one cannot be written there; undefined where both can be. */
  readonly authority?: SideIndex;
  readonly as?: string;
  readonly options?: OptionPairs;
  /** Characters that fit, where longer ones may come; by the side that is written to. */
  readonly room: readonly [number | undefined, number | undefined];
}

/** Less than this is no likeness. */
const LEAST = 0.6;
/** From here on it is proposed to be chosen. */
export const SURE = 0.85;

/** Pairs of fields that seem to hold the same, the surest first; each field in one at most. */
export function proposePairs(left: ProposedSide, right: ProposedSide): readonly ProposedPair[] {
  const candidates = left.schema.fields
    .filter(isUsual)
    .flatMap((one) => right.schema.fields.filter(isUsual).flatMap((other) => pairOf(one, other, left, right) ?? []))
    .sort((a, b) => b.score - a.score);
  const used = [new Set<string>(), new Set<string>()] as const;
  return candidates.filter(({ fields: [one, other] }) => {
    if (used[0].has(one.name) || used[1].has(other.name)) return false;
    used[0].add(one.name);
    used[1].add(other.name);
    return true;
  });
}

/** What people fill in: not what a platform derives or sets by itself, nor what names another record. */
function isUsual({ setByItself, viaLink, platformType, byHand }: FieldSchema): boolean {
  return setByItself !== true && viaLink === undefined && byHand === undefined && !platformType.startsWith('reference');
}

function pairOf(one: FieldSchema, other: FieldSchema, left: ProposedSide, right: ProposedSide): ProposedPair | undefined {
  if (one.readOnly && other.readOnly) return undefined;
  const as = kindFor(one, other);
  if (as === undefined) return undefined;
  const options = pairOptions(one, other, left.labels?.get(one.name), right.labels?.get(other.name));
  const score = scoreOf(one, other) + (options !== undefined && options.shared >= 0.5 ? 0.1 : 0) - (one.type === other.type ? 0 : 0.05);
  if (score < LEAST) return undefined;
  const authority = one.readOnly ? 0 : other.readOnly ? 1 : undefined;
  return {
    fields: [one, other],
    score: Math.min(1, score),
    room: [roomOf(other, one), roomOf(one, other)],
    ...(authority === undefined ? {} : { authority }),
    ...(as === '' ? {} : { as }),
    ...(options === undefined ? {} : { options }),
  };
}

/** By names and labels, each against each: the same meaning, or words that they share. */
function scoreOf(one: FieldSchema, other: FieldSchema): number {
  const names = (field: FieldSchema): readonly string[] => [field.name, ...(field.label === undefined ? [] : [field.label])];
  return Math.max(
    ...names(one).flatMap((a) =>
      names(other).map((b) => (meaningOf(a) === meaningOf(b) ? (a === one.name && b === other.name ? 1 : 0.95) : likeness(a, b))),
    ),
  );
}

/** What `as:` has to say so that the types fit: '' where nothing; undefined where they cannot. */
function kindFor(one: FieldSchema, other: FieldSchema): string | undefined {
  const meaning = new Set([meaningOf(one.name), meaningOf(other.name)]);
  const types = [one.type, other.type].sort().join(' ');
  const isText = types === 'string string';
  if (isText && meaning.has('email')) return 'email';
  if (isText && ['phone', 'mobile phone', 'fax'].some((word) => meaning.has(word))) return 'phone';
  if (one.type === other.type || types === 'integer number' || types === 'date datetime') return types === 'date datetime' ? 'date' : '';
  if (types === 'enum string' || types === 'enum set') return '';
  const withText: Readonly<Record<string, string>> = {
    'date string': 'date',
    'datetime string': 'datetime',
    'number string': 'number',
    'integer string': 'number',
    'set string': 'list',
    'boolean string': 'boolean',
  };
  return withText[types];
}

function roomOf(source: FieldSchema, target: FieldSchema): number | undefined {
  if (target.maxLength === undefined || target.type !== 'string' || source.type !== 'string') return undefined;
  return source.maxLength === undefined || source.maxLength > target.maxLength ? target.maxLength : undefined;
}

/** Ways of matching, those first that are unique on both sides. */
export function proposeMatches(
  left: ProposedSide,
  right: ProposedSide,
): readonly { readonly names: readonly [string, string]; readonly as?: string; readonly unique: boolean }[] {
  const emails = proposePairs(left, right).filter(({ as }) => as === 'email');
  const ids = keyFields(left, right, 0).concat(keyFields(right, left, 1));
  const byEmail = emails.map(({ fields: [one, other] }) => ({
    names: [one.name, other.name] as const,
    as: 'email',
    unique: one.unique === true && other.unique === true,
  }));
  return [...ids, ...byEmail];
}

/** Unique fields of a side that are called after the other platform: they hold the keys of its records. */
function keyFields(side: ProposedSide, other: ProposedSide, at: SideIndex): { names: readonly [string, string]; unique: boolean }[] {
  const called = [other.platform, other.name, other.schema.object].map((word) => word.toLowerCase());
  return side.schema.fields
    .filter(({ name, unique }) => unique === true && wordsBegin(name, called))
    .map(({ name }) => ({ names: at === 0 ? ([name, RECORD_KEY] as const) : ([RECORD_KEY, name] as const), unique: true }));
}

function wordsBegin(name: string, called: readonly string[]): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z\d]/gu, '');
  return plain.includes('id') && [...called, 'crm'].some((word) => plain.startsWith(word.replaceAll(/[^a-z\d]/gu, '')));
}
