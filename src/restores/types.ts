import type { PlatformSchema } from '../connectors/index.js';
import type { Fields, RecordNames, Value } from '../records/index.js';
import type { Environment } from '../workspace/index.js';

/** A change that runback will not decide alone. */
export const CONFLICT_CODES = [
  'edited-since',
  'moved-since-plan',
  'came-back',
  'deleted-later',
  'created-then-edited',
  'unique-taken',
  'merged-away',
  'parent-missing',
  'cycle',
  'type-changed',
  'option-removed',
  'field-removed',
  'read-only',
  'rejected',
  'consent',
  'irreversible',
  'perhaps-hidden',
  'unattributed',
  'base-unreadable',
  'base-partial',
] as const;
export type ConflictCode = (typeof CONFLICT_CODES)[number];

export type PlanAction = 'update' | 'undelete' | 'create' | 'delete' | 'link' | 'unlink';

/**
 * Whether something ties a change to the incident. `attributed`: the platform's history or modified-by field names a
 * suspect writer, or falls in the incident's window. `unattributed`: there is evidence and it points elsewhere.
 * `unknown`: the platform keeps no history for it. The last two need an explicit yes.
 */
export interface Attribution {
  readonly state: 'attributed' | 'unattributed' | 'unknown';
  /** Who wrote, when, as far as known: for people. */
  readonly writer?: string;
  readonly at?: string;
}

/** Old and new value of a field. A missing `from` or `to` means absent. */
export interface FieldMove {
  readonly from?: Value;
  readonly to?: Value;
  readonly attribution?: Attribution;
  /** Nothing to put right: it is written as it is, so that the platform does not change it by itself. */
  readonly keeps?: true;
}

/**
 * What was wanted of a plan and is not in it. `all`: an object type or kind of link that cannot be compared. `absence`:
 * it is compared, and what one snapshot lacks counts neither as deleted nor as created, since nothing proves that it
 * was not there. The others are what a platform's history does not tell of an object type.
 */
export interface NotCovered {
  readonly object: string;
  readonly extent: 'all' | 'absence' | HistoryGap;
  readonly why: string;
  /** Records that this is known of; absent where nobody can count them. */
  readonly records?: number;
  /** Fields that this is about; absent where it is about none in particular. */
  readonly fields?: readonly string[];
}

/**
 * What a history does not tell. `created`: records that the incident created. `deleted`: records that are gone now.
 * `links`. `fields`: fields without a history. `beyond`, `merged`, `untold`, `unsure`: values whose earlier value is not known;
 * each of them is a conflict, too. `consent`: what is not kept in a field.
 */
export type HistoryGap = 'created' | 'deleted' | 'links' | 'fields' | 'consent' | Unknowable;

/**
 * Why nobody can say what a field held before the incident wrote to it. `beyond`: the platform keeps so many changes of
 * a field, or its history begins so late, that the one before the incident is not among them. `merged`: other records were merged into this one,
 * and which of the earlier values stood here is not told. `untold`: a change is told without its value, or its place. `unsure`:
 * clocks were set back, and nothing tells whether a suspect wrote within the window or outside of it.
 */
export type Unknowable = 'beyond' | 'merged' | 'untold' | 'unsure';

/** What of the platform's history a plan was made from. */
export interface HistoryRead {
  /** By object type: records whose history was read, of how many there were, and those that the incident wrote to. */
  readonly objects: readonly { readonly object: string; readonly read: number; readonly of: number; readonly written: number }[];
  /** When reading began, by the platform's clock where it tells; ISO 8601, UTC. */
  readonly startedAt: string;
}

/** What the creates of a plan do not bring back of one object type. */
export interface LostOnCreate {
  readonly object: string;
  /** Records that are created again. */
  readonly records: number;
  /** What no record gets back, in words that can stand in a list. */
  readonly always: readonly string[];
  /** What stands in the base snapshot and cannot be written, by field: how many of the records hold something there. */
  readonly fields: readonly { readonly field: string; readonly what: string; readonly records: number }[];
}

/** One value of the base snapshot that a re-created record does not get back. `what`: the field in words. */
export interface LostValue {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly what: string;
  readonly value: Value;
}

