import { z } from 'zod';

import { DAY_TIME_PATTERN, DURATION_FORM, DURATION_PATTERN } from '../lib/index.js';
import { auditSchema } from './audit-schema.js';
import { monitorShape } from './monitors/schema.js';
import { SECRET_LITERAL } from './schema-words.js';
import type { SecretRef } from './types.js';

/** What a reference to a secret looks like. */
export const SECRET_REF = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*|command:\S.*|keychain:\S.*)$/;

/** Names of platforms, syncs and jobs: safe in file names and expressions. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const NAME_FORM = 'letters, digits, "-" and "_", beginning with a letter, 63 at most';

/** A duration such as `5m`; use it wherever a file holds one. */
export const durationSchema = z.string().regex(DURATION_PATTERN, DURATION_FORM).describe('How long: 250ms, 30s, 5m, 1h30m, 7d, 2w.');

/** A reference to a secret. Anything else is refused as `secret-literal`, and never shown. */
export const secretRefSchema = z
  .string()
  .regex(SECRET_REF, SECRET_LITERAL)
  .describe(
    'Where the secret is: env:NAME, file:PATH, command:PROGRAM ARGUMENT… or keychain:NAME. Never the secret itself.',
  ) as unknown as z.ZodType<SecretRef>;

const name = z.string().regex(NAME, NAME_FORM);
const count = z.number().int().positive();
const percent = z.number().min(0).max(100);

const platformSchema = z
  .strictObject({
    connector: z.string().min(1).describe('The driver: hubspot, mailchimp, postgres or rest.'),
    environment: z
      .enum(['production', 'staging', 'sandbox'])
      .describe('What this platform is. Checked against the platform itself where it can tell.'),
    account: z
      .string()
      .min(1)
      .exactOptional()
      .describe('Id of the account, in quotes. Checked against the platform itself before anything is read or written.'),
    url: z.string().min(1).exactOptional().describe('Address of the API or database. One with a password is a secret reference: env:WAREHOUSE_URL.'),
    credentials: z.record(name, secretRefSchema).default({}).describe('Secrets by name, each a reference.'),
    objects: z.array(z.string().min(1)).min(1).exactOptional().describe('Object types to work on. Without it, all that the credentials see.'),
    never_store: z
      .record(z.string(), z.array(z.string().min(1)).min(1))
      .exactOptional()
      .describe('Fields by object type that must never be stored: they are in no snapshot, and cannot be restored.'),
    limits: z
      .strictObject({
        requests_per_10s: count.exactOptional().describe('Most requests in ten seconds.'),
        requests_per_day: count.exactOptional().describe('Most requests in a day.'),
        monitor_calls_per_day: count
          .exactOptional()
          .describe('Most requests in a day for monitors. One in a hundred of what the platform allows in a day if none is given.'),
        concurrency: count.max(100).exactOptional().describe('Most requests at once.'),
        wait: durationSchema.exactOptional().describe('How long to wait for a platform that is rate-limiting us before giving up.'),
      })
      .default({})
      .describe('Limits to stay below, in addition to those the platform reports itself.'),
    modified: z
      .strictObject({
        by: z.string().min(1).exactOptional().describe('Column that names who changed a row last.'),
        at: z.string().min(1).exactOptional().describe('Column that holds when.'),
        zone: z
          .string()
          .min(1)
          .exactOptional()
          .describe('Time zone of that column, where it has none: Europe/Berlin, UTC. Without it, the one in which sessions of the database begin.'),
      })
      .exactOptional()
      .describe('Where a row says who changed it last; used for attribution.'),
    audit: z
      .union([auditSchema, z.array(auditSchema).min(1)])
      .exactOptional()
      .describe('Its audit table, or several that tell of different object types.'),
    options: z.record(z.string(), z.unknown()).default({}).describe('Settings of the driver.'),
  })
  .describe('A system that holds records.');

const sideField = z.string().min(1);

