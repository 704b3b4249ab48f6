import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

const DATE = /^(\d{4})-(\d{2})-(\d{2})/u;

function exchanged(name: string, value: string): Record<string, string> | undefined {
  const [all, year, month, day] = DATE.exec(value) ?? [];
  if (all === undefined || Number(day) > 12) return undefined;
  return { [name]: `${year}-${day}-${month}${value.slice(all.length)}` };
}

/** Dates read in the order of another country. */
export const exchangeDayMonth: Fault<HowMany & { readonly object: string; readonly field: string }> = {
  kind: 'exchange-day-month',
  does: 'Day and month of dates are exchanged.',
  parameters: z.strictObject({ object, field, ...howMany }),
  async strike(stage, { object: of, field: name, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => exchanged(name, values[name] ?? ''));
  },
};
