import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object, impossible } from '../parameters.js';

/** Consent that nobody gave. */
export const optIn: Fault<HowMany & { readonly object: string; readonly field: string; readonly value: string }> = {
  kind: 'opt-in',
  does: 'People who opted out are opted in.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    value: z.string().default('false').describe('What is written; an empty text empties the field.'),
  }),
  async strike(stage, { object: of, field: name, value, ...many }) {
    const { optedOut } = fieldOf(stage, of, name);
    if (optedOut === undefined) impossible(`${name} of ${of} does not say who opted out.`);
    const out = optedOut.map(String);
    if (out.includes(value)) impossible(`"${value}" of ${name} means opted out.`);
    await changeEach(stage, of, many, ({ values }) => (out.includes(values[name] ?? '') ? { [name]: value === '' ? null : value } : undefined));
  },
};
