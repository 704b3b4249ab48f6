import { type CallOptions, defined, named, ownValue } from '../../../lib/index.js';
import type { FieldSchema, FieldType, LinkSchema, ObjectSchema } from '../../../records/index.js';
import type { DescribeOptions, PlatformSchema } from '../../connector.js';
import { unknownObject } from '../../http/words.js';
import type { HubSpotApi } from '../wire/api.js';
import { isObject, isPageOf, isPropertyPage, textIn, type WireCustomSchema, type WireProperty } from '../wire/shapes.js';
import { wholeList } from './definitions.js';
import { describeLinks, type Pair } from './link-kinds.js';
import { lostOnCreate } from './lost.js';
import { sensitiveNames } from './sensitive.js';

/** Object types every account has, in the order in which links run from one to the other. */
const STANDARD = ['contacts', 'companies', 'deals', 'tickets'] as const;
/** HubSpot's numbers of these, as custom object types name what they may be linked to. */
const TYPE_IDS: Readonly<Record<string, string>> = named(Object.entries({ contacts: '0-1', companies: '0-2', deals: '0-3', tickets: '0-5' }));
/** HubSpot keeps at most so many characters of a text property. */
const TEXT_LENGTH = 65_536;
const AUTO_COMPANY =
  'If the account is set up that way, HubSpot creates a company for a contact that is created again, by its e-mail domain, and links the two. Runback reports and undoes that only if companies are among the objects.';
const SIDE_EFFECT = 'Changing a record starts the HubSpot workflows that wait for it; pause them together with the syncs.';
const ADDRESS = /^(address2?|city|state|zip|country|hs_state_code|hs_country_region_code)$/;
/**
 * What HubSpot sets by itself when a property is written without it: a deal that is closed gets a close date, a company
 * its website.
 */
const SETS_ALSO: Readonly<Partial<Record<string, Readonly<Record<string, readonly string[]>>>>> = {
  deals: { dealstage: ['closedate'], pipeline: ['closedate'] },
  companies: { domain: ['website'] },
};
/** The property that names a contact's primary company. */
const LINKED: Readonly<Partial<Record<string, { readonly field: string; readonly to: string; readonly kind: string }>>> = {
  contacts: { field: 'associatedcompanyid', to: 'companies', kind: 'HUBSPOT_DEFINED-1' },
};
const OPT_OUT = /^hs_(email|sms|whatsapp)_?opt_?out/;
/** Read-only properties by which people are mailed, or not, with what puts them right instead. */
const PREFERENCES =
  "the contact's communication preferences in HubSpot, or its subscriptions API (POST /communication-preferences/v3/unsubscribe with the e-mail address)";
const BY_HAND: Readonly<Record<string, string>> = {
  hs_marketable_status:
    'in HubSpot, "Set as marketing contact" or "Set as non-marketing contact" on a list of these contacts, or a workflow with that action',
  hs_legal_basis: "the contact's communication preferences in HubSpot",
  hs_data_privacy_ads_consent: "the contact's consent to ads in HubSpot",
  hs_email_quarantined: 'the list of quarantined contacts under Marketing > Email > Health in HubSpot',
};

/**
 * Describes object types and the links between them: one request per object type and one per pair of them; two more per object type where
 * what is withheld is asked for.
 */
export async function describe(
  api: HubSpotApi,
  wanted: readonly string[] | undefined,
  scopes: readonly string[] | undefined,
  call: DescribeOptions,
): Promise<PlatformSchema> {
  const { names, custom } = await objectNames(api, wanted, scopes, call);
  rememberTypes(api, custom);
  const objects = await Promise.all(names.map(async (name) => await describeObject(api, name, call)));
  const pairs = names.flatMap((from, i) => names.slice(i).map((to) => ({ from, to })));
  const links = (await Promise.all(pairs.map(async (pair) => await describeLinks(api, pair, isLinkable(custom, pair), call)))).flat();
  return { objects: objects.map((object) => withLinked(object, links)), links };
}

const customTypes = new WeakMap<HubSpotApi, ReadonlyMap<string, string>>();

function rememberTypes(api: HubSpotApi, custom: readonly WireCustomSchema[]): void {
  const ids = custom.flatMap((schema): [string, string][] => (schema.objectTypeId === undefined ? [] : [[nameOf(schema), schema.objectTypeId]]));
  customTypes.set(api, new Map([...(customTypes.get(api) ?? []), ...ids]));
}

