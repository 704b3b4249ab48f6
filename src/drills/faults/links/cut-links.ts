import { z } from 'zod';

import type { Fault } from '../fault.js';
import { howMany, type HowMany, object } from '../parameters.js';
import { takeLinks } from './take-links.js';

/** Links are gone. */
export const cutLinks: Fault<HowMany & { readonly object: string; readonly to: string }> = {
  kind: 'cut-links',
  does: 'Links between records are cut.',
  parameters: z.strictObject({ object, to: z.string().min(1).describe('The object type at the other end.'), ...howMany }),
  async strike(stage, { object: of, to, ...many }) {
    const writer = stage.account.as(stage.by);
    for (const pair of await takeLinks(stage, of, to, many)) await writer.unlink(of, pair.from, to, pair.to);
  },
};
