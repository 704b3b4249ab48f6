import { z } from 'zod';

import { changeEach } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, object } from '../parameters.js';

/** UTF-8 taken for another encoding, so many times in a row. */
export function misread(text: string, as: 'windows-1252' | 'latin-1', times: number): string {
  let read = text;
  for (let turn = 0; turn < times; turn += 1) {
    const bytes = Buffer.from(read, 'utf8');
    read = as === 'latin-1' ? bytes.toString('latin1') : new TextDecoder('windows-1252').decode(bytes);
  }
  return read;
}

/** Characters read in the wrong encoding. */
export const wrongDecoding: Fault<
  HowMany & { readonly object: string; readonly field: string; readonly as: 'windows-1252' | 'latin-1'; readonly times: number }
> = {
  kind: 'wrong-decoding',
  does: 'Texts are read as if they were in another encoding.',
  parameters: z.strictObject({
    object,
    field,
    ...howMany,
    as: z.enum(['windows-1252', 'latin-1']).default('windows-1252').describe('The encoding that UTF-8 is taken for.'),
    times: z.int().min(1).max(3).default(1).describe('How often in a row.'),
  }),
  async strike(stage, { object: of, field: name, as, times, ...many }) {
    fieldOf(stage, of, name);
    await changeEach(stage, of, many, ({ values }) => ({ [name]: misread(values[name] ?? '', as, times) }));
  },
};
