import { z } from 'zod';

/**
 * What a description of a controller says (`docs/syncs.md`). `{words}` stand for settings of the sync, for what a read said and
 * for what was kept of the earlier state; expressions are CEL over the answer to `status` and the reads by their names.
 */

const words = z.string().min(1);
const name = z.string().regex(/^[a-z][a-z0-9_]*$/u, 'a word of small letters, digits and _');
const path = z.string().regex(/^\/(?!\/).*$/u, 'a path that begins with one /');
const inBody = z.string().regex(/^(\.|[^.\s]+(\.[^.\s]+)*)$/u, 'a path such as data.id, or . for the whole of it');
const expression = words.describe('CEL');
const duration = z.string().regex(/^\d+(s|m)$/u, 'a time such as 60s');

const request = {
  get: path.exactOptional(),
  post: path.exactOptional(),
  put: path.exactOptional(),
  patch: path.exactOptional(),
  delete: path.exactOptional(),
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
  body: z.unknown().exactOptional().describe('What is sent, with {words} in it; { merge: [ … ], without: [ … ] } for one group made of several.'),
  form: z.boolean().exactOptional().describe('The body is sent as a form instead of as JSON.'),
};
const program = {
  run: z.array(z.string()).min(1).exactOptional().describe('Program and arguments, one list item each, with {words} in them. Never a shell line.'),
  input: expression.exactOptional().describe('What the program is given to read, as a text.'),
};
const each = expression.exactOptional().describe('A list: one request for each of it, which is {item}.');
const paging = {
  next: inBody.exactOptional().describe('Where the cursor of the next page is; {cursor} is what it said.'),
  page_size: z
    .int()
    .min(1)
    .max(10_000)
    .exactOptional()
    .describe(
      'How many a full page has, where no answer tells of the next: {offset} is how many came before, {page} the number of the page, from 1.',
    ),
};
const read = z.strictObject({
  ...request,
  ...program,
  each,
  items: inBody.exactOptional().describe('Where the list is in the answer; the read is then that list.'),
  ...paging,
});

const change = z.strictObject({
  ...request,
  ...program,
  each,
  again: z
    .array(z.int().min(400).max(499))
    .exactOptional()
    .describe('Refusals after which it is read and sent once more, since something changed in between.'),
});
const byHand = z.strictObject({ by_hand: words.describe('What a person does, where there is no request for it.') });

const credential = words.describe('A name under credentials.');
const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('header'),
    header: z
      .string()
      .regex(/^[\w-]+$/u)
      .default('Authorization'),
    before: z.string().default('').describe('What stands in front of the credential, such as "Bearer ".'),
    credential,
    optional: z.boolean().default(false).describe('Without the credential, nothing is sent: the tool may be open.'),
  }),
  z.strictObject({
    kind: z.literal('basic'),
    user: credential.exactOptional(),
    user_is: words.exactOptional().describe('A user that is the same for everyone.'),
    password: credential,
  }),
  z.strictObject({
    kind: z.literal('client-credentials').describe('OAuth: a token is fetched with id and secret, and again when it has expired.'),
    token: path.describe('The path that gives tokens.'),
    id: credential,
    secret: credential,
    in: z.enum(['basic', 'body', 'json']).default('body').describe('How id and secret are sent.'),
  }),
]);

/** A whole description of a controller. */
export const controllerForm = z
  .strictObject({
    version: z.literal(1),
    name: words.describe('Of the tool, for people.'),
    proven: z
      .union([z.literal(false), z.enum(['engine', 'stub', 'programs'])])
      .default(false)
      .describe('What its tests ran against: the tool itself, a server written from its pages, programs that stand for it. false: an example.'),
    proven_with: words.exactOptional().describe('Which version or which pages.'),
    about: words.exactOptional().describe('What a person has to know of it.'),
    url: z.url().exactOptional().describe('Where it is for everyone; without it, the sync names its own.'),
    settings: z.record(name, words).default({}).describe('What a sync has to name in addition to url, each with what it is.'),
    optional: z
      .record(name, z.strictObject({ is: words, default: z.string() }))
      .default({})
      .describe('What a sync may name.'),
    auth: auth.default({ kind: 'none' }),
    headers: z.record(z.string(), z.string()).default({}),
    error: inBody.exactOptional().describe('Where an error answer says what is wrong.'),
    hints: z
      .record(z.string().regex(/^[45]\d\d$/u, 'a status such as 404'), words)
      .default({})
      .describe('What an error status most likely means here.'),
    reads: z.record(name, read).default({}).describe('What else is asked to know the state, after status and in this order.'),
    status: z.strictObject({
      ...request,
      ...program,
      paused: expression.describe('CEL: true when it takes no new work.'),
      in_flight: expression.exactOptional().describe('CEL: pieces of work that still run.'),
      in_flight_is: words.describe('What counts as work in flight, and what cannot be seen.'),
      fires_on_resume: expression.exactOptional().describe('CEL: how many pieces of work wait, and run when it is resumed.'),
      fires_are: words.exactOptional().describe('The same for people, with {n} for how many.'),
      warn: z
        .array(z.strictObject({ count: expression, say: words }))
        .default([])
        .describe('What else a person has to know: where count is more than 0, say, with {n} for it.'),
    }),
    last_run: z
      .strictObject({
        ...request,
        items: inBody.exactOptional().describe('Where the list of runs is in the answer, the newest first; without it, one is the answer.'),
        where: expression.exactOptional().describe('CEL over one: which of the list have come to their end.'),
        ended: expression.describe('CEL over one: when it ended, as a time or a number since the epoch; null where none has.'),
        began: expression.exactOptional().describe('CEL over one: when it began.'),
        failed: expression.exactOptional().describe('CEL over one: true where it failed.'),
        records: expression.exactOptional().describe('CEL over one: how many records it moved.'),
        errors: expression.exactOptional().describe('CEL over one: how many of these records it could not write.'),
      })
      .exactOptional()
      .describe('How the last run that ended is asked for, which only reads: monitors go by it.'),
    list: z
      .strictObject({
        ...request,
        items: inBody.describe('Where the list is in the answer.'),
        ...paging,
        where: expression.exactOptional().describe('CEL over one: which of the list are syncs.'),
        id: expression.describe('CEL over one: what a sync names it by.'),
        title: expression.describe('CEL over one: what people call it.'),
        runs: expression.describe('CEL over one: true when it takes new work.'),
      })
      .exactOptional()
      .describe('How all that the tool has are asked for, which only reads: `runback init` offers them.'),
    automation_of: z
      .string()
      .exactOptional()
      .describe('The connector of the platform that it is a part of, where it is set off by what is written to its records.'),
    keep: z.record(name, expression).default({}).describe('What of the earlier state the way back needs; {name} in resume.'),
    settles: duration.exactOptional().describe('How long after an answer its state may still be the earlier one.'),
    pause: z.union([change, byHand]),
    resume: z.union([change, byHand]),
    cancel: change.exactOptional().describe('Ends work in flight. Only where a person asks for it.'),
  })
  .describe('How a controller is asked for the state of a sync, and how it pauses and resumes one.');

/** What {@link controllerForm} gives. */
export type ControllerDescription = z.output<typeof controllerForm>;
export type ReadDescription = ControllerDescription['reads'][string];
export type ChangeDescription = z.output<typeof change>;