/** First line of a plan. */
export interface PlanHeader {
  readonly version: 1;
  readonly id: string;
  readonly platform: string;
  readonly account: string;
  /**
   * Host and port of where it was made; absent in plans of earlier versions. A copy of a database has the same account.
   */
  readonly address?: string;
  readonly environment: Environment;
  /** Of a plan from history, `snapshot` is the id of the reading and no snapshot. */
  readonly base: { readonly snapshot: string; readonly digest: string };
  readonly damaged: { readonly snapshot: string; readonly digest: string };
  /** Set where the base was rebuilt from the platform's own history, and there is no snapshot. */
  readonly history?: HistoryRead;
  readonly filters: PlanFilters;
  readonly counts: PlanCounts;
  /** Absent where everything that was wanted is covered. */
  readonly notCovered?: readonly NotCovered[];
  /** Fields that no snapshot may hold, by object type: nothing is known of them. Absent where there are none. */
  readonly withheld?: Readonly<Record<string, readonly string[]>>;
  /** Absent where nothing is created again, or nothing is lost by it. */
  readonly lost?: readonly LostOnCreate[];
  /**
   * By object type: address of the page that shows a record, with `{key}` in the place of its key. Absent where the
   * platform has none.
   */
  readonly pages?: Readonly<Record<string, string>>;
  readonly createdBy: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The plan a decision was taken on, if this one follows from it. */
  readonly from?: string;
  readonly decisions?: Readonly<Record<string, ConflictChoice>>;
  /** SHA-256 of all further lines, each with its newline. */
  readonly digest: string;
}

export interface PlanCounts {
  /** Distinct records the plan writes (a link counts for its `from` record). What `--confirm` asks for. */
  readonly records: number;
  /** Records of the touched object types in the damaged snapshot, for the percentage. */
  readonly of: number;
  /** Single field values written. */
  readonly cells: number;
  readonly actions: Readonly<Partial<Record<PlanAction, number>>>;
  readonly conflicts: Readonly<Partial<Record<ConflictCode, number>>>;
  /** Differences between base and damaged that need nothing: repaired already, gone on both sides. */
  readonly nothingToDo: number;
  /** Changes of `actions` that nothing ties to the incident, included because the filters say so. */
  readonly unproved?: number;
  /** Harm that runback cannot put right, among `conflicts`: absent where there is none. */
  readonly byHand?: readonly ByHand[];
}

/** Records that are harmed in one field that cannot be written. */
export interface ByHand {
  readonly object: string;
  readonly field: string;
  readonly records: number;
  /** How it is put right. */
  readonly how: string;
}

/** Kinds of damage: values of records that are there, records that are gone, records that are new, links. */
export const DAMAGE_KINDS = ['changed', 'deleted', 'created', 'links'] as const;

export type DamageKind = (typeof DAMAGE_KINDS)[number];

/** What a plan was limited to. All joined by AND; several values of one by OR. */
export interface PlanFilters {
  readonly objects?: readonly string[];
  readonly fields?: readonly string[];
  /** Fields that are left as they are; a group with one of them is left whole. Everything else is decided as usual. */
  readonly exceptFields?: readonly string[];
  readonly keys?: readonly string[];
  /** Kinds of damage to put right; all by default. `created` also needs `deleteCreated`. */
  readonly only?: readonly DamageKind[];
  /** CEL over `object`, `key`, `base`, `damaged`, `live`, `field`. */
  readonly where?: string;
  /** The incident's window, ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  /** Writers that the incident is about, as the platform's history names them; exact, or a prefix ending in `*`. */
  readonly suspects?: readonly string[];
  /** `include` all, `refuse` all, or include only where the platform keeps no history (`unknown`). */
  readonly unattributed: 'include' | 'refuse' | 'unknown';
  readonly deleteCreated: boolean;
  /** Only what these groups of an investigation hold: their cells, records and links, and nothing else. */
  readonly investigation?: ChosenGroups;
}

/** Groups of an investigation, as a plan names them. */
export interface ChosenGroups {
  readonly id: string;
  /** SHA-256 of the investigation as it is kept: the same filter gives the same cells. */
  readonly digest: string;
  /** Numbers of the groups, with what each is in words. */
  readonly groups: readonly { readonly n: number; readonly what: string; readonly cells: number }[];
}

/** What the chosen groups hold. */
export interface ChosenCells {
  /** True for a cell; with an empty field, for a record as a whole that is gone or new. */
  has(object: string, key: string, field: string): boolean;
  hasRecord(object: string, key: string): boolean;
  /** `kind` is `<from>~<to>~<kind>`. */
  hasLink(kind: string, from: string, to: string): boolean;
  /** When the damage first wrote a cell, ISO 8601; undefined where no history tells. */
  since(object: string, key: string, field: string): string | undefined;
}

