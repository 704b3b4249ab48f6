import type { FieldSchema } from '../../records/index.js';

/** What numbers a field has room for. Each part is undefined where nothing is said of it. */
export interface NumberRoom {
  /** The largest that it holds. */
  readonly largest?: bigint;
  /** Digits after the point. */
  readonly digits?: number;
  /** Digits in all, before and after the point, that are kept as they are: floating numbers round the others. */
  readonly exact?: number;
}

const WHOLE: readonly (readonly [form: RegExp, largest: bigint])[] = [
  [/^(?:smallint|int2)\b/u, 32_767n],
  [/^(?:integer|int4|int)\b/u, 2_147_483_647n],
  [/^(?:bigint|int8|long)\b/u, 9_223_372_036_854_775_807n],
];
const FLOATING: readonly (readonly [form: RegExp, exact: number])[] = [
  [/^(?:real|float4)\b/u, 6],
  [/^(?:double precision|float8)\b/u, 15],
];
/** `numeric(12,2)`, `double(16,2)`: digits in all, and those after the point. */
const SIZED = /\(\s*(\d+)\s*,\s*(\d+)\s*\)/u;

/** What numbers a field has room for, by its type. */
export function roomOf({ type, platformType }: Pick<FieldSchema, 'type' | 'platformType'>): NumberRoom {
  if (type !== 'integer' && type !== 'number') return {};
  const whole = WHOLE.find(([form]) => form.test(platformType))?.[1];
  if (whole !== undefined) return { largest: whole, digits: 0, exact: String(whole).length };
  if (type === 'integer') return { digits: 0 };
  const floating = FLOATING.find(([form]) => form.test(platformType))?.[1];
  if (floating !== undefined) return { exact: floating };
  const [, all, digits] = SIZED.exec(platformType) ?? [];
  if (all === undefined || digits === undefined) return {};
  return { largest: 10n ** BigInt(Math.max(0, Number(all) - Number(digits))) - 1n, digits: Number(digits), exact: Number(all) };
}
