import { z } from 'zod';

import type { Fault } from '../fault.js';
import { howMany, type HowMany, impossible, object } from '../parameters.js';
import { pairsOf, takeLinks } from './take-links.js';

/** Links to the wrong record. */
export const misdirectLinks: Fault<HowMany & { readonly object: string; readonly to: string }> = {
  kind: 'misdirect-links',
  does: 'Links lead to the wrong record.',
  parameters: z.strictObject({ object, to: z.string().min(1).describe('The object type at the other end.'), ...howMany }),
  async strike(stage, { object: of, to, ...many }) {
    const taken = await takeLinks(stage, of, to, many);
    const linked = new Set((await pairsOf(stage, of, to)).map((pair) => `${pair.from} ${pair.to}`));
    const keys = (await stage.account.records(to)).map(({ key }) => key);
    const moves = taken.map((pair) => {
      const free = keys.filter((key) => !linked.has(`${pair.from} ${key}`));
      if (free.length === 0) return impossible(`${of} ${pair.from} is linked to all ${to} there are.`);
      const wrong = stage.random.pick(free);
      linked.add(`${pair.from} ${wrong}`);
      return { ...pair, wrong };
    });
    const writer = stage.account.as(stage.by);
    for (const { from, to: right, wrong } of moves) {
      await writer.unlink(of, from, to, right);
      await writer.link(of, from, to, wrong);
    }
  },
};
