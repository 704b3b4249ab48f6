import type { DailyWindow } from '../lib/index.js';
import type { Environment } from './environment.js';
import type { Watching } from './monitors/settings.js';

/** A reference to a secret: `env:NAME`, `file:PATH`, `command:PROGRAM ARG…` or `keychain:NAME`. Never the secret. */
export type SecretRef = string & { readonly __brand: 'SecretRef' };

/**
 * The audit table of a database, as `audit` of a platform describes it. All but `table` are names of its columns; what is
 * left out is recognised by the shape of the table.
 */
export interface AuditConfig {
  /** `schema.table`. */
  readonly table: string;
  /** Object types that it tells of: one where it is the audit table of one table, so that no column says which. */
  readonly about?: string | readonly string[];
  /** Which table an entry is about: by the names of schema and table, or by oid. */
  readonly of?: { readonly schema?: string; readonly name?: string; readonly oid?: string };
  /** Object type to the name that stands in `of.name`, where it is not that of the table. */
  readonly names?: Readonly<Record<string, string>>;
  /** The key of the record, in the order of the columns of its key; without it, it is looked for in the kept rows. */
  readonly key?: string | readonly string[];
  readonly action?: string;
  /** The whole row before and after (`json`, `jsonb`, `hstore`); with `column`, one value before and after. */
  readonly old?: string;
  readonly new?: string;
  readonly column?: string;
  /** The whole row (before an update, after an insert), and what an update changed. */
  readonly row?: string;
  readonly changed?: string;
  /** `{"field": [old, new]}`. */
  readonly changes?: string;
  /** It has the columns of the table itself, which hold the row as it was after the write; of a delete, before it. */
  readonly copies?: 'after';
  readonly at?: string;
  /** The time zone of `at`, where that has none. */
  readonly zone?: string;
  /** Who wrote; several are joined with `/`. */
  readonly by?: string | readonly string[];
  /** A number that grows with each entry. */
  readonly order?: string;
  /** Since when every change is in it, by whoever knows that. */
  readonly since?: string;
}

