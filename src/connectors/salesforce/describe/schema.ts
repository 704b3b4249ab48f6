import { type CallOptions, inOrder } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { PlatformSchema } from '../../connector.js';
import { REQUESTS_AT_ONCE } from '../../http/api.js';
import { unknownObject } from '../../http/words.js';
import { parentsFirst } from '../../parents-first.js';
import type { SalesforceApi } from '../wire/api.js';
import { isDescription, isList, type WireObject } from '../wire/shapes.js';
import { fieldsOf } from './fields.js';
import { linksOf } from './links.js';
import { hasEncrypted, seesEncrypted } from './permissions.js';

/** What the account has, as it was described last. */
export interface Described {
  readonly schema: PlatformSchema;
  readonly wires: ReadonlyMap<string, WireObject>;
}

/** The object types that the user sees, by the list of all: one request. */
export async function allObjects(api: SalesforceApi, call: CallOptions): Promise<readonly WireObject[]> {
  return ((await api.get(api.data('/sobjects'), isList, call)) as { readonly sobjects: readonly WireObject[] }).sobjects;
}

/** One object type with its fields: one request. */
export async function oneObject(api: SalesforceApi, object: string, call: CallOptions): Promise<WireObject> {
  return (await api.get(api.data(`/sobjects/${encodeURIComponent(object)}/describe`), isDescription, call)) as WireObject;
}

/**
 * Describes object types, one request each and one for their names. Without names: those that hold records of people's own
 * making, which is what they can make, change and delete, and can have on a page. Throws `object-unsupported`.
 */
export async function describe(api: SalesforceApi, objects: readonly string[] | undefined, call: CallOptions): Promise<Described> {
  const all = await allObjects(api, call);
  const known = all.filter(({ queryable }) => queryable !== false).map(({ name }) => name);
  for (const object of objects ?? []) if (!known.includes(object)) throw unknownObject(api.words, object, nearby(all, known));
  const wanted = objects ?? all.filter(isOrdinary).map(({ name }) => name);
  const wires = new Map<string, WireObject>();
  for await (const wire of inOrder(new Set(wanted), REQUESTS_AT_ONCE, async (object) => await oneObject(api, object, call)))
    wires.set(wire.name, wire);
  const names = new Set(wires.keys());
  const links = [...wires.values()].flatMap((wire) => linksOf(wire, names));
  const ordered = parentsFirst([...names], links);
  const unmasked = [...wires.values()].some(hasEncrypted) ? await seesEncrypted(api, call) : true;
  return { schema: { objects: ordered.flatMap((name) => schemaOf(wires.get(name), unmasked)), links }, wires };
}

/** Names of the object types that hold records of people's own making: one request. */
export async function ordinaryNames(api: SalesforceApi, call: CallOptions): Promise<readonly string[]> {
  return (await allObjects(api, call)).filter(isOrdinary).map(({ name }) => name);
}

/** An account has hundreds: for messages, those that people would mean, unless there are none. */
function nearby(all: readonly WireObject[], known: readonly string[]): readonly string[] {
  const ordinary = all.filter(isOrdinary).map(({ name }) => name);
  return ordinary.length > 0 ? ordinary : known;
}

function isOrdinary(object: WireObject): boolean {
  const { queryable, createable, updateable, deletable, layoutable, customSetting, deprecatedAndHidden } = object;
  const isOwn = createable === true && updateable === true && deletable === true && layoutable !== false;
  return queryable === true && isOwn && customSetting !== true && deprecatedAndHidden !== true;
}

function schemaOf(wire: WireObject | undefined, unmasked: boolean): readonly ObjectSchema[] {
  if (wire === undefined) return [];
  const fields = fieldsOf(wire, unmasked);
  const masks = fields.filter(({ masked }) => masked === true && !unmasked);
  const refused = refusalOf(wire);
  return [
    {
      object: wire.name,
      ...(wire.label === undefined || wire.label === '' ? {} : { label: wire.label }),
      keyFields: [],
      keyAs: 'id',
      fields,
      createWithKey: false,
      undelete: wire.undeletable === true,
      sideEffects: ['Flows, triggers, roll-ups and workflow rules of the account run on every write; assignment rules are switched off for it.'],
      lostOnCreate: { always: LOST, fields: masks.map(({ name }) => ({ field: name, what: 'encrypted texts, of which only a mask is known' })) },
      ...(refused === undefined ? {} : { refused }),
    },
  ];
}

const LOST: readonly string[] = [
  'the history of its fields',
  'files, notes and activities that hung on it',
  'who created it and when, unless the user may set audit fields',
];

function refusalOf({ name, fields = [], deletable, createable }: WireObject): string | undefined {
  if (fields.some(({ type }) => type === 'base64')) return `${name} holds files, which are not read`;
  return deletable === undefined && createable === undefined ? `${name} is not described` : undefined;
}
