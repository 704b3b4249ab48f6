import { z } from 'zod';

import { durationSchema } from '../../workspace/index.js';
import { FAULTS } from '../faults/registry.js';
import { CHECKS } from '../verdict/checks.js';

/** What the platform does to some requests, and then no more. */
export const PASSING = ['rate-limit', 'timeout', 'drop-answer', 'drop-request', 'cut-body', 'nonsense', 'server-error', 'partial-answer'] as const;
/** What stays as it is until somebody mends it. */
export const LASTING = ['expired-token', 'missing-permission', 'full-disk', 'lost-key'] as const;

const id = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a lower-case id such as "overwritten-names"');
const text = z.string().min(1, 'expected some text');
const percent = z.string().regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/, 'expected a percentage such as 100% or 99.5%');
const count = z.int().min(0);
const share = z.number().gt(0).max(1);

const whereSchema = z.union(
  [
    z.strictObject({
      local: z.array(text).min(1).describe('Sandboxes on this machine; the drill is run once on each.'),
      records: z.int().min(20).max(200_000).default(300).describe('Records of the first object type.'),
      seed: z.int().min(0).default(7).describe('The same seed gives the same account.'),
    }),
    z.strictObject({
      local: z.array(text).min(1).describe('Sandboxes on this machine; the drill is run once on each.'),
      from: text.describe('A snapshot that they are filled from: an id, latest, latest-verified, or the path of a file from that of the drill.'),
      mask: z.array(text).default([]).describe('Texts that are replaced by invented ones of the same form before they are put there.'),
      records: z.int().min(1).max(200_000).default(5000).describe('Most records of each object type.'),
      seed: z.int().min(0).default(7).describe('The same seed takes the same records for victims.'),
    }),
    z.strictObject({
      platform: text.describe('A platform of runback.yml that is no production.'),
      from: text.exactOptional().describe('A snapshot whose records are put there first: only they are damaged, and they are taken away again.'),
      mask: z.array(text).default([]).describe('Fields whose values are replaced by invented ones of the same form.'),
      records: z.int().min(1).max(200_000).default(5000).describe('Most records of each object type that are put there.'),
    }),
  ],
  {
    error:
      'expected { local: [hubspot] }, with from: a snapshot where it is filled from one, or { platform: a platform of runback.yml that is no production }',
  },
);

/** One fault, its kind deciding which parameters it has. */
const faultSchema = z.discriminatedUnion(
  'kind',
  FAULTS.map(({ kind, does, parameters }) =>
    z.strictObject({ kind: z.literal(kind), ...(parameters as unknown as z.ZodObject).shape }).describe(does),
  ) as unknown as readonly [z.ZodObject<{ kind: z.ZodLiteral<string> }>],
  { error: `expected a fault: ${FAULTS.map(({ kind }) => kind).join(', ')}` },
);

const editsSchema = z.strictObject({
  object: text.describe('Object type of the records that people correct in the meantime.'),
  field: text,
  share: share.exactOptional(),
  records: z.int().positive().exactOptional(),
  value: text.exactOptional().describe('What they write; a text of its own on each record unless given.'),
  when: z
    .enum(['before', 'after', 'during'])
    .default('after')
    .describe('before: between the snapshot and the failure. after: before the rollback begins. during: while it runs.'),
  on: z.enum(['any', 'damaged', 'innocent']).default('any').describe('Which records.'),
});

const meanwhileSchema = z
  .strictObject({
    edits: z.union([editsSchema, z.array(editsSchema).min(1)]).exactOptional(),
    sync: z.strictObject({ object: text, field: text }).exactOptional().describe('What the sync continues to write rightly.'),
  })
  .describe('What happens rightly, and has to survive.');

const disturbSchema = z.strictObject({
  at: text.describe('The step of the runbook at whose beginning it happens.'),
  with: z
    .enum([...PASSING, ...LASTING, 'kill', 'sync-restarts', 'damaged-backup'])
    .describe(`What happens. ${LASTING.join(', ')} last until the run has stopped, and a person has mended them.`),
  after: count.exactOptional().describe('Requests that pass before it.'),
  times: z.int().positive().exactOptional().describe('How often; once unless given.'),
});

const handsSchema = z.union(
  [
    z
      .strictObject({ at: text.describe('The step of the runbook, once it is done.'), object: text })
      .describe('A person corrects by hand, on damaged records of this object type, what no API of the platform can write: consent.'),
    z.strictObject({ at: text, automations: z.enum(['off', 'on']) }).describe('A person switches what the account does by itself off, or on again.'),
    z
      .strictObject({ at: text, options: z.literal('back') })
      .describe('A person adds the options again that fields have lost. What was added in the meantime stays.'),
  ],
  { error: 'expected { at: a step, object: an object type }, { at: a step, automations: off or on } or { at: a step, options: back }' },
);

