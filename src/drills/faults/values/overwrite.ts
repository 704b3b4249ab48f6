import { z } from 'zod';

import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object, take } from '../parameters.js';

/** One value on many records. */
export const overwrite: Fault<HowMany & { readonly object: string; readonly field: string; readonly value: string }> = {
  kind: 'overwrite',
  does: 'One value is written over a field of many records.',
  parameters: z.strictObject({ object, field, ...howMany, value: z.string().default('Valued Customer').describe('What is written.') }),
  async strike(stage, { object: of, field: name, value, ...many }) {
    fieldOf(stage, of, name);
    const writer = stage.account.as(stage.by);
    for (const { key } of await take(stage, of, many, ({ values }) => (values[name] ?? '') !== value))
      await writer.update(of, key, { [name]: value });
  },
};
