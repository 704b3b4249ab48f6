import { z } from 'zod';

import type { Fault } from '../fault.js';
import { howMany, type HowMany, object, requireObject, take } from '../parameters.js';

/** Records are deleted by accident. */
export const deleteRecords: Fault<HowMany & { readonly object: string }> = {
  kind: 'delete-records',
  does: 'Records are deleted.',
  parameters: z.strictObject({ object, ...howMany }),
  async strike(stage, { object: of, ...many }) {
    requireObject(stage, of);
    const writer = stage.account.as(stage.by);
    for (const { key } of await take(stage, of, many)) await writer.remove(of, key);
  },
};
