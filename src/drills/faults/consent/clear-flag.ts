import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** A warning that is gone: a known bounce. */
export const clearFlag: Fault<HowMany & { readonly object: string; readonly field: string; readonly from: string; readonly to: string }> = {
  kind: 'clear-flag',
  does: 'A flag is cleared, as of addresses that are known to bounce.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    from: z.string().min(1).default('true').describe('The flag as it is set.'),
    to: z.string().default('false').describe('What is written; an empty text empties the field.'),
  }),
  async strike(stage, { object: of, field: name, from, to, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => (values[name] === from ? { [name]: to === '' ? null : to } : undefined));
  },
};
