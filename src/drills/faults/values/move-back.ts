import { z } from 'zod';

import { differs, orImpossible } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object, take } from '../parameters.js';

/** A stage moved back. A platform that lets a stage go forward only has it emptied first. */
export const moveBack: Fault<
  HowMany & { readonly object: string; readonly field: string; readonly to?: string; readonly order?: readonly string[] }
> = {
  kind: 'move-back',
  does: 'Records are moved back to an earlier stage.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    to: z.string().min(1).exactOptional().describe('The stage; the first one unless given.'),
    order: z.array(z.string()).min(2).exactOptional().describe('The stages from first to last, where the platform does not list them.'),
  }),
  async strike(stage, { object: of, field: name, to, order, ...many }) {
    const { options: listed = [], forwardOnly } = fieldOf(stage, of, name);
    const options = order ?? listed;
    const back = to ?? options[0];
    const place = back === undefined ? -1 : options.indexOf(back);
    if (back === undefined || place < 0) return impossible(`${name} of ${of} has no such stage, only ${options.join(', ')}.`);
    const taken = await take(stage, of, many, (record) => options.indexOf(record.values[name] ?? '') > place && differs(record, { [name]: back }));
    const writer = stage.account.as(stage.by);
    for (const [index, { key }] of taken.entries()) {
      if (forwardOnly) await orImpossible(index === 0, async () => await writer.update(of, key, { [name]: null }));
      await writer.update(of, key, { [name]: back });
    }
  },
};
