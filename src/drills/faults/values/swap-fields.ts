import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object } from '../parameters.js';

/** Two columns are exchanged. */
export const swapFields: Fault<HowMany & { readonly object: string; readonly field: string; readonly with: string }> = {
  kind: 'swap-fields',
  does: 'The values of two fields are exchanged.',
  parameters: z.strictObject({ object, field, with: z.string().min(1).describe('The other field.'), ...howMany }),
  async strike(stage, { object: of, field: name, with: other, ...many }) {
    fieldOf(stage, of, name);
    fieldOf(stage, of, other);
    if (name === other) impossible('A field cannot change places with itself.');
    await changeEach(stage, of, many, ({ values }) => ({ [name]: values[other] ?? null, [other]: values[name] ?? null }));
  },
};
