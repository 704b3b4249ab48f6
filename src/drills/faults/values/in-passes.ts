import { z } from 'zod';

import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object, take } from '../parameters.js';

/** The same damage again and again, and an innocent automation between. */
export const inPasses: Fault<
  HowMany & {
    readonly object: string;
    readonly field: string;
    readonly value: string;
    readonly passes: number;
    readonly between: string;
    readonly writes: string;
  }
> = {
  kind: 'in-passes',
  does: 'One value is written over a field in several passes, and an automation rightly writes another field between them.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    value: z.string().default('Valued Customer').describe('What is written, with the number of the pass.'),
    passes: z.int().min(2).max(10).default(2).describe('How often.'),
    between: z.string().min(1).describe('The field that the automation writes.'),
    writes: z.string().min(1).default('Checked').describe('What the automation writes.'),
  }),
  async strike(stage, { object: of, field: name, value, passes, between, writes, ...many }) {
    fieldOf(stage, of, name);
    fieldOf(stage, of, between);
    if (name === between) impossible('The automation has to write another field than the one that is damaged.');
    const text = (pass: number): string => `${value} ${pass}`;
    const taken = await take(stage, of, many, ({ values }) => values[name] !== text(passes) && values[between] !== writes);
    const writer = stage.account.as(stage.by);
    for (let pass = 1; pass <= passes; pass += 1) {
      for (const { key } of taken) await writer.update(of, key, { [name]: text(pass) });
      if (pass === passes) break;
      await stage.pause();
      for (const { key } of taken) await stage.innocent(of, key, { [between]: writes });
      await stage.pause();
    }
  },
};
