import type { Clock } from '../../../lib/index.js';
import type { CompleteDescription } from '../schema/description.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Schema } from '../schema/schema.js';
import type { Reader } from '../soql/reader.js';
import type { StoredRecord, WriteEntry, Writer } from './record.js';
import type { Tables } from './tables.js';

/** The account as its own rules see it. */
export interface OrgState {
  readonly description: CompleteDescription;
  readonly schema: Schema;
  readonly tables: Tables;
  readonly clock: Clock;
  /** Who set the account up. */
  readonly adminId: string;
  /** Reads whatever there is. */
  readonly everything: Reader;
  /** What time it is, in milliseconds since 1970; for an automation that runs late, when it was due. */
  now(): number;
  /** What the user of the API sees, and may write. */
  sees(object: string, field: string): boolean;
  mayWrite(object: string, field: string): boolean;
  /** A record that is there; throws what Salesforce says of others. */
  held(object: ObjectType, id: string): StoredRecord;
  /** Throws where somebody else holds a record. */
  unlocked(id: string, writer: Writer): void;
  /** All of several writes or, where one throws, none. */
  atomically<T>(run: () => T): T;
  /** Writes down that a write was asked for. */
  note(action: WriteEntry['action'], object: ObjectType, id: string, writer: Writer, at: number): void;
}
