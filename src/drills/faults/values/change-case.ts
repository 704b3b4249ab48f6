import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** Values in another case. */
export const changeCase: Fault<HowMany & { readonly object: string; readonly field: string; readonly to: 'upper' | 'lower' }> = {
  kind: 'change-case',
  does: 'Values are written in another case.',
  parameters: z.strictObject({ object, field, ...howMany, to: z.enum(['upper', 'lower']).default('upper').describe('Which case.') }),
  async strike(stage, { object: of, field: name, to, ...many }) {
    const { options } = fieldOf(stage, of, name);
    const inCase = (value: string): string => (to === 'upper' ? value.toUpperCase() : value.toLowerCase());
    await changeEach(stage, of, many, ({ values }) => {
      const value = inCase(values[name] ?? '');
      return options === undefined || options.includes(value) ? { [name]: value } : undefined;
    });
  },
};
