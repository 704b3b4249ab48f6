import { z } from 'zod';

import type { Fault } from '../fault.js';
import { howMany, type HowMany, object, requireObject, take } from '../parameters.js';
import { copyOf } from './copy.js';

/** Records are deleted and come back under new keys, without some of their values. */
export const recreateRecords: Fault<HowMany & { readonly object: string; readonly lost: readonly string[] }> = {
  kind: 'recreate-records',
  does: 'Records are deleted and created again with new keys, without some of their values.',
  parameters: z.strictObject({ object, ...howMany, lost: z.array(z.string()).default([]).describe('Fields whose values do not come back.') }),
  async strike(stage, { object: of, lost, ...many }) {
    requireObject(stage, of);
    const writer = stage.account.as(stage.by);
    for (const { key, values } of await take(stage, of, many)) {
      await writer.remove(of, key);
      await writer.create(of, copyOf(stage, of, values, lost));
    }
  },
};
