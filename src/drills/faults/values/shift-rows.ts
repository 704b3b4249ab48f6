import { z } from 'zod';

import { differs, orImpossible } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object, take } from '../parameters.js';

/** Rows off by one: each record has the value of the next. All are emptied first where values may occur once only. */
export const shiftRows: Fault<HowMany & { readonly object: string; readonly field: string }> = {
  kind: 'shift-rows',
  does: 'Each record gets the value of the next one.',
  parameters: z.strictObject({ object, field, ...howMany }),
  async strike(stage, { object: of, field: name, ...many }) {
    const { unique } = fieldOf(stage, of, name);
    const seen = new Set<string>();
    const fresh = (value: string): boolean => value !== '' && !seen.has(value) && seen.add(value).has(value);
    // Values that are all different: each record surely gets another one.
    const taken = await take(stage, of, many, ({ values }) => fresh(values[name] ?? ''));
    if (taken.length < 2) impossible('Rows are shifted among two records or more.');
    const writer = stage.account.as(stage.by);
    if (unique)
      for (const [index, { key }] of taken.entries()) await orImpossible(index === 0, async () => await writer.update(of, key, { [name]: null }));
    for (const [index, record] of taken.entries()) {
      const value = { [name]: taken[(index + 1) % taken.length]?.values[name] ?? null };
      if (differs(record, value)) await orImpossible(index === 0 && !unique, async () => await writer.update(of, record.key, value));
    }
  },
};