/** One entry under `platforms` of runback.yml. */
export interface PlatformConfig {
  readonly name: string;
  /** Driver: `hubspot`, `mailchimp`, `postgres`, `rest`. */
  readonly connector: string;
  readonly environment: Environment;
  /** Checked against the platform itself before anything is read or written. */
  readonly account?: string;
  /** Address of the API or database. A database URL is a secret reference, since it may hold a password. */
  readonly url?: SecretRef | string;
  readonly credentials: Readonly<Record<string, SecretRef>>;
  readonly objects?: readonly string[];
  /** Fields by object type that are never read into a snapshot. */
  readonly never_store?: Readonly<Record<string, readonly string[]>>;
  readonly limits: {
    readonly requests_per_10s?: number;
    readonly requests_per_day?: number;
    readonly monitor_calls_per_day?: number;
    readonly concurrency?: number;
    readonly wait?: string;
  };
  /** Column that names who changed a row last, and when. */
  readonly modified?: { readonly by?: string; readonly at?: string; readonly zone?: string };
  /** Where a database keeps who changed which value when: one table, or several that tell of different object types. */
  readonly audit?: AuditConfig | readonly AuditConfig[];
  /** Driver settings, checked by the driver: `prefix` of HubSpot paths, `session_replication_role` … */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One side of what a sync carries. */
export interface CarriedSide {
  /** Its name within the entry, for messages. */
  readonly name: string;
  readonly platform: string;
  readonly object: string;
  /** The field by which its records are found on the other side; `key` is the key of the record. */
  readonly match: string;
}

/** Records and fields that a sync keeps the same on two platforms. */
export interface CarriedConfig {
  readonly sides: readonly [CarriedSide, CarriedSide];
  /** Match values are addresses: compared without letter case. */
  readonly asEmail: boolean;
  /** Names of the field on both sides, in their order; `authority`: the side whose value counts, 0 or 1. */
  readonly fields: readonly { readonly names: readonly [string, string]; readonly authority?: 0 | 1 }[];
}

/** One entry under `syncs`. */
export interface SyncConfig {
  readonly name: string;
  readonly controller: string;
  readonly title?: string;
  /** Names of platforms it writes to. */
  readonly writes_to: readonly string[];
  /** Names of platforms whose records set it off when they are written; absent where none do. */
  readonly reacts_to?: readonly string[];
  /** How the platform's history names this writer: exact, or a prefix ending in `*`. Used for attribution. */
  readonly writes_as: readonly string[];
  /** What it is there to write, as `object.field`; absent where nobody said. */
  readonly fields?: readonly string[];
  /** How long to wait for work in flight, as a duration: `2m`. */
  readonly drain?: string;
  /** What it keeps the same on two platforms; absent where nobody said. */
  readonly carries?: readonly CarriedConfig[];
  readonly credentials: Readonly<Record<string, SecretRef>>;
  /** Everything else, checked by the driver. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which snapshots of a job stay; `within` is a duration. */
export interface KeepConfig {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  readonly within?: string;
}

/** How the snapshots of a job are watched. */
export interface WatchConfig {
  readonly sensitivity?: 'low' | 'normal' | 'high';
  readonly except?: readonly string[];
}

/** When the restore of a job is tested. */
export interface TestRestoreConfig {
  /** Five cron fields, in the time zone of the job. */
  readonly schedule: string;
  /** Leads to the URL of an empty database, for platforms that there is no sandbox of. */
  readonly into?: SecretRef;
  /** Duration: how old the last test that passed may get. */
  readonly prove_within?: string;
}

/** One entry under `backups.jobs`. */
export interface JobConfig {
  readonly name: string;
  readonly platforms: readonly string[];
  readonly objects?: readonly string[];
  /** Five cron fields. */
  readonly schedule?: string;
  readonly timezone: string;
  /** When a run by schedule may be at work, by the clocks of the zone. */
  readonly window?: DailyWindow;
  readonly pause_syncs: boolean;
  /** Its platforms are read as one set, with the syncs between them paused or as they are. */
  readonly syncs?: 'pause' | 'watch';
  /** Its snapshots build on one another. */
  readonly incremental: boolean;
  /** Duration: of what can tell what has changed, everything is read only so often; absent: each time. */
  readonly read_all_every?: string;
  /** Duration: how old its newest complete snapshot may get. */
  readonly target?: string;
  /** Duration: how long a restore of a snapshot of it may take in a restore test. */
  readonly restore_within?: string;
  /** Absent: its restore is tested only when someone starts it. */
  readonly test_restore?: TestRestoreConfig;
  readonly keep?: KeepConfig;
  /** Absent: watched, with what is usual for everyone. */
  readonly watch?: 'off' | WatchConfig;
}

/** When stored snapshots are read again. */
export interface VerifyConfig {
  /** Five cron fields. */
  readonly schedule: string;
  readonly timezone: string;
  /** Duration: no snapshot is started after so long. */
  readonly budget: string;
}

/** When snapshots are deleted that nothing keeps. */
export interface PruneConfig {
  /** Five cron fields. */
  readonly schedule: string;
  readonly timezone: string;
}

/** A bucket of S3-compatible storage, and what in it is this workspace's. */
export interface BucketConfig {
  /** Origin of the service: `https://s3.example.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Begins every key; without a slash at its end, and empty for the whole bucket. */
  readonly prefix: string;
  readonly credentials: BucketCredentials;
  /** Milliseconds for which nobody can delete or change what was stored there; only in buckets with object lock. */
  readonly lockForMs?: number;
}

/** References to what requests are signed with. */
export interface BucketCredentials {
  readonly key: SecretRef;
  readonly secret: SecretRef;
  readonly session?: SecretRef;
}

/** Where snapshots lie. */
export interface StoragePlace {
  /** Folder of snapshots, or with a bucket of what is on its way there; absolute. */
  readonly dir: string;
  /** Absent: they lie in the folder. */
  readonly bucket?: BucketConfig;
}

/** A second place for the same snapshots: one entry under `backups.copies`. */
export interface CopyPlace extends StoragePlace {
  readonly name: string;
  /** Which snapshots of each job stay there; absent: all of them. */
  readonly keep?: KeepConfig;
  /** Pruning here waits for it. */
  readonly required: boolean;
  /** Duration: how long snapshots there are read again in a round of verification; absent: they are not. */
  readonly verify?: string;
}

/** Where snapshots are kept, who can read them, and when they are made. */
export interface BackupsConfig {
  /** A folder, or the address of a bucket. */
  readonly storage: string;
  /** Recipients of age for whom every snapshot is encrypted. */
  readonly encrypt?: { readonly to: readonly string[] };
  /** Leads to the key that opens encrypted ones. */
  readonly identity?: SecretRef;
  /** Second places for them, absent where there are none; {@link Workspace.copies} says where they are. */
  readonly copies?: Readonly<Record<string, { readonly storage: string; readonly keep?: KeepConfig }>>;
  /** Absent: they are verified only when someone starts it. */
  readonly verify?: VerifyConfig;
  /** Absent: they are deleted only when someone starts it. */
  readonly prune?: PruneConfig;
  readonly jobs: Readonly<Record<string, JobConfig>>;
  /** Which snapshots that reconciliations took stay, of each mapping; runback.yml always says. */
  readonly reconciliations?: { readonly keep: KeepConfig; readonly timezone: string };
}

/** Limits and habits of restores. */
export interface RestoreConfig {
  /** Duration after which a plan is refused. */
  readonly plan_max_age: string;
  /** Records in the first batch. */
  readonly canary: number;
  readonly stop_at: { readonly errors_percent: number; readonly skipped_percent: number };
  readonly limits: { readonly records?: number; readonly percent?: number };
}

export interface WorkspaceConfig {
  readonly version: 1;
  /** Where the state of a team is; absent where it is in the state folder. */
  readonly store?: SecretRef;
  readonly platforms: Readonly<Record<string, PlatformConfig>>;
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly backups: BackupsConfig;
  readonly restores: RestoreConfig;
  /** What is measured again and again, and how what is found is told; absent where nothing is. */
  readonly watching?: Watching;
  /** How long what was done is kept, by kind: spans. */
  readonly history?: Readonly<Partial<Record<'plans' | 'investigations' | 'runs' | 'restores' | 'logs', string>>>;
}

/** A workspace found on disk, checked whole. */
export interface Workspace {
  /** Folder that holds runback.yml; absolute. */
  readonly root: string;
  /** `<root>/.runback`. */
  readonly stateDir: string;
  /** Folder of snapshots, or with a bucket of what is on its way there; absolute. */
  readonly backupsDir: string;
  /** Where snapshots are kept, where that is no folder. */
  readonly bucket?: BucketConfig;
  /** Second places for them, in the order of runback.yml. */
  readonly copies?: readonly CopyPlace[];
  /** Folder of runbooks; absolute. */
  readonly runbooksDir: string;
  readonly config: WorkspaceConfig;
}
