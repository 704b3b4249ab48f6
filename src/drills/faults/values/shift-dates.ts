import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

const DATE = /^\d{4}-\d{2}-\d{2}/u;

function moved(name: string, value: string, days: number): Record<string, string> | undefined {
  const day = DATE.exec(value)?.[0];
  if (day === undefined) return undefined;
  const other = new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
  return { [name]: other + value.slice(day.length) };
}

/** Dates off by a time zone. */
export const shiftDates: Fault<HowMany & { readonly object: string; readonly field: string; readonly days: number }> = {
  kind: 'shift-dates',
  does: 'Dates are moved by whole days.',
  parameters: z.strictObject({ object, field, ...howMany, days: z.int().default(-1).describe('By how many days.') }),
  async strike(stage, { object: of, field: name, days, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => moved(name, values[name] ?? '', days));
  },
};