/** What stands for a step that reaches beyond the stage. */
const standInSchema = z.union(
  [
    z
      .strictObject({
        exit_code: z.int().min(0).max(255).exactOptional().describe('How the program of a command step ends; 0 unless given.'),
        stdout: z.string().exactOptional().describe('What it prints; nothing unless given.'),
        status: z.int().min(100).max(599).exactOptional().describe('What the server of an http step answers; 200 unless given.'),
        body: z.unknown().optional().describe('The same, as JSON; nothing unless given.'),
      })
      .describe('The program is not started, and nothing is sent.'),
    z.literal('real').describe('It is done, in the workspace of the stage and without secrets.'),
  ],
  { error: 'expected { exit_code: 0, stdout: "" } for a command, { status: 200, body: {} } for http, or real' },
);

const automationSchema = z
  .strictObject({
    name: text,
    object: text,
    when: z.union([z.strictObject({ created: z.literal(true) }), z.strictObject({ field: text, becomes: text.exactOptional() })], {
      error: 'expected { created: true } or { field: a field, becomes: a value }',
    }),
    does: z
      .array(
        z.union(
          [
            z.strictObject({ set: z.record(z.string(), z.string().nullable()) }),
            z.strictObject({ mail: text.describe('Its subject.'), to: text.describe('The field with the address.') }),
          ],
          {
            error: 'expected { set: { field: value } } or { mail: a subject, to: the field with the address }',
          },
        ),
      )
      .min(1),
  })
  .describe('What the account does by itself. What the restore sets off is a side effect.');

const expectSchema = z
  .strictObject({
    repaired: percent.default('100%').describe('Damaged cells, links and records that are as they should be.'),
    innocent_changed: count.default(0).describe('Most cells that nothing had touched and that are different afterwards.'),
    edits_kept: percent.default('100%').describe('Legitimate edits that are still there.'),
    links: count.default(0).describe('Most damaged links that may still be wrong.'),
    side_effects: count.default(0).describe('Most mails and automations that the restore itself may set off.'),
    duplicates: count.default(0).describe('Most records that should not be there.'),
    recovery_time: durationSchema.default('5m').describe('From the failure to the end of the runbook.'),
    guided_time: durationSchema.default('60m').describe('The same where a person at the terminal does it.'),
    data_loss_window: durationSchema.default('24h').describe('Age of the base snapshot when the failure began.'),
    ends: z.enum(['succeeded', 'partial']).exactOptional().describe('How the run has to end; either will do unless given.'),
    stops: text.exactOptional().describe('The run has to stop at this step, with the syncs paused, instead of coming to its end.'),
  })
  .prefault({});

/** The format of a drill. */
export const drillSchema = z
  .strictObject({
    version: z.literal(1),
    id,
    title: text,
    summary: text.exactOptional(),
    where: whereSchema.describe('Where it is staged; never in production.'),
    automations: z.array(automationSchema).default([]).describe('What the account does by itself: workflows that write or send.'),
    backup: z
      .strictObject({
        age: durationSchema.default('0s').describe('How old the good snapshot is when the failure strikes.'),
        encrypted: z.boolean().default(false).describe('Snapshots are encrypted, and the key that opens them lies in a file of the stage.'),
        key: z.literal('gone').exactOptional().describe('Nobody has that key when the failure strikes.'),
      })
      .exactOptional()
      .describe('A backup that is not as fresh as it should be, or that only a key opens.'),
    fault: z.union([faultSchema, z.array(faultSchema).min(1)]).describe('What goes wrong, one after the other.'),
    meanwhile: meanwhileSchema.exactOptional(),
    runbook: text.describe('Id of the runbook that has to put it right, or the path of one from this file.'),
    inputs: z.record(z.string(), z.unknown()).default({}).describe('Inputs of the runbook. Its platform is that of the stage.'),
    answers: z.record(z.string(), z.unknown()).default({}).describe('Answers to the questions of the runbook, as in an answers file.'),
    stand_ins: z
      .record(z.string(), standInSchema)
      .default({})
      .describe('By step of the runbook: what stands for its program or request, and for that of its undo. A step that is not here is refused.'),
    hands: z.array(handsSchema).default([]).describe('What a person does on the platform itself because the runbook says so.'),
    disturb: z.array(disturbSchema).default([]).describe('What happens to the rollback itself.'),
    expect: expectSchema.describe('What has to be true in the end.'),
    must_fail: z.array(z.enum(CHECKS)).min(1).exactOptional().describe('Built to fail: passes only where each of these checks fails.'),
  })
  .describe('A drill of runback');

/** What {@link drillSchema} gives. */
export type DrillDocument = z.output<typeof drillSchema>;
export type AutomationDocument = z.output<typeof automationSchema>;
export type StandInDocument = z.output<typeof standInSchema>;
export type EditsDocument = z.output<typeof editsSchema>;
export type DisturbDocument = z.output<typeof disturbSchema>;
