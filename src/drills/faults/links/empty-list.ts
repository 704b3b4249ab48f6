import { z } from 'zod';

import type { Fault } from '../fault.js';
import { impossible, object, requireObject } from '../parameters.js';
import { type Pair, pairsOf } from './take-links.js';

/** One record, such as a list, loses all its members. */
export const emptyList: Fault<{ readonly object: string; readonly of: string }> = {
  kind: 'empty-list',
  does: 'One record, such as a list, loses every link to its members.',
  parameters: z.strictObject({ object, of: z.string().min(1).describe('The object type of the members.') }),
  async strike(stage, { object: list, of }) {
    requireObject(stage, list);
    requireObject(stage, of);
    const members = new Map<string, Pair[]>();
    for (const pair of await pairsOf(stage, list, of)) members.set(pair.from, [...(members.get(pair.from) ?? []), pair]);
    if (members.size === 0) impossible(`None of the ${list} has ${of}.`);
    const most = Math.max(...[...members.values()].map(({ length }) => length));
    const chosen = stage.random.pick([...members.values()].filter(({ length }) => length === most));
    const writer = stage.account.as(stage.by);
    for (const { from, to } of chosen) await writer.unlink(list, from, of, to);
  },
};
