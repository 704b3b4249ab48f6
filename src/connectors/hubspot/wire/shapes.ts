import { defined } from '../../../lib/index.js';

/** What HubSpot's answers look like, checked once where they come in. Nothing outside this folder sees these shapes. */

export interface WireRecord {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  /** By property, versions newest first. */
  readonly propertiesWithHistory?: unknown;
  readonly createdAt?: string;
  readonly archived?: boolean;
  readonly archivedAt?: string;
  readonly objectWriteTraceId?: string;
}

/** Every field is optional, as the vendor says. */
export interface WireError {
  readonly message?: string;
  readonly category?: string;
  readonly subCategory?: string;
  readonly code?: string;
  readonly name?: string;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly WireError[];
  readonly objectWriteTraceId?: string;
  readonly correlationId?: string;
}

export interface WirePage<T> {
  readonly results: readonly T[];
  readonly paging?: { readonly next?: { readonly after?: string } };
  readonly total?: number;
  readonly errors?: readonly WireError[];
  readonly numErrors?: number;
}

export interface WireProperty {
  readonly name: string;
  readonly label?: string;
  readonly type?: string;
  readonly fieldType?: string;
  readonly options?: readonly WireOption[];
  readonly externalOptions?: boolean;
  readonly calculated?: boolean;
  readonly archived?: boolean;
  readonly hasUniqueValue?: boolean;
  /** `non_sensitive`, `sensitive`, `highly_sensitive`. */
  readonly dataSensitivity?: string;
  /** Whose keys it holds: `OWNER`, `COMPANY`. */
  readonly referencedObjectType?: string | null;
  /** The property that says in which currency its amount is. */
  readonly currencyPropertyName?: string | null;
  readonly modificationMetadata?: { readonly readOnlyValue?: boolean };
}

/** An option of a property. */
export interface WireOption {
  readonly value?: string;
  readonly label?: string;
  readonly hidden?: boolean;
  readonly displayOrder?: number;
}

/** A pipeline of an object type, or one of its stages. */
export interface WirePipeline {
  readonly id: string;
  readonly label: string;
  readonly displayOrder?: number;
  readonly archived?: boolean;
  readonly stages: readonly (Omit<WirePipeline, 'stages'> & { readonly metadata?: unknown })[];
}

/** A workflow as a list of them shows it. */
export interface WireFlow {
  readonly id: string;
  readonly name?: string;
  readonly isEnabled?: boolean;
  readonly objectTypeId?: string;
}

export interface WireLabel {
  readonly category: string;
  readonly typeId: number;
  readonly label?: string | null;
}

export interface WireCustomSchema {
  readonly name: string;
  readonly fullyQualifiedName?: string;
  readonly objectTypeId?: string;
  readonly archived?: boolean;
  /** What it may be linked to, by the ids of both object types. */
  readonly associations?: unknown;
}

/** A record at the other end of an association. */
export interface WireNeighbour {
  readonly toObjectId: number | string;
  readonly associationTypes: readonly WireLabel[];
}

/** One record's associations out of a batch read. */
export interface WireAssociations {
  readonly from: { readonly id: string };
  readonly to: readonly WireNeighbour[];
  readonly paging?: { readonly next?: { readonly after?: string } };
}

/** A pair out of the answer of an association batch create. */
export interface WirePair {
  readonly fromObjectId?: number | string;
  readonly toObjectId?: number | string;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `name` of an object where it is a string. */
export function textIn(value: unknown, name: string): string | undefined {
  if (!isObject(value)) return undefined;
  const member = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof member === 'string' ? member : undefined;
}

/** True for `{results: […]}` whose elements satisfy `each`, and that says how to go on if it says that it goes on. */
export function isPageOf(each: (value: unknown) => boolean): (body: unknown) => boolean {
  return (body) => isObject(body) && Array.isArray(body['results']) && body['results'].every(each) && canGoOn(body);
}

/** False where there is a next page without a cursor to it: it would be left out unnoticed. */
function canGoOn(page: Readonly<Record<string, unknown>>): boolean {
  const next = isObject(page['paging']) ? page['paging']['next'] : undefined;
  return next === undefined || next === null || cursorOf(page) !== undefined;
}

export const isRecordPage = isPageOf((value) => isObject(value) && typeof value['id'] === 'string' && isObject(value['properties']));
export const isPropertyPage = isPageOf((value) => textIn(value, 'name') !== undefined);
const isLabel = (value: unknown): boolean => isObject(value) && textIn(value, 'category') !== undefined && typeof value['typeId'] === 'number';
const isId = (value: unknown): boolean => (typeof value === 'string' && /^\d+$/.test(value)) || Number.isSafeInteger(value);
const isNeighbour = (value: unknown): boolean =>
  isObject(value) &&
  isId(value['toObjectId']) &&
  Array.isArray(value['associationTypes']) &&
  value['associationTypes'].length > 0 &&
  value['associationTypes'].every(isLabel);
export const isLabelPage = isPageOf(isLabel);
export const isAssociationsPage = isPageOf(
  (value) =>
    isObject(value) && textIn(value['from'], 'id') !== undefined && Array.isArray(value['to']) && value['to'].every(isNeighbour) && canGoOn(value),
);
export const isNeighbourPage = isPageOf(isNeighbour);
export const isPairPage = isPageOf(isObject);

/** The error body of an answer; empty where there is none. Members of another form than HubSpot's are left out. */
export function errorBody(body: unknown): WireError {
  return cleanError(body, 3);
}

/** The errors of a batch answer. */
export function errorsOf(page: WirePage<unknown>): readonly WireError[] {
  return errorList(page.errors, 3);
}

/** The same as they came, for answers that have a thousand of them: copies would cost more than the answer. */
export function* rawErrorsOf(page: WirePage<unknown>): Generator<Readonly<Record<string, unknown>>> {
  const errors: unknown = page.errors;
  if (Array.isArray(errors)) for (const error of errors) if (isObject(error)) yield error;
}

/** True where a list says that it holds a part only. */
export function isPartial(page: WirePage<unknown>): boolean {
  return errorsOf(page).length > 0 || (typeof page.numErrors === 'number' && page.numErrors > 0);
}

/** The cursor of the next page; undefined on the last one. */
export function cursorOf(page: { readonly paging?: unknown }): string | undefined {
  const after = isObject(page.paging) && isObject(page.paging['next']) ? page.paging['next']['after'] : undefined;
  return typeof after === 'string' || typeof after === 'number' ? String(after) : undefined;
}

function errorList(value: unknown, depth: number): readonly WireError[] {
  return Array.isArray(value) && depth > 0 ? value.filter(isObject).map((one) => cleanError(one, depth - 1)) : [];
}

const TEXTS = ['message', 'category', 'subCategory', 'code', 'name', 'objectWriteTraceId', 'correlationId'] as const;

function cleanError(value: unknown, depth: number): WireError {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const name of TEXTS) {
    const text = textIn(value, name);
    if (text !== undefined) texts[name] = text;
  }
  const context = isObject(value) && isObject(value['context']) ? value['context'] : undefined;
  return { ...texts, ...defined({ context }), errors: isObject(value) ? errorList(value['errors'], depth) : [] };
}

/** The texts of an array member of an error's context. */
export function contextTexts(error: { readonly context?: unknown }, name: string): string[] {
  const value = isObject(error.context) ? error.context[name] : undefined;
  if (Array.isArray(value)) return value.filter((item): item is string | number => typeof item === 'string' || typeof item === 'number').map(String);
  return typeof value === 'string' ? [value] : typeof value === 'number' ? [String(value)] : [];
}