/**
 * The number HubSpot knows an object type by, as it stands in the addresses of its pages; of a custom one only once it
 * was described.
 */
export function typeIdOf(api: HubSpotApi, object: string): string | undefined {
  return TYPE_IDS[object] ?? customTypes.get(api)?.get(object);
}

/** Says which properties only name what a record is linked to: HubSpot changes both where one is written. */
function withLinked(schema: ObjectSchema, links: readonly LinkSchema[]): ObjectSchema {
  const linked = ownValue(LINKED, schema.object);
  if (linked === undefined || !links.some(({ from, to, kind }) => from === schema.object && to === linked.to && kind === linked.kind)) return schema;
  const { field: name, kind } = linked;
  return { ...schema, fields: schema.fields.map((field) => (field.name === name ? { ...field, viaLink: kind } : field)) };
}

/** Checks names and brings them into the order of {@link STANDARD}, custom object types after it by name. */
async function objectNames(
  api: HubSpotApi,
  wanted: readonly string[] | undefined,
  scopes: readonly string[] | undefined,
  call: CallOptions,
): Promise<{ readonly names: readonly string[]; readonly custom: readonly WireCustomSchema[] }> {
  const standard: readonly string[] = STANDARD;
  if (wanted?.every((name) => standard.includes(name))) return { names: standard.filter((name) => wanted.includes(name)), custom: [] };
  const custom = await customSchemas(api, call);
  if (!wanted) {
    const visible = scopes
      ? standard.filter((name) => scopes.includes(`crm.objects.${name}.read`) || (name === 'tickets' && scopes.includes('tickets')))
      : standard;
    return { names: [...visible, ...custom.map(nameOf).sort()], custom };
  }
  const known = custom.map(nameOf);
  const chosen = wanted.map((name) => {
    const found = custom.find((schema) => nameOf(schema) === name || schema.name === name || schema.objectTypeId === name);
    if (!found && !standard.includes(name)) throw unknownObject({ ...api.naming, name: 'HubSpot' }, name, [...standard, ...known]);
    return found ? nameOf(found) : name;
  });
  return { names: [...standard.filter((name) => chosen.includes(name)), ...known.filter((name) => chosen.includes(name)).sort()], custom };
}

/**
 * Custom object types; none where HubSpot says that this token or account has no access to any. Every other refusal is
 * an error.
 */
async function customSchemas(api: HubSpotApi, call: CallOptions): Promise<readonly WireCustomSchema[]> {
  const schemas = await wholeList<WireCustomSchema>(
    api,
    {
      path: '/crm/v3/schemas',
      valid: isPageOf((value) => textIn(value, 'name') !== undefined),
      what: 'its list of object types',
      none: ({ status }) => status === 403,
      mayBeEmpty: true,
    },
    call,
  );
  return schemas.filter((schema) => schema.archived !== true);
}

function nameOf(schema: WireCustomSchema): string {
  return schema.fullyQualifiedName ?? schema.objectTypeId ?? schema.name;
}

/** The labels of the options of an object type's properties; those of owners, and mostly of pipelines, are kept elsewhere. */
export async function optionLabels(api: HubSpotApi, object: string, call: CallOptions): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  return new Map(
    (await propertiesOf(api, object, call)).map(({ name, options }) => [
      name,
      new Map(
        (Array.isArray(options) ? options : []).flatMap((option): [string, string][] => {
          const [value, label] = [textIn(option, 'value'), textIn(option, 'label')];
          return value === undefined || label === undefined ? [] : [[value, label]];
        }),
      ),
    ]),
  );
}

/** The properties of an object type that are in use. */
export async function propertiesOf(api: HubSpotApi, object: string, call: CallOptions): Promise<readonly WireProperty[]> {
  const path = `/crm/v3/properties/${encodeURIComponent(object)}`;
  const properties = await wholeList<WireProperty>(api, { path, valid: isPropertyPage, what: `the properties of ${object}` }, call);
  return properties.filter((property) => property.archived !== true);
}