/** The part of a mapping that says which records and fields of two platforms belong together. */
const carriedSchema = z
  .strictObject({
    between: z
      .record(name, z.string().regex(/^[^/]+\/.+$/u, 'is no object type of a platform: hubspot/contacts'))
      .describe('The two sides, each by a name of its own: { crm: hubspot/contacts, store: warehouse/public.people }.'),
    match: z
      .array(z.record(z.string(), sideField))
      .length(1)
      .describe(
        'By which fields a record of one side is found on the other: [{ crm: email, store: email, as: email }]. key stands for the key of the record; as: email compares without letter case.',
      ),
    fields: z
      .array(z.record(z.string(), sideField))
      .min(1)
      .describe('Fields that are to hold the same: { crm: city, store: city, authority: crm }. authority names the side whose value counts.'),
  })
  .describe('What the sync keeps the same on two platforms: a plan for both sides holds them against each other by it.');

const syncSchema = z
  .object({
    controller: z
      .string()
      .min(1)
      .describe('http, command, a tool that runback knows (n8n, fivetran, hubspot-workflow …), or the path of a description.'),
    title: z.string().min(1).exactOptional().describe('Name for people.'),
    writes_to: z.array(z.string()).min(1).describe('Names of the platforms it writes to.'),
    reacts_to: z
      .array(z.string())
      .min(1)
      .exactOptional()
      .describe('Names of the platforms whose records set it off when they are written: a restore there starts only while it is paused.'),
    writes_as: z
      .array(z.string().min(1))
      .default([])
      .describe('How the history of a platform names this writer: exact, or a beginning with * at the end.'),
    fields: z
      .array(z.string().regex(/^[^.]+\..+$/u, 'expected an object type and a field, as in contacts.loyalty_points'))
      .min(1)
      .exactOptional()
      .describe('What it is there to write: object type and field, as in contacts.loyalty_points. An investigation judges what it wrote by it.'),
    drain: durationSchema.exactOptional().describe('How long to wait for work in flight when it is paused.'),
    carries: z.array(carriedSchema).min(1).exactOptional().describe('Which records and fields of two platforms it keeps the same.'),
    credentials: z.record(name, secretRefSchema).default({}).describe('Secrets by name, each a reference.'),
  })
  .catchall(z.unknown())
  .describe('A running integration that writes records. Further keys are settings of its driver.');

const keepSchema = z
  .strictObject({
    last: count.exactOptional().describe('So many of the newest.'),
    hourly: count.exactOptional().describe('The newest of each hour, for so many hours that have one.'),
    daily: count.exactOptional().describe('The newest of each day, for so many days that have one.'),
    weekly: count.exactOptional().describe('The newest of each week (Monday to Sunday, ISO 8601), for so many weeks that have one.'),
    monthly: count.exactOptional().describe('The newest of each month, for so many months that have one.'),
    yearly: count.exactOptional().describe('The newest of each year, for so many years that have one.'),
    within: durationSchema.exactOptional().describe('All that are at most so old, measured from the newest of the job, never from the clock.'),
  })
  .describe('Which snapshots of this job stay when runback backup prune runs; one that any rule keeps stays. Without it, all of them.');

const watchSchema = z
  .union([
    z.literal('off').describe('Do not watch them.'),
    z.strictObject({
      sensitivity: z
        .enum(['low', 'normal', 'high'])
        .exactOptional()
        .describe('low: twice as much has to happen before it is told; high: half as much.'),
      except: z.array(z.string().min(1)).min(1).exactOptional().describe('Fields that are not watched: phone, or contacts.phone of one object type.'),
    }),
  ])
  .describe('How its snapshots are compared with those before: what is far from usual makes one suspect. On unless given as off.');

const testRestoreSchema = z
  .strictObject({
    schedule: z.string().min(1).describe('When, as five cron fields, in the time zone of the job.'),
    into: secretRefSchema
      .exactOptional()
      .describe('The URL of an empty database, for platforms that there is no sandbox of. Each is restored there and taken away again.'),
    prove_within: durationSchema.exactOptional().describe('The last restore test of this job that passed is never to be older than this: 35d.'),
  })
  .describe('Restore tests by schedule: the newest snapshot of the job is restored into an empty place and compared, cell by cell.');

