import type { TrueValues, TrueWriter, Who, WrittenValues } from '../sandbox.js';
import { ApiFailure, badRequest } from './failure.js';
import type { LinkType } from './state/link-types.js';
import { listOf } from './state/lists/written.js';
import type { ObjectType } from './state/object-type.js';
import type { Portal } from './state/portal.js';
import { type Writer, historyOf, type HistoryEntry, type StoredRecord, type WriteSource } from './state/record.js';
import type { PropertyValues } from './state/values.js';

/** A record as it really is, with no API in between. */
export interface TrueRecord {
  readonly id: string;
  readonly archived: boolean;
  /**
   * Values of the properties that clients or people may change; absent where there is none. Sets are sorted: their
   * order means nothing.
   */
  readonly properties: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The record this one was merged into. */
  readonly mergedInto?: string;
}

/** A link as it really is; each pair and label once, in the direction HubSpot names first. */
export interface TrueLink {
  readonly fromObject: string;
  readonly from: string;
  readonly toObject: string;
  readonly to: string;
  readonly category: string;
  readonly typeId: number;
  readonly label: string | null;
}

/** Every record of an object type by id, archived ones too. Throws for an unknown type. */
export function trueRecords(portal: Portal, object: string): readonly TrueRecord[] {
  const type = portal.types.get(object);
  const table = portal.table(type);
  return Array.from(table.everything(), (record) => {
    const properties = writtenValues(type, record);
    const mergedInto = table.aliases.get(record.id);
    return {
      id: record.id,
      archived: record.archivedAt !== undefined,
      properties,
      createdAt: new Date(record.createdAt).toISOString(),
      updatedAt: new Date(record.updatedAt).toISOString(),
      ...(mergedInto !== undefined && { mergedInto }),
    };
  });
}

/** What clients or people may have written, consent too. */
export function writtenValues(type: ObjectType, { values }: StoredRecord): TrueValues {
  const written: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const definition = type.properties.get(name);
    if (definition && (!definition.readOnlyValue || definition.consent))
      written[name] = definition.fieldType === 'checkbox' ? value.split(';').sort().join(';') : value;
  }
  return written;
}

/** Every link there is, once. */
export function trueLinks(portal: Portal): readonly TrueLink[] {
  const found: TrueLink[] = [];
  for (const { type, from, to } of portal.links.everything()) {
    if (!type.forward || (type.typeId === type.inverse && Number(from) > Number(to))) continue;
    found.push({ fromObject: type.from, from, toObject: type.to, to, category: type.category, typeId: type.typeId, label: type.label });
  }
  return found;
}

/** The history of one property of a record, newest first; throws HubSpot's 404 for an unknown id. */
export function trueHistory(portal: Portal, object: string, id: string, property: string): readonly HistoryEntry[] {
  const record = portal.table(portal.types.get(object)).at(id);
  if (!record) throw new ApiFailure(404, `${object} ${id} does not exist`);
  return historyOf(record, property);
}

/** A change made without HTTP. `type` of a link: its label, or nothing for the plain one. */
export type DirectMutation =
  | { readonly action: 'create'; readonly object: string; readonly properties: PropertyValues }
  | { readonly action: 'update'; readonly object: string; readonly id: string; readonly properties: PropertyValues }
  | { readonly action: 'archive' | 'undelete'; readonly object: string; readonly id: string }
  | { readonly action: 'merge'; readonly object: string; readonly id: string; readonly into: string }
  | {
      readonly action: 'link' | 'unlink';
      readonly fromObject: string;
      readonly from: string;
      readonly toObject: string;
      readonly to: string;
      readonly label?: string;
    };

/** Somebody else who writes to the account: another integration, or a person. Follows the same rules as the API. */
export class DirectWriter implements TrueWriter {
  private readonly writer: Writer;

  constructor(
    private readonly portal: Portal,
    source: WriteSource,
  ) {
    this.writer = { source };
  }

