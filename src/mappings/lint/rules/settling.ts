import { defined } from '../../../lib/index.js';
import { ADDRESSES, type FieldSchema, type FieldType, sameValue, type Value } from '../../../records/index.js';
import { RECORD_KEY } from '../../../workspace/index.js';
import type { SideIndex } from '../../document/mapping.js';
import { carried } from '../../values/carry.js';
import { comparerOf } from '../../values/compare.js';
import { edgeValues, stored } from '../../values/stored.js';
import { type FieldPair, type LintContext, type Said, shownField, typesOf, waysOf } from '../context.js';
import type { LintInput } from '../types.js';

/**
 * Values that never come to rest: carried over and held against each other they still differ, or there and back they change
 * with every trip. Tried with every option and with values at the edge of what each side can hold. What cannot be carried at
 * all is told by other rules.
 */
export function* settlingRule({ input, mapping, pairs }: LintContext): Generator<Said> {
  for (const pair of pairs) {
    const types = typesOf(pair);
    if (types === undefined) continue;
    for (const [from, to] of waysOf(pair.field)) {
      const found = remembered(input, pair, from, () => firstUnsettled(pair, types, from, to));
      if (found === undefined) continue;
      const { index, field } = pair;
      const echoes = found.kind === 'echoes';
      yield {
        rule: echoes ? 'changes-on-return' : 'never-settles',
        ...(echoes ? { severity: 'warning' as const } : {}),
        path: ['fields', index, mapping.sides[to].name],
        message: `${shownField(mapping, from, field.names[from])} ${shown(found.value)} becomes ${shown(found.there)} in ${shownField(mapping, to, field.names[to])}${endOf(found)}`,
      };
      if (!echoes) break;
    }
  }
}

/** Most fields of an account are described alike, and what was found of one holds for all of them: asked once for each lint. */
const KNOWN = new WeakMap<LintInput, Map<string, Unsettled | undefined>>();

function remembered(input: LintInput, { field, schemas }: FieldPair, from: SideIndex, find: () => Unsettled | undefined): Unsettled | undefined {
  const known = KNOWN.get(input) ?? new Map<string, Unsettled | undefined>();
  KNOWN.set(input, known);
  const { as, values, blank, max, flow } = field;
  const sides = schemas.map((schema) => schema && [schema.type, schema.platformType, schema.maxLength, schema.options, schema.form]);
  const key = JSON.stringify([from, as, values, blank, max, flow.kind, sides]);
  if (known.has(key)) return known.get(key);
  const found = find();
  known.set(key, found);
  return found;
}

/** What becomes of a value that goes there, and back where the field goes both ways. */
type Unsettled = { readonly value: Value; readonly there: Value } & (
  | { readonly kind: 'differs' }
  /** What stands there after it went back and came again. */
  | { readonly kind: 'changes'; readonly again: Value }
  /** It comes to rest, and is another one where it came from: nobody changed it. */
  | { readonly kind: 'echoes'; readonly back: Value }
);

function endOf(found: Unsettled): string {
  switch (found.kind) {
    case 'differs':
      return ', which is another value: the two would always differ';
    case 'changes':
      return `, and ${shown(found.again)} after one more trip: it changes with every one`;
    case 'echoes':
      return `, and ${shown(found.back)} when that comes back: what stood there is lost, although nobody changed it`;
  }
}

function firstUnsettled(pair: FieldPair, types: readonly [FieldType, FieldType], from: SideIndex, to: SideIndex): Unsettled | undefined {
  const { field, schemas } = pair;
  const comparer = comparerOf(field, types);
  const at = (side: SideIndex): FieldSchema => schemas[side] ?? KEY;
  const go = (start: SideIndex, value: Value): Value | undefined => {
    const there = carried(field, start, value, types);
    return 'write' in there ? stored(at(start === 0 ? 1 : 0), there.write) : undefined;
  };
  const room = field.max === undefined ? at(to).maxLength : undefined;
  const isSame = sameBack(field, types, from);
  let echo: Unsettled | undefined;
  const edges = edgeValues(at(from), field);
  for (const edge of at(to).form === 'email' ? [...edges, ...ADDRESSES] : edges) {
    // That longer ones may come is told by their lengths alone.
    if (room !== undefined && typeof edge === 'string' && edge.length > room) continue;
    const value = stored(at(from), edge);
    const there = value === undefined ? undefined : go(from, value);
    if (value === undefined || there === undefined || there === null) continue;
    const verdict = from === 0 ? comparer.verdict(value, there) : comparer.verdict(there, value);
    if (verdict === 'different') return { kind: 'differs', value, there };
    const back = field.flow.kind === 'two-way' ? go(to, there) : undefined;
    if (back === undefined) continue;
    const again = go(from, back);
    if (again !== undefined && !sameValue(again, there)) return { kind: 'changes', value, there, again };
    if (!isSame(value, back)) echo ??= { kind: 'echoes', value, there, back };
  }
  return echo;
}

/** Whether what comes back is what was sent, all of it: options, digits and times as they stand, texts but for their form. */
function sameBack(field: FieldPair['field'], types: readonly [FieldType, FieldType], from: SideIndex): (sent: Value, back: Value) => boolean {
  if (field.values !== undefined || ['number', 'datetime'].includes(types[from])) return sameValue;
  const { flow, blank, as } = field;
  const whole = comparerOf({ flow, blank, ...defined({ as }) }, types);
  return (sent, back) => whole.normal(from, sent) === whole.normal(from, back);
}

const KEY: FieldSchema = { name: RECORD_KEY, type: 'string', platformType: 'key', readOnly: true };
const LONGEST = 40;

function shown(value: Value): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
