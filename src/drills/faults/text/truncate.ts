import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** Values cut off. */
export const truncate: Fault<HowMany & { readonly object: string; readonly field: string; readonly length: number }> = {
  kind: 'truncate',
  does: 'Texts are cut off after some characters.',
  parameters: z.strictObject({ object, field, ...howMany, length: z.int().positive().default(5).describe('Characters that are left.') }),
  async strike(stage, { object: of, field: name, length, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => {
      const letters = Array.from(values[name] ?? '');
      return letters.length > length ? { [name]: letters.slice(0, length).join('').trimEnd() } : undefined;
    });
  },
};
