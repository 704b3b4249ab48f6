import { z } from 'zod';

import type { Fault } from '../fault.js';
import { howMany, type HowMany, impossible, object, requireObject, take } from '../parameters.js';

/** Two records that are not the same are made one. */
export const mergeRecords: Fault<HowMany & { readonly object: string }> = {
  kind: 'merge-records',
  does: 'Records are merged into others that they are not.',
  parameters: z.strictObject({ object, ...howMany }),
  async strike(stage, { object: of, ...many }) {
    requireObject(stage, of);
    const writer = stage.account.as(stage.by);
    if (writer.merge === undefined) return impossible('Records cannot be merged on this stage.');
    const taken = await take(stage, of, many);
    const gone = new Set(taken.map(({ key }) => key));
    const others = stage.random.shuffle((await stage.account.records(of)).filter(({ key }) => !gone.has(key)));
    if (others.length < taken.length) impossible(`There are not enough ${of} to merge ${taken.length} into.`);
    for (const [index, { key }] of taken.entries()) await writer.merge(of, key, others[index]?.key ?? '');
  },
};
