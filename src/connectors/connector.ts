import type { CallOptions } from '../lib/index.js';
import type { Fields, Link, LinkSchema, ObjectSchema, PlatformRecord, Value } from '../records/index.js';
import type { Environment } from '../workspace/index.js';
import type { Setting, SettingArea, ToldSettings } from './settings.js';

/**
 * The connector seam: reads and writes one kind of platform. Every driver passes `test/contracts/connector.ts`.
 *
 * Promises of every driver:
 * - calls may throw only {@link RunbackError}s (codes `auth-*`, `scope-missing`, `platform-*`, `object-unsupported`,
 *   `interrupted`); transient trouble is retried inside, visibly, within limits, before it is thrown;
 * - `read`, `readLinks`, `identify`, `describe` change nothing and may be repeated;
 * - `write` never believes a success answer that the platform's own words contradict: a result is `applied` only when
 *   the
 *   platform's answer shows the new state or the platform guarantees it (a database's row count);
 * - an aborted signal stops before the next request; results already received are still returned by `write`.
 */
export interface Connector {
  /** Name of the driver as in `runback.yml`: `hubspot`, `postgres`. For messages only; never compare it. */
  readonly kind: string;
  readonly capabilities: Capabilities;

  /** Who this platform says it is. Cheap: at most two requests. */
  identify(options?: CallOptions): Promise<Identity>;

  /**
   * Object types with fields and links. `objects` limits the answer; without it, every object type the credentials see.
   * Unknown names throw `object-unsupported` with a suggestion; an object that cannot be handled has `refused`. The
   * answer may be up to a minute old, see {@link settingsMayHaveChanged}. Only links between two of the described objects are listed. Order of `objects` in
   * the answer: parents before children.
   */
  describe(objects: readonly string[] | undefined, options?: DescribeOptions): Promise<PlatformSchema>;

  /**
   * Records in batches. All fields and meta of the schema are requested explicitly. Batches come in the order that the
   * schema declares (`keyOrder`: by {@link compareKeys}, or by {@link compareIntegers}) where `capabilities.ordered`,
   * else in the platform's order. With `keys`: those that exist, in any order, each at most once, and only under the
   * key asked for (a merged-away id is reported in `aliases`, not as a record). A key is left out only where the
   * platform says that there is no such record: what a partial answer leaves out is asked for again, then
   * `platform-incomplete` is thrown. The same holds for a whole read and for links (G17).
   */
  read(request: ReadRequest, options?: CallOptions): AsyncIterable<RecordBatch>;

  /**
   * The same as `read` of a whole object, as finished snapshot lines, where the driver can make them faster
   * than one record at a time. Byte for byte what `recordLine` would give.
   */
  readLines?(schema: ObjectSchema, options?: CallOptions): AsyncIterable<LineBatch>;

  /**
   * What became of the records of an object type since a time, for whoever holds all of them as they were then; absent
   * where the platform cannot tell all of it. Every record that is new, or of which a field was written since, is among
   * the `changed`, perhaps with others; every known one that is no more is among the `gone`, and a key that comes in
   * both is gone. What the platform derives by itself (roll-ups, calculated meta) may have changed in others too.
   * `unclear` comes last: what was told is not all of it, and everything has to be read.
   */
  readChanges?(request: ChangesRequest, options?: CallOptions): AsyncIterable<ChangeBatch>;

  /**
   * What may have been written since a time, for whoever reads the history of it afterwards: at least the keys of all
   * live records of which a field was written since, each once, whatever was written to them later; how many records
   * there are in all, and how many were deleted since, where the platform tells. Absent where all records are as good.
   */
  writtenSince?(request: WrittenRequest, options?: CallOptions): AsyncIterable<WrittenBatch>;

  /**
   * Some live records whose last change lies in a stretch of time, the latest first: for samples, one request each.
   * Absent where the platform cannot be asked for that; undefined where it cannot be for this object type.
   */
  writtenBetween?(request: BetweenRequest, options?: CallOptions): Promise<BetweenSample | undefined>;