/** A line of a plan that will be written, in the order of application. */
export type PlanChange = RecordChange | LinkChange;

export interface RecordChange {
  readonly kind: 'change';
  /** From 1: its place in the order of application. */
  readonly n: number;
  readonly action: 'update' | 'undelete' | 'create' | 'delete';
  readonly object: string;
  readonly key: string;
  readonly fields: Readonly<Record<string, FieldMove>>;
  /** With `create`, `undelete` and `delete`: values that only a creation can set. Neither counted nor verified. */
  readonly given?: Fields;
  /**
   * Fields whose value is the key of a record created earlier in this plan: replaced by its new key. `undeleted`: it keeps its key,
   * unless it has to be created again after all.
   */
  readonly references?: Readonly<Record<string, { readonly object: string; readonly key: string; readonly undeleted?: true }>>;
  /** Links that go with a `delete`. */
  readonly links?: readonly LinkEnds[];
  /** Fields of `create` that are written by a later change, because they refer to a record created after this one. */
  readonly deferred?: readonly string[];
  /** A later change of this plan changes the record again: not looked at by a verification. */
  readonly interim?: true;
  /**
   * Changes that hand unique values on to each other are written layer by layer: what one layer needs is free once the
   * layers before it stand, and no batch holds two layers. They come before all others. Absent where nothing is handed
   * on.
   */
  readonly layer?: number;
  /** Values that stay, of fields that are unique together with fields of this change. */
  readonly stays?: Fields;
  /** With `create`: what the base snapshot holds of the record and nobody can write back, by field. */
  readonly lost?: Fields;
  /** How people know the record, where no snapshot names it: of a plan from history, once it is repaired. */
  readonly called?: RecordNames;
  /** In words. */
  readonly why: string;
  readonly attribution: Attribution;
}

/** One link: its kind and both records. */
export interface LinkEnds {
  /** Link kind. */
  readonly link: string;
  readonly from: { readonly object: string; readonly key: string };
  readonly to: { readonly object: string; readonly key: string };
}

export interface LinkChange extends LinkEnds {
  readonly kind: 'change';
  readonly n: number;
  readonly action: 'link' | 'unlink';
  readonly why: string;
  readonly attribution: Attribution;
}

/** A change without its place in the order of application. */
export type DecidedChange = Omit<RecordChange, 'n' | 'kind'> | Omit<LinkChange, 'n' | 'kind'>;

/** What to do about a conflict. `keep`: leave live. `restore`: write the base value although … . */
export type ConflictChoice = 'keep' | 'restore';

/** A line of a plan that will not be written unless a person decides, which makes a new plan. */
export interface PlanConflict {
  readonly kind: 'conflict';
  /** Stable within plans from the same snapshots: `<object>/<key>/<field>` or of a link. */
  readonly id: string;
  readonly code: ConflictCode;
  readonly object: string;
  readonly key: string;
  readonly field?: string;
  /** Values of the field; of a group or a whole record, an object of values by field name. */
  readonly base?: Value;
  readonly damaged?: Value;
  readonly live?: Value;
  readonly attribution?: Attribution;
  /** As of a change. */
  readonly called?: RecordNames;
  /** What it means, in words. */
  readonly message: string;
  /**
   * Of harm that runback cannot put right: how it is done by hand. Such a conflict offers no choice and stays in every
   * plan.
   */
  readonly byHand?: string;
  /** The change that the choice `restore` makes of it; absent where that choice is not possible. */
  readonly change?: DecidedChange;
  /** What each choice would do, in words; a choice that is not there is not possible. */
  readonly choices: Readonly<Partial<Record<ConflictChoice, string>>>;
}

export type PlanLine = PlanChange | PlanConflict;

/** A plan as people and approvals refer to it. */
export interface PlanSummary {
  readonly header: PlanHeader;
  /** SHA-256 over the header line, which holds the digest of the rest: what approvals are bound to. */
  readonly hash: string;
  readonly location: string;
}

/** Changes that were left for one reason. */
export interface LeftGroup {
  readonly status: 'moved' | 'rejected' | 'failed' | 'in_doubt';
  readonly reason?: string;
  readonly count: number;
  /** The first words that were given for it. */
  readonly message?: string;
}

