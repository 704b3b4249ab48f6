import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** Values are lost. */
export const emptyValues: Fault<HowMany & { readonly object: string; readonly field: string }> = {
  kind: 'empty-values',
  does: 'The values of a field are emptied.',
  parameters: z.strictObject({ object, field, ...howMany }),
  async strike(stage, { object: of, field: name, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, () => ({ [name]: null }));
  },
};