  /**
   * How many live records were created, or changed last, in a stretch of time: two requests at most, once it was asked, but for more than a search can give. Absent where the
   * platform cannot be asked for that; undefined where it cannot be for this object type, event or writer. How many were
   * created can be asked at any later time; of those that were changed, those that were changed again since are missing.
   */
  count?(request: CountRequest, options?: CallOptions): Promise<number | undefined>;

  /**
   * How many changes of a field the platform keeps at least: a shorter history is complete. Absent where
   * `capabilities.history` is not `field`. Never calls the platform.
   */
  keptChanges?(object: string): number;

  /**
   * Links of one kind, in batches, each pair once. With `fromKeys` / `toKeys`, only links of those records (the two
   * limits are joined by OR). By the bytes of from, then to, where `capabilities.ordered`.
   */
  readLinks(request: ReadLinksRequest, options?: CallOptions): AsyncIterable<readonly Link[]>;

  /**
   * Applies a batch. Exactly one result per mutation, in the order of the mutations, whatever the vendor's format. All
   * mutations of one call have the same action, which the type says, and the same object (or link kind). At most
   * `capabilities.batch[action]`. Once anything was sent it does not throw: what failed, or may or may not have
   * happened, is in the results.
   */
  write(batch: Batch, options?: WriteOptions): Promise<readonly MutationResult[]>;

  /**
   * Those keys of deleted records that `undelete` would bring back now, as far as that can be told before it is tried; the others can
   * only be created again. Absent where `schema.undelete` holds for all of them. Changes nothing.
   */
  undeletable?(schema: ObjectSchema, keys: readonly string[], options?: CallOptions): Promise<ReadonlySet<string>>;