const dayTime = z.string().regex(DAY_TIME_PATTERN, 'is no time of day: 22:00');

const windowSchema = z
  .strictObject({
    from: dayTime.describe('When it opens, as 22:00, by the clocks of the time zone of the job.'),
    to: dayTime.describe('When it closes; earlier than from: on the next day.'),
  })
  .describe('A run by schedule begins only in this part of the day, and is stopped at its end. Without it, at any time.');

const jobSchema = z
  .strictObject({
    platforms: z.array(z.string()).min(1).describe('Names of the platforms to snapshot.'),
    objects: z
      .array(z.string().min(1))
      .min(1)
      .exactOptional()
      .describe('Only these object types. Without it, all that the platforms are set up for.'),
    schedule: z.string().min(1).exactOptional().describe('When, as five cron fields. Without it, only when someone runs it.'),
    timezone: z.string().min(1).default('UTC').describe('Time zone of the schedule, the window and the keep rules, as America/New_York.'),
    window: windowSchema.exactOptional(),
    pause_syncs: z.boolean().default(false).describe('Pause the syncs that write to these platforms while the snapshot is taken.'),
    syncs: z
      .enum(['pause', 'watch'])
      .exactOptional()
      .describe(
        'Read its platforms as one set, and say in the manifest what changed while that was done. pause: with the syncs between them paused, as with pause_syncs; watch: with the syncs as they are.',
      ),
    incremental: z
      .boolean()
      .default(false)
      .describe('Store only what differs from the snapshot before. From time to time one holds everything again.'),
    read_all_every: durationSchema
      .exactOptional()
      .describe(
        'With incremental: a platform that can tell what has changed is asked for that, and for everything after so long: 7d. Without it, everything is read each time.',
      ),
    target: durationSchema.exactOptional().describe('The newest complete snapshot of this job is never to be older than this: 26h.'),
    restore_within: durationSchema
      .exactOptional()
      .describe('A restore test of a snapshot of this job fails where the restore takes longer than this: 30m.'),
    test_restore: testRestoreSchema.exactOptional(),
    keep: keepSchema.exactOptional(),
    watch: watchSchema.exactOptional(),
  })
  .describe('A backup job: which snapshots are taken when, and which of them stay.');

const storage = z.string().min(1).describe('Where snapshots are kept: a folder, relative to this file, or a bucket, s3://bucket/prefix.');

