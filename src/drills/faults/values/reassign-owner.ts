import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object, impossible } from '../parameters.js';

function commonest(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))[0]?.[0];
}

/** Everything belongs to one user. */
export const reassignOwner: Fault<HowMany & { readonly object: string; readonly field: string; readonly to?: string }> = {
  kind: 'reassign-owner',
  does: 'Records are given to one user.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    to: z.string().min(1).exactOptional().describe('The user; unless given, the one who owns most.'),
  }),
  async strike(stage, { object: of, field: name, to, ...many }) {
    fieldOf(stage, of, name);
    const owner = to ?? commonest((await stage.account.records(of)).map(({ values }) => values[name] ?? ''));
    if (owner === undefined) impossible(`None of the ${of} has a value in ${name}.`);
    await changeEach(stage, of, many, () => ({ [name]: owner }));
  },
};
