import { z } from 'zod';

import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object, take } from '../parameters.js';
import { copyOf } from './copy.js';

/** The key of a match changed: the sync no longer finds the record, and creates a copy. */
export const duplicateRecords: Fault<HowMany & { readonly object: string; readonly field: string; readonly prefix: string }> = {
  kind: 'duplicate-records',
  does: 'Copies of records are created that differ in the key by which they are matched.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    prefix: z.string().min(1).default('new-').describe('What the key of a copy begins with.'),
  }),
  async strike(stage, { object: of, field: name, prefix, ...many }) {
    fieldOf(stage, of, name);
    const unique = stage.account.fields(of).flatMap((each) => (each.unique ? [each.name] : []));
    const taken = await take(stage, of, many, ({ values }) => (values[name] ?? '') !== '');
    const writer = stage.account.as(stage.by);
    for (const { values } of taken) await writer.create(of, { ...copyOf(stage, of, values, unique), [name]: prefix + (values[name] ?? '') });
  },
};
