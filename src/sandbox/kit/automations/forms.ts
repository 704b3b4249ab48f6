import { z } from 'zod';

const trigger = z.discriminatedUnion('on', [
  z.object({ on: z.literal('create') }),
  z.object({ on: z.literal('change'), field: z.string(), becomes: z.string().optional() }),
]);
const sort = z.enum(['marketing', 'one-to-one']);
const step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('set'), values: z.record(z.string(), z.string().nullable()) }),
  z.object({ do: z.literal('rewrite'), field: z.string(), as: z.enum(['trimmed', 'e164', 'capitals']) }),
  z.object({ do: z.literal('wait'), ms: z.number().min(0) }),
  z.object({ do: z.literal('mail'), to: z.string(), subject: z.string(), sort: sort.optional() }),
]);

/** An automation in JSON. */
export const automationForm = z.object({
  id: z.string().min(1),
  name: z.string(),
  object: z.string(),
  enabled: z.boolean(),
  when: trigger,
  does: z.array(step),
  repeats: z.boolean().optional(),
});

const cause = z.discriminatedUnion('by', [
  z.object({ by: z.literal('api'), app: z.string() }),
  z.object({ by: z.enum(['person', 'integration']), id: z.string() }),
  z.object({ by: z.literal('form'), id: z.string() }),
]);
const effectOf = { automation: z.string(), object: z.string(), key: z.string(), at: z.number(), because: cause };
const effect = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('enrolment'), ...effectOf }),
  z.object({ kind: z.literal('write'), ...effectOf, field: z.string(), value: z.string().nullable(), refused: z.string().optional() }),
  z.object({
    kind: z.literal('mail'),
    ...effectOf,
    to: z.string().nullable(),
    subject: z.string(),
    sort,
    withheld: z.enum(['opted-out', 'no-address']).optional(),
  }),
]);
const task = z.object({
  due: z.number(),
  automation: z.string(),
  object: z.string(),
  key: z.string(),
  step: z.number().int(),
  because: cause,
  passed: z.array(z.string()),
});

/** Automations and where they stand, as they are in a dump. */
export const automationsForm = z.object({
  automations: z.array(automationForm),
  effects: z.array(effect),
  tasks: z.array(task),
  enrolled: z.array(z.string()),
});

/** What is written down of them. */
export type AutomationsDump = z.infer<typeof automationsForm>;