async function describeObject(api: HubSpotApi, object: string, call: DescribeOptions): Promise<ObjectSchema> {
  const [properties, sensitive] = await Promise.all([
    propertiesOf(api, object, call),
    call.withheld === true ? sensitiveNames(api, object, call) : [],
  ]);
  const fields = properties.map((property) => fieldOf(object, property));
  const withheld = sensitive.filter((name) => !fields.some((field) => field.name === name));
  const lost = lostOnCreate(object, fields);
  return {
    object,
    keyFields: [],
    fields: fields.sort((a, b) => (a.name < b.name ? -1 : 1)),
    createWithKey: false,
    undelete: false,
    sideEffects: [SIDE_EFFECT, ...(object === 'contacts' ? [AUTO_COMPANY] : [])],
    lostOnCreate: { ...lost, always: [...lost.always, ...withheld.map((name) => `${name}, a property for sensitive data, which is not read`)] },
    ...(withheld.length === 0 ? {} : { withheld }),
  };
}

function fieldOf(object: string, property: WireProperty): FieldSchema {
  const { name } = property;
  const type = typeOf(property);
  const isOpen = property.externalOptions === true;
  const options = (Array.isArray(property.options) ? property.options : []).flatMap((option) => textIn(option, 'value') ?? []);
  const isChoice = (type === 'enum' || type === 'set') && options.length > 0;
  const group = groupOf(object, name);
  const isAddress = object === 'contacts' && name === 'email';
  const readOnly = property.modificationMetadata?.readOnlyValue === true || property.calculated === true || name === 'hs_object_id';
  const how = OPT_OUT.test(name) ? PREFERENCES : Object.hasOwn(BY_HAND, name) ? BY_HAND[name] : undefined;
  return {
    name,
    ...(property.label ? { label: property.label } : {}),
    type,
    platformType: `${property.type ?? 'string'}/${property.fieldType ?? ''}`,
    readOnly,
    // Pipelines, stages and owners keep their options elsewhere: what is listed is not all that is allowed.
    ...(isChoice ? (isOpen ? { offers: options } : { options }) : {}),
    ...(type === 'string' ? { maxLength: TEXT_LENGTH } : {}),
    ...(property.hasUniqueValue === true || isAddress ? { unique: true, uniqueInAnyCase: true as const } : {}),
    ...(isAddress ? { form: 'email' as const } : {}),
    ...defined({ group }),
    // One for each type of subscription is an enumeration: its values are texts.
    ...(OPT_OUT.test(name) ? { optedOut: [true, 'true'] } : {}),
    ...(readOnly && how !== undefined ? { byHand: how } : {}),
    ...(name === 'lifecyclestage' ? { forwardOnly: true } : {}),
    ...(property.fieldType === 'html' ? { markup: true as const } : {}),
    ...(property.referencedObjectType ? { refersTo: [property.referencedObjectType] } : {}),
    ...(property.currencyPropertyName ? { currencyIn: property.currencyPropertyName } : {}),
    ...(SETS_ALSO[object]?.[name] === undefined ? {} : { setsAlso: SETS_ALSO[object][name] }),
  };
}

function typeOf(property: WireProperty): FieldType {
  switch (property.type) {
    case 'bool':
      return 'boolean';
    case 'number':
      return 'number';
    case 'date':
      return 'date';
    case 'datetime':
      return 'datetime';
    case 'enumeration':
      return property.fieldType === 'checkbox' ? 'set' : 'enum';
    case 'json':
      return 'json';
    case 'string':
    case 'phone_number':
    case undefined:
      return 'string';
    default:
      return 'other';
  }
}

function groupOf(object: string, name: string): string | undefined {
  if (object === 'deals' && (name === 'pipeline' || name === 'dealstage')) return 'pipeline';
  if (name === 'hs_pipeline' || name === 'hs_pipeline_stage') return 'pipeline';
  return (object === 'contacts' || object === 'companies') && ADDRESS.test(name) ? 'address' : undefined;
}

/**
 * Whether HubSpot certainly has links between two object types: between all of its own, and where the definition of a
 * custom object type names the other.
 */
function isLinkable(custom: readonly WireCustomSchema[], { from, to }: Pair): boolean {
  const idOf = (object: string): string | undefined => TYPE_IDS[object] ?? custom.find((schema) => nameOf(schema) === object)?.objectTypeId;
  if (TYPE_IDS[from] !== undefined && TYPE_IDS[to] !== undefined) return true;
  const ids = [idOf(from), idOf(to)];
  return custom.some((schema) =>
    (Array.isArray(schema.associations) ? schema.associations : []).some((association: unknown) => {
      const ends = isObject(association) ? [association['fromObjectTypeId'], association['toObjectTypeId']] : [];
      return ends.length === 2 && (ends.every((end, i) => end === ids[i]) || [...ends].reverse().every((end, i) => end === ids[i]));
    }),
  );
}
