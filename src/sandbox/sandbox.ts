import type { Automated } from './automation.js';
import type { CommonFault, Faults } from './kit/faults.js';
import type { Webhooks } from './kit/webhooks/webhooks.js';
import type { TrueValues, WrittenValues } from './values.js';

export type { TrueValues, Webhooks, WrittenValues };

/**
 * The sandbox seam: a local copy of one kind of platform, holding one account. Every sandbox passes
 * `test/contracts/sandbox.ts`. Drills, and whatever else rehearses, speak to this and know no vendor.
 *
 * Promises of every sandbox:
 * - it listens on loopback only, and answers 403 to other host names and to web pages, 401 without its token before it
 *   reads a body, 413
 *   to a body that is too long;
 * - it follows the vendor's published rules, written down without a look at what the connector would like;
 * - `truth` and `writeAs` go past the API: they are neither counted, limited nor struck by faults, and follow the rules
 *   for values all the same;
 * - requests are handled one after the other, each entirely or, where the vendor or a fault says so, in part;
 * - automations run after the request or write that set them off; what waits runs, at the time it was due, before the
 *   next request or write, and before anything is told.
 */
export interface Sandbox extends Automated {
  /** Name of the platform, for people; never compare it. */
  readonly kind: string;
  /** The account, as its API names it: what `identify` of the connector gives. */
  readonly account: string;
  /** Base address without a slash at the end. */
  readonly url: string;
  /** What its API and its control routes want to be shown. */
  readonly token: string;
  readonly faults: Faults<CommonFault>;
  /** What time it is there. */
  now(): Date;
  /** The account as it is at each call, with no API in between. */
  truth(): Truth;
  /** Writes as somebody else, without HTTP. */
  writeAs(who: Who): TrueWriter;
  /**
   * Changes the options of a choice, as whoever may change its settings does. Records keep what they hold, also what is
   * no option any more; nobody can write that from then on. Throws what the platform would refuse. Absent where an
   * account cannot change them.
   */
  setOptions?(object: string, field: string, options: readonly string[]): void;
  /** Tells others on this machine of changes, as the platform does by HTTP; absent where it tells nobody. */
  readonly webhooks?: Webhooks;
  counts(): Counts;
  /** Forgets the counts so far. */
  resetCounts(): void;
  /** The whole account as JSON, and back. Loading replaces everything, or throws and replaces nothing. */
  dump(): unknown;
  load(dump: unknown): void;
  /** Cuts open connections and frees the port. May be called twice. */
  stop(): Promise<void>;
}

/** Somebody who writes to the account, as the platform tells such writers apart. */
export type Who = { readonly kind: 'person'; readonly id: string } | { readonly kind: 'integration'; readonly id: string; readonly label?: string };

/** Everything that a client or a person could have written. */
export interface Truth {
  /** Names of the object types. */
  readonly objects: readonly string[];
  /** A live record; undefined where there is none. Throws for an unknown object type, as `records` does. */
  record(object: string, key: string): TrueValues | undefined;
  /** The live records of an object type. */
  records(object: string): Iterable<{ readonly key: string; readonly values: TrueValues }>;
  /** Links, each pair and kind once, in the direction that the platform names first. */
  links(): Iterable<SandboxLink>;
}

/** A link of some kind between two records. */
export interface SandboxLink {
  readonly kind: string;
  readonly fromObject: string;
  readonly from: string;
  readonly toObject: string;
  readonly to: string;
}

/** Writes at once, and throws what the platform would refuse. */
export interface TrueWriter {
  /**
   * Gives the key. `at`, here and below: when it was, in milliseconds since 1970; what is back-dated sets nothing off.
   */
  create(object: string, values: WrittenValues, at?: number): string;
  /** Changes the named fields only. */
  update(object: string, key: string, values: WrittenValues, at?: number): void;
  remove(object: string, key: string): void;
  /** Links two records in the plainest way that the platform has. */
  link(fromObject: string, from: string, toObject: string, to: string): void;
  /** Takes away every link between two records. */
  unlink(fromObject: string, from: string, toObject: string, to: string): void;
  /** Merges a record into another; absent where the platform has no such thing. */
  merge?(object: string, key: string, into: string): void;
}

/** What a sandbox was asked for and what came of it. */
export interface Counts {
  /** Requests to the API, control requests left out; those a fault or a limit refused are among them. */
  readonly requests: number;
  /** By method and path, ids replaced by `{id}`: `POST /crm/v3/objects/contacts/batch/update`. */
  readonly byEndpoint: Readonly<Record<string, number>>;
  /** Answers by status. A request whose connection was cut has none. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests refused because a limit was really exceeded, not those a fault refused. */
  readonly limited: number;
  /**
   * Write attempts per record, `contacts/151000000012` → number, links left out. More than one for one change is a
   * double write.
   */
  readonly writesPerRecord: Readonly<Record<string, number>>;
  /**
   * The same for creates by unique value or name, so that a record created twice shows: only what occurs twice or more.
   */
  readonly repeatedCreates: Readonly<Record<string, number>>;
}
