import { z } from 'zod';

const time = z.iso.datetime().describe('ISO 8601, UTC.');
const count = z.int().min(0);
const value = z.unknown().describe('A value as the platform has it; absent where it did not give the field.');
const verdict = z.enum(['damage', 'ask', 'none', 'ordinary']);
const sign = z.strictObject({ points: z.number().describe('Above 0: speaks for damage.'), words: z.string() });
const end = z.strictObject({ snapshot: z.string(), digest: z.string() });

const example = z.strictObject({
  object: z.string(),
  key: z.string(),
  name: z.string().exactOptional(),
  field: z.string().exactOptional(),
  before: value.optional(),
  after: value.optional(),
});

const group = z.strictObject({
  n: z.int().min(1).describe('Number of the group: restore plan --group N.'),
  verdict,
  object: z.string().describe('Object type, or kind of link as the snapshots name it.'),
  title: z.string().exactOptional().describe('What people call the kind of link.'),
  fields: z.array(z.string()).describe('Empty for records and links as a whole.'),
  label: z.string().describe('What its changes have in common.'),
  detail: z.string().exactOptional(),
  what: z.string().describe('In words.'),
  why: z.array(sign).describe('Reasons, the strongest first.'),
  points: z.number(),
  writer: z.string().exactOptional().describe('As the platform names it.'),
  maker: z.string().exactOptional(),
  sync: z.string().exactOptional().describe('Name of the declared sync that the writer is.'),
  from: time,
  to: time,
  exact: z.boolean().describe('False where only the snapshots around it are known.'),
  cells: count.describe('Cells; of records and links, these.'),
  records: count,
  question: z.int().exactOptional().describe('Groups with the same number are one question.'),
  follows: z.int().exactOptional().describe('Number of the group that it follows from.'),
  examples: z.array(example),
});

const start = z.strictObject({
  record: z.strictObject({ object: z.string(), key: z.string(), name: z.string().exactOptional() }).exactOptional(),
  field: z.string().exactOptional(),
  value: z.string().exactOptional().describe('Absent where no change holds it.'),
  at: time.exactOptional(),
  since: time.exactOptional(),
  groups: z.array(z.int()).describe('Numbers of the groups that the starting point lies in.'),
  cells: count.describe('Changes at the starting point.'),
  changes: z.array(
    z.strictObject({
      object: z.string(),
      key: z.string(),
      field: z.string().exactOptional(),
      before: value.optional(),
      after: value.optional(),
      at: time.exactOptional(),
      group: z.int(),
    }),
  ),
  last: z.strictObject({ field: z.string(), writer: z.string().exactOptional(), at: z.string() }).exactOptional(),
  standing: count.exactOptional().describe('Values that are now what was given, and were that in the base.'),
});

const reading = z.strictObject({
  changed: count.describe('Records that differ.'),
  asked: count.describe('Those of them whose history was read.'),
  drawn: count.describe('Records drawn by chance, to learn what is ordinary.'),
  bySample: count.describe('Cells whose history was not asked for.'),
  gone: count.exactOptional().describe('Cells of records that are gone since.'),
  untold: count.exactOptional().describe('Cells of which the history does not tell who wrote what stands there.'),
  cut: count.exactOptional().describe('Cells whose oldest change that the platform keeps is younger than the base.'),
  unsure: count.exactOptional().describe('Cells with a write whose time may be an hour later, since clocks were set back.'),
  requests: count,
  history: z.boolean(),
  days: z.number().describe('Days before the base that were looked at.'),
});

/** What `runback investigate --json` gives as `data`, and, without `digest` and `location`, the first line of a stored investigation. */
export const investigationSchema = z
  .strictObject({
    version: z.literal(1),
    id: z.string().regex(/^inv-/u),
    platform: z.string(),
    account: z.string(),
    base: end,
    damaged: end,
    objects: z.array(z.string()),
    from: time,
    to: time,
    onset: time.exactOptional().describe('When the earliest group of damage began.'),
    onsetExact: z.boolean().exactOptional(),
    reading,
    notCompared: z.array(z.strictObject({ kind: z.string(), name: z.string(), why: z.string() })),
    charts: z.array(z.strictObject({ writer: z.string(), sync: z.string().exactOptional(), counts: z.array(count), total: count })),
    start: start.exactOptional().describe('Where the person started, and what was found there.'),
    groups: z.array(group),
    createdBy: z.string(),
    createdAt: time,
    digest: z.string().exactOptional().describe('SHA-256 of all of it.'),
    location: z.string().exactOptional(),
  })
  .describe('What happened between two snapshots of a platform.');
