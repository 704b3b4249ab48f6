import { canonicalJson } from '../../lib/index.js';
import { stored } from '../../mappings/index.js';
import type { FieldSchema, Value } from '../../records/index.js';
import type { ConditionPart } from './condition.js';

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
/** As far from a boundary as an import or a correction may jump. */
const JUMP = 20;

/** Values around the boundaries of one part of a condition, for one of its fields, in the order in which people would count. */
export interface Candidates {
  /** Below, at and above each boundary. */
  readonly around: readonly Value[];
  /** Far away on both sides. */
  readonly far: readonly Value[];
  /** The same values in another form, by the value that they mean. */
  readonly asText: ReadonlyMap<Value, Value>;
  readonly mayBeEmpty: boolean;
}

/** What is tried of one field of a part of a condition. Only values that the field can hold. */
export function candidatesFor(field: FieldSchema, { literals }: Pick<ConditionPart, 'literals'>): Candidates {
  const { around, far } = rawFor(field, literals);
  const fit = (values: readonly Value[]): readonly Value[] => {
    const held = values.flatMap((value) => {
      const kept = value === null ? undefined : stored(field, value);
      return kept === undefined || kept === null ? [] : [kept];
    });
    return held.filter((value, at) => held.findIndex((other) => JSON.stringify(other) === JSON.stringify(value)) === at);
  };
  const isNumber = field.type === 'integer' || field.type === 'number';
  const all = [...fit(around), ...fit(far)];
  return {
    around: fit(around),
    far: fit(far).filter((value) => !fit(around).includes(value)),
    // A decimal is a text already.
    asText: new Map(isNumber ? all.map((value): [Value, Value] => [value, textOf(value, field)]) : []),
    mayBeEmpty: field.required !== true && field.type !== 'boolean',
  };
}

function textOf(value: Value, { type }: FieldSchema): string {
  const text = typeof value === 'string' ? value : canonicalJson(value);
  if (type === 'integer') return text;
  return `${text}${text.includes('.') ? '0' : '.0'}`;
}

interface Raw {
  readonly around: readonly Value[];
  readonly far: readonly Value[];
}

function rawFor(field: FieldSchema, literals: ConditionPart['literals']): Raw {
  const texts = literals.filter((value) => typeof value === 'string');
  const numbers = literals.filter((value) => typeof value === 'number');
  switch (field.type) {
    case 'integer':
      return numbersAround(numbers, 1, (value) => value);
    case 'number':
      return numbersAround(numbers, fractionOf(field, numbers), (value) => String(Number(value.toFixed(6))));
    case 'boolean':
      return { around: [false, true], far: [] };
    case 'enum':
      return { around: withOthers(field.options ?? [], texts), far: [] };
    case 'set':
      return setsAround(field.options ?? [], texts);
    case 'date':
      return timesAround(texts, DAY_MS, (at) => new Date(at).toISOString().slice(0, 10));
    case 'datetime':
      return timesAround(texts, SECOND_MS, (at) => new Date(at).toISOString());
    default:
      return textsAround(texts, numbers);
  }
}

/** One step apart; and where texts are compared instead of numbers: fewer digits that begin higher, more that begin lower. */
function numbersAround(literals: readonly number[], step: number, form: (value: number) => Value): Raw {
  const bounds = literals.length === 0 ? [0] : literals;
  const around = bounds.flatMap((bound) => [bound - Math.max(1, step), bound - step, bound, bound + step, bound + Math.max(1, step)]);
  const far = bounds.flatMap((bound) => [
    9,
    -bound - 1,
    bound + JUMP * Math.max(1, Math.abs(bound)),
    ...(bound > 0 ? [10 ** (Math.floor(Math.log10(bound)) + 2)] : []),
  ]);
  return { around: [...new Set(around)].sort((a, b) => a - b).map(form), far: [...new Set(far)].map(form) };
}

/** Decimals only where the condition has some, or the field keeps them. */
function fractionOf({ platformType }: FieldSchema, literals: readonly number[]): number {
  const scale = /\(\s*\d+\s*,\s*(\d+)\s*\)/u.exec(platformType)?.[1];
  if (scale !== undefined) return 10 ** -Math.min(2, Number(scale));
  return literals.every((value) => Number.isInteger(value)) ? 1 : 0.01;
}

function timesAround(literals: readonly string[], step: number, form: (at: number) => string): Raw {
  const moments = literals.map((text) => Date.parse(text)).filter((at) => !Number.isNaN(at));
  const bounds = moments.length === 0 ? [Date.parse('2026-01-01T00:00:00Z')] : moments;
  return {
    around: [...new Set(bounds.flatMap((at) => [at - step, at, at + step]))].sort((a, b) => a - b).map(form),
    far: bounds.flatMap((at) => [form(at - 400 * DAY_MS), form(at + 400 * DAY_MS)]),
  };
}

/** So many others are tried: one that is wrongly taken is wrongly taken as any. */
const OTHER_OPTIONS = 3;

function withOthers(options: readonly string[], literals: readonly string[]): readonly string[] {
  const others = options.filter((option) => !literals.includes(option));
  return [...literals, ...others.slice(0, OTHER_OPTIONS)];
}

function setsAround(options: readonly string[], literals: readonly string[]): Raw {
  const named = literals.filter((each) => options.includes(each));
  const [other] = options.filter((option) => !named.includes(option));
  const one = (option: string): Value => [option];
  const extra = other === undefined ? [] : [one(other), ...named.map((option): Value => [option, other].sort())];
  return {
    around: [...named.map(one), ...extra, ...(named.length > 1 ? [[...named].sort()] : [])],
    far: options.length > 1 ? [[...options].sort()] : [],
  };
}

function textsAround(texts: readonly string[], numbers: readonly number[]): Raw {
  const around = texts.flatMap((text) => [
    text,
    'other',
    text.slice(0, -1),
    text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase(),
    `${text} x`,
    `x ${text}`,
  ]);
  const counted = numbers.flatMap((value) => [value - 1, value, value + 1].map(String));
  // What has a length is compared by it.
  const long = numbers.flatMap((value) => (value > 0 && value < 100 ? [value - 1, value, value + 1].map((count) => 'x'.repeat(count)) : []));
  return { around: [...new Set([...around, ...counted, ...long])].filter((text) => text !== ''), far: [] };
}
