import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object, impossible } from '../parameters.js';

/** One option taken for another. */
export const remapOption: Fault<HowMany & { readonly object: string; readonly field: string; readonly from: string; readonly to: string }> = {
  kind: 'remap-option',
  does: 'Records that have one option get another, as when a type is mapped wrongly.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    from: z.string().min(1).describe('The option that is lost.'),
    to: z.string().min(1).describe('The option in its place.'),
  }),
  async strike(stage, { object: of, field: name, from, to, ...many }) {
    const { options } = fieldOf(stage, of, name);
    if (options?.includes(to) === false) impossible(`${name} has no option "${to}", only ${options.join(', ')}.`);
    await changeEach(stage, of, many, ({ values }) => (values[name] === from ? { [name]: to } : undefined));
  },
};