/** What a place for snapshots needs where it is a bucket. */
const bucketShape = {
  endpoint: z.string().min(1).exactOptional().describe('Of a bucket: address of the service. Without it, that of Amazon in the region.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/u)
    .default('us-east-1')
    .describe('Of a bucket: its region.'),
  credentials: z
    .strictObject({ key: secretRefSchema, secret: secretRefSchema, session: secretRefSchema.exactOptional() })
    .exactOptional()
    .describe('Of a bucket: references to the access key and its secret, and to the token of a session.'),
  lock_for: durationSchema.exactOptional().describe('Of a bucket with object lock: nobody can delete or change what was stored for so long: 30d.'),
};

const copySchema = z
  .strictObject({
    storage,
    ...bucketShape,
    keep: keepSchema.describe('Which snapshots of each job stay in this copy; only these are copied. Without it, all of them.').exactOptional(),
    required: z.boolean().default(true).describe('backup prune deletes no snapshot here that this copy is still to get, or holds damaged.'),
    verify: durationSchema
      .exactOptional()
      .describe(
        'Read snapshots there again in each round of backups.verify; none is started after so long. Off unless given: reading from a bucket may cost.',
      ),
  })
  .describe('A second place for snapshots: what backup jobs made is copied there after each run.');

/** The format of runback.yml. */
export const workspaceSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    store: secretRefSchema
      .exactOptional()
      .describe('Where the state of a team is: a reference to a postgres:// address, as env:RUNBACK_STORE_URL. Without it, the folder .runback.'),
    platforms: z.record(name, platformSchema).default({}).describe('The systems that hold records, by name.'),
    syncs: z.record(name, syncSchema).default({}).describe('The integrations that write to them, by name.'),
    backups: z
      .strictObject({
        storage: storage.default('backups'),
        ...bucketShape,
        copies: z.record(name, copySchema).default({}).describe('Second places for the same snapshots, by name: each with keep rules of its own.'),
        encrypt: z
          .strictObject({
            to: z
              .array(z.string().regex(/^age1[02-9ac-hj-np-z]+$/u, 'is no recipient of age: it begins with age1'))
              .min(1)
              .describe('Public keys of age, age1…: each of their keys opens them.'),
          })
          .exactOptional()
          .describe('Encrypt every snapshot that is taken, with age. Whoever takes it cannot read it without a key.'),
        identity: secretRefSchema.exactOptional().describe('The key that opens encrypted snapshots: a reference to what age-keygen wrote.'),
        verify: z
          .strictObject({
            schedule: z.string().min(1).describe('When, as five cron fields.'),
            timezone: z.string().min(1).default('UTC').describe('Time zone of the schedule, as America/New_York.'),
            budget: durationSchema.default('10m').describe('No snapshot is started after so long; one that was started is read to its end.'),
          })
          .exactOptional()
          .describe('Read stored snapshots again by schedule, in turn: those first that were never verified, or the longest ago.'),
        prune: z
          .strictObject({
            schedule: z.string().min(1).describe('When, as five cron fields.'),
            timezone: z.string().min(1).default('UTC').describe('Time zone of the schedule, as America/New_York.'),
          })
          .exactOptional()
          .describe('Delete by schedule what no keep rule keeps, here and in copies: runback backup prune. Never while an incident is open.'),
        jobs: z.record(name, jobSchema).default({}).describe('Backup jobs, by name.'),
        reconciliations: z
          .strictObject({
            keep: keepSchema
              .default({ last: 3, daily: 14 })
              .describe('Which snapshots that reconciliations took stay when runback backup prune runs, of each mapping.'),
            timezone: z.string().min(1).default('UTC').describe('Time zone of these rules, as America/New_York.'),
          })
          .prefault({})
          .describe('Snapshots that reconciliations take.'),
      })
      .prefault({})
      .describe('Where snapshots are kept and when they are made.'),
    restores: z
      .strictObject({
        plan_max_age: durationSchema.default('24h').describe('A plan older than this is refused.'),
        canary: count.default(10).describe('Records in the first batch, which is read back before the rest is written.'),
        stop_at: z
          .strictObject({
            errors_percent: percent.default(5).describe('Stop when more of the records than this fail.'),
            skipped_percent: percent.default(25).describe('Stop when more of the records than this are not as the plan saw them.'),
          })
          .prefault({}),
        limits: z
          .strictObject({
            records: count.exactOptional().describe('Most records a restore may write without an approval.'),
            percent: percent.exactOptional().describe('Most percent of the records of the touched object types.'),
          })
          .default({}),
      })
      .prefault({})
      .describe('Limits and habits of restores.'),
    history: z
      .strictObject({
        plans: durationSchema.exactOptional().describe('Plans: 90d.'),
        investigations: durationSchema.exactOptional().describe('Investigations: 90d. One that a plan was made of stays as long as that.'),
        runs: durationSchema.exactOptional().describe('Runs that are closed: 400d.'),
        restores: durationSchema.exactOptional().describe('Restores that have come to their end: 400d. After that they cannot be undone.'),
        logs: durationSchema.exactOptional().describe('The log of commands: 30d.'),
      })
      .prefault({})
      .describe('How long what was done is kept: `runback prune` deletes what is older. What is not named stays.'),
    ...monitorShape,
  })
  .describe('A runback workspace: platforms, syncs, backups.');

/** What {@link workspaceSchema} gives. */
export type WorkspaceFile = z.output<typeof workspaceSchema>;
