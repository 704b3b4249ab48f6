import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** Filler where nothing was. */
export const placeholder: Fault<HowMany & { readonly object: string; readonly field: string; readonly value: string }> = {
  kind: 'placeholder',
  does: 'Placeholder text is written where a field was empty.',
  parameters: z.strictObject({ object, field, ...howMany, value: z.string().min(1).default('N/A').describe('What is written.') }),
  async strike(stage, { object: of, field: name, value, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => ((values[name] ?? '') === '' ? { [name]: value } : undefined));
  },
};
