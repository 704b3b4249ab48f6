/** An object type as `describe` tells it; of the list of all, the same without fields. */
export interface WireObject {
  readonly name: string;
  readonly label?: string;
  readonly keyPrefix?: string | null;
  readonly queryable?: boolean;
  readonly createable?: boolean;
  readonly updateable?: boolean;
  readonly deletable?: boolean;
  readonly undeletable?: boolean;
  readonly triggerable?: boolean;
  readonly layoutable?: boolean;
  readonly customSetting?: boolean;
  readonly deprecatedAndHidden?: boolean;
  readonly fields?: readonly WireField[];
  readonly recordTypeInfos?: readonly WireRecordType[];
  readonly childRelationships?: readonly WireChild[];
}

/** One field of it. */
export interface WireField {
  readonly name: string;
  readonly label?: string;
  readonly type: string;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly nillable?: boolean;
  readonly defaultedOnCreate?: boolean;
  readonly createable?: boolean;
  readonly updateable?: boolean;
  readonly calculated?: boolean;
  readonly autoNumber?: boolean;
  readonly unique?: boolean;
  readonly externalId?: boolean;
  readonly caseSensitive?: boolean;
  readonly filterable?: boolean;
  readonly restrictedPicklist?: boolean;
  readonly picklistValues?: readonly { readonly value?: unknown; readonly label?: unknown; readonly active?: unknown }[];
  readonly referenceTo?: readonly string[];
  /** Of a reference: its name without the id, as in `Account` for `AccountId`. */
  readonly relationshipName?: string | null;
  /** Of a part: the field that it is a part of. */
  readonly compoundFieldName?: string | null;
  /** Which of its options fit follows from the value of `controllerName`. */
  readonly dependentPicklist?: boolean;
  readonly controllerName?: string | null;
  /** What kind of text a `textarea` holds: `plaintextarea`, `richtextarea`. */
  readonly extraTypeInfo?: string | null;
}

/** A record type, as the object describes it to the user. */
export interface WireRecordType {
  readonly name?: string;
  readonly developerName?: string;
  readonly recordTypeId?: string;
  readonly active?: boolean;
  readonly defaultRecordTypeMapping?: boolean;
  readonly available?: boolean;
  readonly master?: boolean;
}

/** A reference of another object to this one. */
export interface WireChild {
  readonly childSObject: string;
  readonly field: string | null;
  readonly relationshipName?: string | null;
  readonly cascadeDelete?: boolean;
  readonly restrictedDelete?: boolean;
}

/** A record in an answer: its fields, and `attributes`. */
export type WireRecord = Readonly<Record<string, unknown>>;

/** A page of a query. */
export interface WirePage {
  readonly totalSize: number;
  readonly done: boolean;
  readonly nextRecordsUrl?: string;
  readonly records: readonly WireRecord[];
}

/** What became of one row of a collection; one that failed has no id. */
export interface WireResult {
  readonly id?: string | null;
  readonly success: boolean;
  readonly errors?: unknown;
}

/** Whether it is a group of members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it is a page; one that says that it is not the last has to say where the next is. */
export function isPage(body: unknown): body is WirePage {
  if (!isObject(body) || !Array.isArray(body['records']) || typeof body['done'] !== 'boolean') return false;
  if (typeof body['totalSize'] !== 'number' || !body['records'].every(isObject)) return false;
  return body['done'] || typeof body['nextRecordsUrl'] === 'string';
}

/** Whether it is a result for each of so many rows. */
export function isResults(count: number): (body: unknown) => boolean {
  return (body) => Array.isArray(body) && body.length === count && body.every((one) => isObject(one) && typeof one['success'] === 'boolean');
}

/** Whether it describes an object type with its fields. */
export function isDescription(body: unknown): body is WireObject {
  if (!isObject(body) || typeof body['name'] !== 'string' || !Array.isArray(body['fields'])) return false;
  return body['fields'].every((field) => isObject(field) && typeof field['name'] === 'string' && typeof field['type'] === 'string');
}

/** Whether it is the list of all object types. */
export function isList(body: unknown): body is { readonly sobjects: readonly WireObject[] } {
  return isObject(body) && Array.isArray(body['sobjects']) && body['sobjects'].every((one) => isObject(one) && typeof one['name'] === 'string');
}
