import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

const NUMBER = /^-?\d+(\.\d+)?$/u;
const times = (value: number, factor: number): string => String(Number((value * factor).toFixed(6)));

/** Amounts in the wrong unit. */
export const multiply: Fault<HowMany & { readonly object: string; readonly field: string; readonly factor: number }> = {
  kind: 'multiply',
  does: 'Numbers are multiplied, as when cents are taken for whole units.',
  parameters: z.strictObject({ object, field, ...howMany, factor: z.number().default(100).describe('By what.') }),
  async strike(stage, { object: of, field: name, factor, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) =>
      NUMBER.test(values[name] ?? '') ? { [name]: times(Number(values[name]), factor) } : undefined,
    );
  },
};