  /**
   * When some deleted records were deleted, by key, as ISO 8601 in UTC, where a platform tells that and not by whom: one that tells
   * both has `capabilities.tellsDeletions`. Keys that it knows nothing of are left out. Changes nothing.
   */
  deletedAt?(schema: ObjectSchema, keys: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, string>>;

  /**
   * Records that were merged into others since a time, as they stood then, as far as the platform still has them. Absent where
   * `RecordHistory.merged` of the record that stays tells of it, or where nothing can be merged. Changes nothing.
   */
  mergedAway?(schema: ObjectSchema, since: Date, options?: CallOptions): Promise<readonly MergedAway[]>;

  /**
   * Of records that are no more: those that `write` would not create again, each with the reason as a sentence.
   * Absent where every record can be created again, as far as that can be told before it is tried. Changes nothing.
   */
  neverAgain?(schema: ObjectSchema, keys: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, NeverAgain>>;

  /** Names of the object types that there are, without describing each. Absent where `describe` tells all of them in as few requests. */
  objectTypes?(options?: CallOptions): Promise<readonly string[]>;

  /**
   * Names of the object types that people make records of, and that have a field which refers to this one. Absent where `describe` without
   * names tells it in as few requests.
   */
  referrers?(object: string, options?: CallOptions): Promise<readonly string[]>;

  /**
   * What became of a commit that `write` told of, asked of the platform itself: whether everything it named is done, or
   * nothing of it, or that it has not ended yet. `unknown` where the platform cannot tell any more; then callers look
   * at the records. Changes nothing.
   */
  outcomeOf?(token: string, options?: CallOptions): Promise<'done' | 'not-done' | 'running' | 'unknown'>;

  /**
   * Looks up what became of create mutations whose answer was lost. One entry per mutation, in order. `since`: when the
   * request was sent, by the platform's own clock; a record made before that is none of them. The epoch where that is
   * not known. `lastSentAt`: when the latest of them was sent, where they were sent one after the other. A driver whose
   * platform may still be at work on a request that nobody waits for says `absent` only when it cannot be any more: it waits.
   */
  findCreated(
    mutations: readonly CreateMutation[],
    since: Date,
    options?: CallOptions & { readonly lastSentAt?: Date },
  ): Promise<readonly CreatedLookup[]>;

  /**
   * Waits until the platform cannot be at work any longer on a request whose answer was lost: it may not stop when nobody waits for it.
   * `sentAt`: by the platform's clock; undefined where nobody knows, then the time counts from now. False, at once, where the time is
   * over. Absent where nothing is done for a connection that is gone. Throws `interrupted`.
   */
  settled?(sentAt: Date | undefined, options?: CallOptions): Promise<boolean>;

  /**
   * What happened in a stretch of time that is no value and no link of a record: mails that were sent, tasks that were made.
   * What the platform does not tell, or does not tell these credentials, comes as `untold`, and is no error. Absent where
   * nothing of that kind is known. Changes nothing.
   */
  sideEffects?(request: SideEffectsRequest, options?: CallOptions): AsyncIterable<SideEffects>;

  /**
   * Address of the page on which people see a record of an object type, with `{key}` in the place of its key; undefined
   * where the platform has none, or where it is not known yet: after `identify` and `describe` it is. Never calls the
   * platform.
   */
  pageOf?(object: string): string | undefined;

  /**
   * How people see the values of the fields of an object type that have options: by field, the label of each value. Absent
   * where there are no labels; fields whose labels are kept elsewhere are left out. Changes nothing.
   */
  optionLabels?(object: string, options?: CallOptions): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;

  /**
   * The lists, audiences or campaigns that a live record is on now, all of them; undefined for object types that no list
   * of the platform can hold. Absent where a platform of this kind has no lists. Throws where it cannot be read whole.
   * Changes nothing.
   */
  listsOf?(schema: ObjectSchema, key: string, options?: CallOptions): Promise<readonly ListMembership[] | undefined>;

  /**
   * How the account is set up, for an area that `capabilities.settings` tells for each object type (then with its
   * schema) or for the account. Throws where it cannot be read, also in part. Absent where no area is told so. Changes nothing.
   */
  settings?(area: SettingArea, schema: ObjectSchema | undefined, options?: CallOptions): Promise<readonly Setting[]>;

  /**
   * Name of the object type that is called the same in another schema of a database; absent where the platform has no schemas.
   * Never calls the platform.
   */
  nameIn?(object: string, schema: string): string;

  /**
   * What a person should know about how the platform is set up, as sentences: a history that could be used and is not, or
   * one that is slow to read. Absent where there is never anything to say. Throws where a part of runback.yml does not fit
   * the platform.
   */
  advice?(options?: CallOptions): Promise<readonly string[]>;

  /**
   * What these credentials may not do with object types, as far as the platform tells it without trying; few requests. Absent where no
   * platform of this kind tells. Changes nothing.
   */
  lacks?(schemas: readonly ObjectSchema[], options?: CallOptions): Promise<readonly Lack[]>;

  /** Calls made by this instance and what the platform said is left. Never calls the platform. */
  usage(): Usage;

  /**
   * What the platform allows these credentials in a day, as it says itself; at most one request. Absent where no platform
   * of this kind counts by the day; undefined where it does not say.
   */
  dailyQuota?(options?: CallOptions): Promise<DailyQuota | undefined>;

  /**
   * How many calls may be made in how long, by what is known now: the settings, and what the answers said so far. Absent
   * where no platform of this kind counts calls by time. Never calls the platform.
   */
  pace?(): Pace;

  /**
   * What time it is on the platform by its own clock, as its latest answer told: what `history` is compared with.
   * Undefined where the platform has not told, or never does; may be a second early. After `beginRead` and `describe`
   * it is known. Never calls the platform.
   */
  now?(): Date | undefined;

  /**
   * By how many milliseconds the clock of this machine is ahead of the platform's, up to a second less; undefined where
   * that is not known.
   */
  aheadMs?(): number | undefined;

  /**
   * Tries, by reading alone, whether the platform does what the driver was told of it, one thing after the other. Absent where a
   * driver is told nothing. `objects`: as for `describe`.
   */
  probe?(objects: readonly string[] | undefined, options?: CallOptions): AsyncIterable<Probe>;

  /**
   * Somebody may have changed definitions on the platform: what is described from now on is asked for anew. Absent where
   * it always is.
   */
  settingsMayHaveChanged?(): void;

  /**
   * Opens one consistent view for all following reads of this instance where `capabilities.consistentRead`; else does
   * nothing.
   */
  beginRead?(options?: CallOptions): Promise<void>;
  endRead?(): Promise<void>;

  /**
   * Writes will follow: begins what they need, such as a connection, while the caller makes ready for them. Never throws, and nobody waits
   * for it; what stands in the way is told by the write.
   */
  beginWrite?(options?: CallOptions): void;

  close(): Promise<void>;
}

/** Why a record is not created again. */
export interface NeverAgain {
  /** A sentence for people. */
  readonly why: string;
  /** It may be there still, and only hidden from these credentials. */
  readonly perhapsThere?: true;
}

/** A list that a record is on. */
export interface ListMembership {
  /** Id on the platform. */
  readonly id: string;
  /** What people call it, where the platform tells it with the membership. */
  readonly name?: string;
}

/** One thing that was tried. */
export interface Probe {
  /** `list of people` */
  readonly what: string;
  readonly ok: boolean;
  /** What was found, for people. */
  readonly found: string;
  /** It works, but a person should know. */
  readonly warning?: true;
}

export interface WriteOptions extends CallOptions {
  /**
   * Called before mutations take effect together, where the platform can tell later what became of them: whoever makes
   * `token` durable can ask {@link Connector.outcomeOf} when the answer is lost, also after a crash. Nothing is written
   * where it throws.
   */
  readonly committing?: (commit: Commit) => Promise<void>;
  /**
   * Called once most of what is sent is under way and its answer is waited for, where a driver can tell: what the caller has to make
   * ready for later is best made then. Never throws.
   */
  readonly underWay?: () => void;
}

/** Mutations that take effect together or not at all. */
export interface Commit {
  readonly token: string;
  /** Their places in the batch. */
  readonly places: readonly number[];
}

/**
 * What a platform can do. Callers ask for these, never for a vendor's name. Each has to be said; where a driver is not
 * sure, the lesser answer (false, `none`, a smaller size) is right, and costs what its docstring says.
 */
export interface Capabilities {
  /**
   * All reads between `beginRead` and `endRead` see one moment. False: the two do nothing, and a snapshot says that it
   * is of no one moment.
   */
  readonly consistentRead: boolean;
  /**
   * Reads come in the order of their keys that the schema of the object type declares; links by the bytes of theirs.
   * False: whoever needs an order sorts, on disk where there is much, and records that come twice are noticed there.
   */
  readonly ordered: boolean;
  /**
   * A write happens only where `expect` still holds, decided by the platform itself. False: a restore reads just before
   * it writes, one request a batch more, and what somebody changes in that moment is overwritten.
   */
  readonly conditionalWrite: boolean;
  /**
   * `field`: who changed which field when. `record`: who changed the record last. `none`: nothing is tied to a writer,
   * so that a person has to say that changes belong to the incident.
   */
  readonly history: 'field' | 'record' | 'none';
  /** The history may tell who deleted a record that is not there, so that asking for it is worth a request. */
  readonly tellsDeletions?: true;
  /** Most mutations or keys per call, by what is done; at least 1. `history` is reading keys with history. */
  readonly batch: {
    readonly read: number;
    readonly history: number;
    readonly update: number;
    readonly create: number;
    readonly delete: number;
    readonly undelete: number;
    readonly link: number;
    readonly unlink: number;
  };
  /**
   * A census: reading all keys proves absence, where the read came to its end by the platform's own word and what the
   * platform counts agrees. False: that a record is in one snapshot and not in the other is no sign that it was created
   * or deleted.
   */
  readonly census: boolean;
  /**
   * Reading a few fields of records, with a schema that leaves out the others, takes so much less than reading all of them that it is
   * worth to read some of the records a second time, whole.
   */
  readonly readsFields?: true;
  /** What it tells of how the account is set up. Absent: fields and their options, as `describe` gives them. */
  readonly settings?: ToldSettings;
}

export interface Identity {
  /** Stable id of the account, compared with `account` in runback.yml. */
  readonly account: string;
  /** What that id is unique in, where other accounts of this kind of platform may bear the same one: an address. */
  readonly within?: string;
  /** Name for people. */
  readonly label: string;
  /** As the platform itself reports it; undefined where it cannot tell. */
  readonly environment: Environment | undefined;
  /** Granted permissions where the platform lists them. */
  readonly scopes: readonly string[] | undefined;
  /** How the platform's history names our own writes; undefined where it cannot tell. */
  readonly writer?: string;
  /** Where requests go: host and port, no credentials. */
  readonly address: string;
}

export interface PlatformSchema {
  readonly objects: readonly ObjectSchema[];
  readonly links: readonly LinkSchema[];
}

export interface ReadRequest {
  readonly schema: ObjectSchema;
  /** Only these keys. */
  readonly keys?: readonly string[];
  /** Only records changed at or after this time; at least those, perhaps a few more. */
  readonly changedSince?: Date;
  /** Also who changed these fields when, where `capabilities.history` is not `none`. Only together with `keys`. */
  readonly history?: readonly string[];
  /**
   * Some of these fields may have no history on the platform although they hold a value: they come without entries.
   * Otherwise such an answer counts as partial.
   */
  readonly historyMayLack?: true;
}

export interface ChangesRequest {
  readonly schema: ObjectSchema;
  /** By the platform's own clock. */
  readonly since: Date;
  /** Keys of all records that were there then, in any order. */
  readonly known: AsyncIterable<readonly string[]>;
  /** Where more than so many have changed, that is `unclear`. */
  readonly most: number;
}

export type ChangeBatch =
  | { readonly changed: readonly PlatformRecord[] }
  | { readonly gone: readonly string[] }
  /** Why, as the end of a sentence that begins with a name. */
  | { readonly unclear: string };

export interface WrittenRequest {
  readonly schema: ObjectSchema;
  /** By the platform's own clock. */
  readonly since: Date;
  /** What is asked for, and no more than that is looked up; everything without. */
  readonly only?: 'keys' | 'total';
}

export type WrittenBatch =
  | { readonly keys: readonly string[] }
  /** Live records of the object type. */
  | { readonly total: number }
  /** Of records that are not there: those of which the history tells who deleted them since, and what they held. */
  | { readonly gone: readonly string[] }
  /** Records that were deleted since, and that the platform still knows of. */
  | { readonly deleted: number }
  /** Since when the history of the object type is told (ISO 8601, UTC); null where it tells nothing of it. */
  | { readonly begins: string | null };

/** By the platform's own clock; both ends are part of it. */
export interface BetweenRequest {
  readonly schema: ObjectSchema;
  readonly from: Date;
  readonly to: Date;
  /** How many keys are wanted at most; perhaps fewer come. */
  readonly most: number;
}

/** By the platform's own clock; `to` is not part of it. */
export interface CountRequest {
  readonly schema: ObjectSchema;
  readonly event: 'created' | 'changed';
  readonly from: Date;
  readonly to: Date;
  /** Only what this writer did, as the history names it. */
  readonly writer?: string;
}

export interface BetweenSample {
  readonly keys: readonly string[];
  /** How many there are in all, where the platform says. */
  readonly total?: number;
}

/** By the platform's own clock; both ends are part of it. */
export interface SideEffectsRequest {
  readonly from: Date;
  readonly to: Date;
  /** Object types of the records that are of interest: what is about others may be left out. Contacts or people by default. */
  readonly objects?: readonly string[];
}

/** One thing that happened outside the records. */
export interface SideEffect {
  readonly kind: 'mail' | 'task' | 'email' | 'call' | 'meeting' | 'note';
  /** Id on the platform. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Records that it is about, where the platform ties it to records. */
  readonly about: readonly { readonly object: string; readonly key: string }[];
  /** Address that it went to, where it went to one. */
  readonly address?: string;
  /** Its subject or title, where the credentials may see it. */
  readonly subject?: string;
  /** Who or what made it, as the platform names writers. */
  readonly by?: string;
}

/**
 * Some of them, or what is not told and why, as the end of a sentence. `kinds`: of which kinds some may be missing therefore; none where
 * it is something that is never told as a kind.
 */
export type SideEffects = readonly SideEffect[] | { readonly untold: string; readonly why: string; readonly kinds: readonly SideEffect['kind'][] };

export interface RecordBatch {
  readonly records: readonly PlatformRecord[];
  /**
   * Of a whole read: how many records there are in all, where the platform says so. What was read is counted against
   * the last one given.
   */
  readonly total?: number;
  /**
   * For requested history, by key. Newest change first. Of a record that is not there, only one that tells of its
   * deletion.
   */
  readonly history?: ReadonlyMap<string, RecordHistory>;
  /** Keys asked for that now lead to another record (merged): old key to present key. */
  readonly aliases?: ReadonlyMap<string, string>;
}

/**
 * What stands behind a writer: somebody at a screen, a file that somebody loaded, somebody outside who filled in a form
 * or unsubscribed, the platform's own automation or calculation, a program.
 */
export type Maker = 'person' | 'import' | 'form' | 'automation' | 'program';

/** Something that credentials may not do. */
export interface Lack {
  /** Empty for the account as a whole. */
  readonly object: string;
  readonly may: 'read' | 'update' | 'create' | 'delete';
  /** In words, where there is more to say: which scope is missing. */
  readonly why?: string;
}

/** Who did what to one record. */
export interface RecordHistory {
  /**
   * Newest first; by field. With `capabilities.history === 'record'`, one entry per requested field: the record's last
   * change.
   */
  readonly fields: Readonly<Record<string, readonly FieldChange[]>>;
  readonly created?: { readonly at?: string; readonly writer?: string; readonly maker?: Maker; readonly byPlatform?: true };
  /** The last write of the record, whatever it was to: of fields without a history, nobody else wrote any since. */
  readonly last?: FieldChange;
  /** Since when the history is told, where it may be younger than the record. ISO 8601, UTC. */
  readonly begins?: string;
  /**
   * Entries of a field come in the order in which they were written, whatever their times: of two at the same time the
   * first one is the newer.
   */
  readonly inOrder?: true;
  /**
   * Other records were merged into this one: entries may be theirs, and their order does not tell which value stood
   * here. `at`: of the last merge, where it is told.
   */
  readonly merged?: { readonly at?: string };
  /**
   * The record is not there: who deleted it last, and what it held then, of the fields that were asked for. A field whose
   * value is not told is missing.
   */
  readonly deleted?: Deletion;
}

/** A record that became a part of another one. */
export interface MergedAway {
  readonly record: PlatformRecord;
  /** Key of the record that stayed; it may have been merged, or deleted, itself since. */
  readonly into: string;
}

export interface Deletion {
  /** ISO 8601, UTC. */
  readonly at?: string;
  readonly writer?: string;
  readonly held: Fields;
}

export interface FieldChange {
  /** The value written; undefined where the platform keeps only the fact. */
  readonly value?: Value;
  /** ISO 8601, UTC. */
  readonly at?: string;
  /** It may be as late as this: its time has no zone, and at that time clocks were set back. ISO 8601, UTC. */
  readonly until?: string;
  /** Who or what wrote, as the platform names it: `INTEGRATION:12345`, `CRM_UI:userId:42`, a user name. */
  readonly writer?: string;
  /** What people call that writer, where the platform tells: the name of an app. */
  readonly label?: string;
  /** What stands behind that name; absent where the platform does not tell. */
  readonly maker?: Maker;
  /**
   * The platform wrote it by itself: a default, a calculation, a workflow. Absent where somebody else did, and where
   * that cannot be told.
   */
  readonly byPlatform?: true;
  /**
   * No write: what is known to have stood there at that time, from what a later entry replaced. Who wrote it, and when
   * before that, is not told.
   */
  readonly stood?: true;
}

/** How a description is asked for. */
export interface DescribeOptions extends CallOptions {
  /** Fields that are there and cannot be read are named too (`withheld`), where it takes requests of its own to learn of them. */
  readonly withheld?: true;
}

/** Finished snapshot lines. Valid until the next batch is asked for: a driver may use the memory again. */
export interface LineBatch {
  /** Whole lines, each with its newline. */
  readonly bytes: Buffer;
  /** End offset of each line in `bytes` (after its newline), ascending. */
  readonly ends: Uint32Array | readonly number[];
}

export interface ReadLinksRequest {
  readonly link: LinkSchema;
  readonly fromKeys?: readonly string[];
  readonly toKeys?: readonly string[];
}

export interface UpdateMutation {
  readonly action: 'update';
  readonly schema: ObjectSchema;
  readonly key: string;
  readonly set: Fields;
  /**
   * What each field of `set` must still be (absent name: must be absent). Checked by the platform where
   * `conditionalWrite`.
   */
  readonly expect: Fields;
}
export interface CreateMutation {
  readonly action: 'create';
  readonly schema: ObjectSchema;
  /** Old key, used where `schema.createWithKey`. */
  readonly key: string;
  readonly set: Fields;
}
export interface DeleteMutation {
  readonly action: 'delete';
  readonly schema: ObjectSchema;
  readonly key: string;
  /** All its writable fields as last seen. */
  readonly expect: Fields;
}
export interface UndeleteMutation {
  readonly action: 'undelete';
  readonly schema: ObjectSchema;
  readonly key: string;
}
export interface LinkMutation {
  readonly action: 'link' | 'unlink';
  readonly link: LinkSchema;
  readonly from: string;
  readonly to: string;
}
/** One change to a platform. */
export type Mutation = UpdateMutation | CreateMutation | DeleteMutation | UndeleteMutation | LinkMutation;

export type UpdateBatch = readonly UpdateMutation[];
export type CreateBatch = readonly CreateMutation[];
export type DeleteBatch = readonly DeleteMutation[];
export type UndeleteBatch = readonly UndeleteMutation[];
export type LinkBatch = readonly LinkMutation[];
/**
 * Changes that are sent together. `byAction` tells a driver which they are, `batchOf` makes one of mutations that are
 * known by their data only.
 */
export type Batch = UpdateBatch | CreateBatch | DeleteBatch | UndeleteBatch | LinkBatch;

/** What became of one mutation. */
export type MutationResult =
  /**
   * It is so on the platform now, perhaps in the platform's own form. `key`: the record's key, new after a create.
   * `record`: the whole record as it stands after the write, where the platform's own answer to it shows every field;
   * else callers read it. `was`: the whole record as it stood just before the write, where nobody else can have written
   * in between. `asSent`: both were compared on the platform, where nobody else can have written in between: what was
   * sent stands in the form in which it was sent, and every other field that is not read-only is as it was.
   */
  | { readonly status: 'applied'; readonly key: string; readonly record?: PlatformRecord; readonly was?: PlatformRecord; readonly asSent?: true }
  /** Nothing written: the platform's value was not `expect`ed. `live` where known. */
  | { readonly status: 'moved'; readonly live?: Fields }
  /** Nothing written, and trying again will not help. `fields`: what it is about, where that is known: without these the rest may be written. */
  | {
      readonly status: 'rejected';
      readonly reason: RejectReason;
      readonly message: string;
      readonly correlationId?: string;
      readonly fields?: readonly string[];
    }
  /** Nothing written; trying again may help. */
  | { readonly status: 'failed'; readonly message: string; readonly correlationId?: string }
  /** The request was sent and its answer was lost: it may or may not have happened. */
  | { readonly status: 'in_doubt'; readonly message: string };

/** Why a platform refuses one mutation for good; each is the conflict code of the same name where there is one. */
export type RejectReason =
  | 'unique-taken'
  | 'merged-away'
  | 'parent-missing'
  | 'type-changed'
  | 'option-removed'
  | 'field-removed'
  | 'read-only'
  | 'rejected'
  | 'irreversible'
  | 'consent'
  | 'deleted-later';

/** What became of a create whose answer was lost; `unknown` where the platform cannot tell. */
export type CreatedLookup = { readonly state: 'created'; readonly key: string } | { readonly state: 'absent' } | { readonly state: 'unknown' };

export interface Usage {
  readonly requests: number;
  /** Requests repeated after a failure, among `requests`. */
  readonly retries: number;
  /** Times the platform answered that we are too fast. */
  readonly limited: number;
  /** Calls left today, where the platform says. */
  readonly dailyLeft?: number;
  /** What the latest answer said of today, for all users of the quota. */
  readonly daily?: { readonly limit: number; readonly left: number };
}

/** So many calls in any such time. */
export interface Rate {
  readonly limit: number;
  readonly intervalMs: number;
}

/** How fast calls may follow each other. */
export interface Pace {
  readonly all: Rate;
  /** Calls of a lane are held to its own rate too. */
  readonly lanes: Readonly<Record<string, Rate>>;
}

/** Calls of a day, for all users of the quota. */
export interface DailyQuota {
  readonly limit: number;
  readonly used: number;
  /** When the next day of the platform begins, where it says. */
  readonly resets?: Date;
}
