import { z } from 'zod';

const count = z.number().int().nonnegative();
const tally = z.object({ checked: count, right: count });
const phase = z.object({
  calls: count.describe('Calls that it makes, connecting among them.'),
  ms: count.describe('Milliseconds that it takes under the limits of the account.'),
});

/** What a rehearsal of a plan came to, as `--json` gives it. */
export const rehearsalSchema = z.object({
  version: z.literal(1),
  plan: z.string(),
  hash: z.string().describe('Of the plan: the one that approvals are bound to.'),
  platform: z.string(),
  snapshot: z.string().describe('What was loaded.'),
  where: z.string().describe('In words.'),
  at: z.string().describe('ISO 8601, UTC.'),
  by: z.string(),
  passed: z.boolean().describe('Everything was put back as planned, nothing else changed, and the undo put everything back.'),
  records: tally,
  cells: tally,
  links: tally,
  examples: z
    .array(z.object({ object: z.string(), key: z.string(), field: z.string(), why: z.string() }))
    .describe('The first of what is not as planned; no values.'),
  left: z.array(z.object({ status: z.string(), reason: z.string().optional(), count, message: z.string().optional() })),
  beside: z.object({ count, examples: z.array(z.string()) }).describe('What changed in addition to the plan, by `object/key/field`.'),
  side_effects: z.object({ count, examples: z.array(z.string()) }).describe('What the writes set off there, in words.'),
  stopped: z.string().optional().describe('Why the restore did not come to its end.'),
  undo: z.object({ put_back: z.boolean(), differences: count, examples: z.array(z.string()), stopped: z.string().optional() }),
  apply: phase,
  verify: phase.extend({ remaining: count.describe('Changes that it finds missing, as `restore verify` counts them.') }),
  undoing: phase,
  pace: z.object({
    limits: z.array(z.object({ calls: count, in_ms: count })).describe('Calls that the account allows in a time; empty where none is known.'),
    from: z.enum(['account', 'settings', 'none']),
    latency_ms: z.number().nonnegative(),
    latency_from: z.enum(['measured', 'given', 'assumed']),
    asked: count.describe('Reads made to the account for this.'),
    not_asked: z.string().optional(),
  }),
  quota: z
    .object({
      limit: count,
      left: count,
      left_after: z.number().int().describe('Once the plan is applied and verified; below zero where that is not enough.'),
      share_left: z.number().describe('The same as a share of the limit.'),
    })
    .optional()
    .describe('Calls of a day; absent where the platform has no such limit, or was not asked.'),
  cannot_know: z.array(z.string()),
  differs: z.array(z.string()).describe('How the place differs from the account, in words.'),
});

/** What a rehearsal of a plan came to. */
export type Rehearsal = z.infer<typeof rehearsalSchema>;