/** What became of the changes that an undo puts back. */
export interface UndoCounts {
  readonly applied: number;
  /** Left since someone changed the value after the restore. */
  readonly moved: number;
  readonly rejected: number;
  readonly failed: number;
  readonly inDoubt: number;
  /** As those of the restore. */
  readonly fieldsMoved?: number;
  readonly fieldsLeft?: number;
  readonly altered?: number;
  readonly beside?: number;
}

/** State of a restore, derived from its journal. */
export interface RestoreSummary {
  readonly id: string;
  readonly plan: string;
  readonly platform: string;
  /**
   * `done` means all of it: every change is on the platform, and nothing beside them. `partial`: everything was tried
   * and something was left; a resume tries again what the platform refused.
   */
  readonly state: 'running' | 'stopped' | 'done' | 'partial' | 'undoing' | 'undone' | 'undo_failed';
  readonly applied: number;
  /** Skipped because live was not what the plan saw. */
  readonly moved: number;
  readonly rejected: number;
  readonly failed: number;
  readonly inDoubt: number;
  readonly total: number;
  /** Values, links and records that the platform changed beside what was written, and that are so still. */
  readonly beside?: number;
  /** The same by object type and field; `field` is empty for a record that the platform made. `key`: of an example. */
  readonly besideBy?: readonly { readonly object: string; readonly field: string; readonly count: number; readonly key: string }[];
  /** Values that are written and that the platform keeps in a form of its own, by object type and field. */
  readonly ownFormBy?: readonly { readonly object: string; readonly field: string; readonly count: number }[];
  /**
   * Values that are written and that the platform stored differently: cut off, rounded, replaced. They are not as
   * planned.
   */
  readonly altered?: number;
  readonly alteredBy?: readonly { readonly object: string; readonly field: string; readonly count: number }[];
  /** Values that the platform refused, so that the rest of their records was written without them. */
  readonly fieldsLeft?: number;
  readonly fieldsLeftBy?: readonly { readonly object: string; readonly field: string; readonly count: number; readonly message: string }[];
  /**
   * Fields of records that were written, left since somebody changed them after the plan was made; absent where there
   * are none.
   */
  readonly fieldsMoved?: number;
  /** What was left, by kind and reason, the largest first; absent where nothing was. */
  readonly left?: readonly LeftGroup[];
  /** What became of the undo, once it has begun. */
  readonly undo?: UndoCounts;
  /** The run this is a step of. */
  readonly run?: string;
  readonly stoppedBecause?: string;
  /** Old key to new key of re-created records, by object. */
  readonly keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** Outcome of a verification: is live what the plan says? */
export interface VerifySummary {
  readonly plan: string;
  readonly checked: number;
  /** Changes of the plan that are not so on the platform. */
  readonly remaining: number;
  /** Of those, the ones where the damage itself is there, or there again. */
  readonly damaged: number;
  /** Changes that were decided to be left (conflicts). */
  readonly conflicts: number;
  /** Of the changes that were checked, those that hold what someone wrote since, and are among the conflicts; absent for none. */
  readonly edited?: number;
  /**
   * Values, links and records that the platform changed outside the plan while it was applied; see
   * `RestoreSummary.beside`.
   */
  readonly beside?: number;
  /** Harm in fields that cannot be written, where it is still there: nothing is proved over it. */
  readonly byHand: readonly ByHand[];
  /** The first hundred of what remains, for people. */
  readonly examples: readonly {
    readonly object: string;
    readonly key: string;
    readonly field?: string;
    readonly expected?: Value;
    readonly live?: Value;
    readonly why: string;
  }[];
}

/** B, D and L of one record with what is known of its history; input of the pure planner. */
export interface RecordSides {
  readonly object: string;
  readonly key: string;
  readonly base: Fields | undefined;
  readonly damaged: Fields | undefined;
  readonly live: Fields | undefined;
}

/** A plan read back from the store, its digest and hash checked. */
export interface Plan extends PlanSummary {
  /** The schema the plan was made with: object types and links as the platform described them. */
  readonly schema: PlatformSchema;
  /**
   * All lines in the order of application, conflicts among them. `over`: numbers of changes that may be left out,
   * unless something follows from them.
   */
  lines(over?: (n: number) => boolean): AsyncIterable<PlanLine>;
  /** The same, many at a time, for plans of hundreds of thousands of lines. */
  linesTogether(over?: (n: number) => boolean): AsyncIterable<readonly PlanLine[]>;
}