  /**
   * Makes one change; gives the id of the record that was created, changed or linked from. Throws {@link ApiFailure} as
   * the API would answer.
   */
  apply(mutation: DirectMutation): string {
    switch (mutation.action) {
      case 'create':
        return this.create(mutation.object, mutation.properties);
      case 'update':
        return this.update(mutation.object, mutation.id, mutation.properties);
      case 'archive':
        this.archive(mutation.object, mutation.id);
        return mutation.id;
      case 'undelete':
        this.settling(() => this.portal.undelete(this.portal.types.get(mutation.object), mutation.id, this.writer));
        return mutation.id;
      case 'merge':
        return this.settling(() => this.portal.merge(this.portal.types.get(mutation.object), mutation.into, mutation.id, this.writer).id);
      case 'link':
        return this.link(mutation.fromObject, mutation.from, mutation.toObject, mutation.to, mutation.label);
      case 'unlink':
        this.unlink(mutation.fromObject, mutation.from, mutation.toObject, mutation.to, mutation.label);
        return mutation.from;
      default:
        return mutation satisfies never;
    }
  }

  /** Creates a record; gives its id. `at` back-dates it, in milliseconds. */
  create(object: string, properties: WrittenValues, at?: number): string {
    const sent = asSent(properties);
    if (object === 'lists') return this.portal.lists.create(listOf(sent), this.writer).id;
    return this.settling(() => this.portal.create(this.portal.types.get(object), sent, this.writer, at).id);
  }

  /** Changes a record; `''` and null clear a value. */
  update(object: string, id: string, properties: WrittenValues, at?: number): string {
    if (object === 'lists') return this.portal.lists.rename(id, asSent(properties), this.writer).id;
    const type = this.portal.types.get(object);
    return this.settling(() => {
      const record = this.portal.record(type, id);
      this.portal.update(type, record, asSent(properties), this.writer, at);
      return record.id;
    });
  }

  /** What a client calls archiving. */
  remove(object: string, id: string): void {
    if (object === 'lists') this.portal.lists.remove(id, this.writer);
    else this.archive(object, id);
  }

  archive(object: string, id: string): void {
    this.settling(() => this.portal.archive(this.portal.types.get(object), id, this.writer));
  }

  /** Links two records, with a label or plainly; a record and a static list: puts it on the list. */
  link(fromObject: string, from: string, toObject: string, to: string, label?: string, at?: number): string {
    if (fromObject === 'lists') return this.link(toObject, to, fromObject, from);
    if (toObject === 'lists') this.member(to, fromObject, from, true);
    else if (!this.settling(() => this.portal.link(this.linkType(fromObject, toObject, label), from, to, this.writer, at)))
      throw badRequest(`${fromObject} ${from} or ${toObject} ${to} does not exist`);
    return from;
  }

  /** Takes a label away, or without one the whole link. */
  unlink(fromObject: string, from: string, toObject: string, to: string, label?: string): void {
    if (fromObject === 'lists') return this.unlink(toObject, to, fromObject, from);
    if (toObject === 'lists') return this.member(to, fromObject, from, false);
    const type = this.linkType(fromObject, toObject, label);
    this.settling(() => this.portal.unlink(type.from, type.to, type, from, to, this.writer));
  }

  private member(list: string, object: string, id: string, joins: boolean): void {
    const { lists, types } = this.portal;
    if (lists.get(list).object !== types.get(object).name) throw badRequest(`List ${list} holds no ${object}`);
    const { missing } = lists.change(list, joins, [id], this.writer);
    if (joins && missing.length > 0) throw badRequest(`${object} ${id} does not exist`);
  }

  /** What is due runs before a write, and what the write sets off after it. */
  private settling<T>(write: () => T): T {
    this.portal.automations.settle();
    const done = write();
    this.portal.automations.settle();
    return done;
  }

  merge(object: string, id: string, into: string): void {
    this.apply({ action: 'merge', object, id, into });
  }

  private linkType(fromObject: string, toObject: string, label: string | undefined): LinkType {
    const [from, to] = [this.portal.types.get(fromObject).name, this.portal.types.get(toObject).name];
    if (label === undefined) return this.portal.links.plain(from, to);
    const type = this.portal.links.typesBetween(from, to).find((each) => each.label === label);
    if (!type) throw badRequest(`No association label ${label} between ${from} and ${to}`);
    return type;
  }
}

/** A person in the web interface, as field history names one. */
export const person = (userId: number): WriteSource => ({ type: 'CRM_UI', id: `userId:${userId}`, userId });

/** Another integration, as field history names one. */
export const integration = (appId: string, label: string): WriteSource => ({ type: 'INTEGRATION', id: appId, label });

/** Somebody who writes, in the words of field history. */
export function sourceOf(who: Who): WriteSource {
  return who.kind === 'person' ? person(Number(who.id)) : integration(who.id, who.label ?? who.id);
}

const asSent = (values: WrittenValues): PropertyValues => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']));
