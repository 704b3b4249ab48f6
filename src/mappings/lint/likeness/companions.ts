import type { FieldSchema, GuardedValue } from '../../../records/index.js';
import { type MappedField, type SideIndex, writtenSides } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Fields whose values mean something only together with another one, which no mapping carries. */
export function* companionRule(context: LintContext): Generator<Said> {
  const { mapping, pairs } = context;
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      const path = ['fields', index, mapping.sides[to].name];
      const currency = source?.currencyIn;
      if (currency !== undefined && !isCarried(context, from, currency))
        yield {
          rule: 'currency-unsaid',
          severity: 'warning',
          path,
          message: `the currency of ${shownField(mapping, from, field.names[from])} is in ${shownField(mapping, from, currency)}, which is not carried: amounts arrive without it`,
        };
      const by = target?.optionsBy;
      if (by !== undefined && !isWritten(context, to, by))
        yield {
          rule: 'depends-unmapped',
          severity: 'warning',
          path,
          message: `which options of ${shownField(mapping, to, field.names[to])} fit follows from ${shownField(mapping, to, by)}, and no mapping writes that`,
        };
    }
}

/** Options that mean more than a change of one field, written by every sync that carries them. */
export function* guardedRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      if (source === undefined || target?.guarded === undefined) continue;
      for (const { value, why } of guardedIn(field, from, source, target.guarded))
        yield {
          rule: 'option-guarded',
          severity: 'warning',
          path: ['fields', index, mapping.sides[to].name],
          message: `${shownField(mapping, to, field.names[to])} becomes "${value}" by this mapping. ${why}`,
        };
    }
}

function guardedIn(
  { values }: MappedField,
  from: SideIndex,
  { options = [] }: FieldSchema,
  guards: readonly GuardedValue[],
): readonly { readonly value: string; readonly why: string }[] {
  const written = new Set(values === undefined ? options : values.map((pair) => pair[from === 0 ? 1 : 0]));
  return guards
    .filter(({ from: before, when }) => before === undefined && when !== 'created')
    .flatMap(({ to = [], why }) => to.flatMap((value) => (typeof value === 'string' && written.has(value) ? [{ value, why }] : [])));
}

/** Whether some mapping carries a field of a side to anywhere. */
function isCarried(context: LintContext, side: SideIndex, name: string): boolean {
  return anyField(context, side, name, () => true);
}

function isWritten(context: LintContext, side: SideIndex, name: string): boolean {
  return anyField(context, side, name, (field, at) => writtenSides(field).includes(at));
}

function anyField({ input, mapping }: LintContext, side: SideIndex, name: string, is: (field: MappedField, at: SideIndex) => boolean): boolean {
  const { platform, object } = mapping.sides[side];
  return input.mappings.some(({ sides, fields }) =>
    ([0, 1] as const).some(
      (at) => sides[at].platform === platform && sides[at].object === object && fields.some((field) => field.names[at] === name && is(field, at)),
    ),
  );
}
