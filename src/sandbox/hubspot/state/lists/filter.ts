import { z } from 'zod';

import { badRequest } from '../../failure.js';
import type { PropertyValues } from '../values.js';

const operation = z.looseObject({
  operationType: z.string(),
  operator: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).transform(String).optional(),
  values: z.array(z.string()).optional(),
});
const filter = z.looseObject({ filterType: z.literal('PROPERTY'), property: z.string(), operation });
const branch = z.looseObject({
  filterBranchType: z.literal('OR'),
  filterBranches: z.tuple([z.looseObject({ filterBranchType: z.literal('AND'), filters: z.tuple([filter]) })]),
});

/** One condition on one property. */
export interface ListFilter {
  readonly property: string;
  readonly operator: string;
  readonly values: readonly string[];
}

const OPERATORS: Readonly<Record<string, (value: string | undefined, among: readonly string[]) => boolean>> = {
  IS_KNOWN: (value) => value !== undefined,
  IS_UNKNOWN: (value) => value === undefined,
  IS_EQUAL_TO: (value, among) => value !== undefined && among.includes(value),
  IS_ANY_OF: (value, among) => (value?.split(';') ?? []).some((each) => among.includes(each)),
  IS_NONE_OF: (value, among) => value !== undefined && !value.split(';').some((each) => among.includes(each)),
};

/** Reads a filter branch with one condition on a property: all that this account understands. Throws 400 otherwise. */
export function readFilter(given: unknown): ListFilter {
  const read = branch.safeParse(given);
  const condition = read.data?.filterBranches[0].filters[0];
  if (!condition || !Object.hasOwn(OPERATORS, condition.operation.operator))
    throw badRequest('This sandbox understands one filter on one property, in an AND branch within an OR branch');
  const { value, values = value === undefined ? [] : [value], operator } = condition.operation;
  return { property: condition.property, operator, values };
}

export function meets({ property, operator, values }: ListFilter, held: PropertyValues): boolean {
  return OPERATORS[operator]?.(held[property], values) ?? false;
}
