import type { Automations } from '../../../kit/automations/automations.js';
import type { LinkTable } from '../link-table.js';
import type { LinkType } from '../link-types.js';
import type { ObjectType, ObjectTypes } from '../object-type.js';
import type { RecordTable } from '../record-table.js';
import type { StoredRecord, Writer } from '../record.js';
import type { PropertyValues } from '../values.js';
import type { WriteEntry } from '../write-entry.js';
import type { AccountSettings } from './account-settings.js';

/** What the account's own reactions to a write see of it, and may do in it; see `Portal`. */
export interface Reacting {
  readonly settings: AccountSettings;
  readonly types: ObjectTypes;
  readonly links: LinkTable;
  readonly automations: Automations;
  readonly writes: WriteEntry[];
  now(): number;
  table(type: ObjectType): RecordTable;
  create(type: ObjectType, sent: PropertyValues, writer: Writer): StoredRecord;
  update(type: ObjectType, record: StoredRecord, sent: PropertyValues, writer: Writer): void;
  link(type: LinkType, from: string, to: string, writer: Writer, backDated?: number): boolean;
  unlink(fromObject: string, toObject: string, type: LinkType | undefined, from: string, to: string, writer: Writer, at?: number): void;
}
