import { type CallOptions, didYouMean, RunbackError } from '../../lib/index.js';
import type { FieldSchema, FieldType, LinkSchema, ObjectSchema } from '../../records/index.js';
import type { PlatformSchema } from '../connector.js';
import { type HubSpotApi, isSuccess } from './api.js';
import { isLabelPage, isPropertyPage, type WireCustomSchema, type WireLabel, type WirePage, type WireProperty, isPageOf, textIn } from './wire.js';

/** Object types every account has, in the order in which links run from one to the other. */
const STANDARD = ['contacts', 'companies', 'deals', 'tickets'] as const;
/** HubSpot keeps at most so many characters of a text property. */
const TEXT_LENGTH = 65_536;
const SIDE_EFFECT = 'Changing a record starts the HubSpot workflows that wait for it; pause them together with the syncs.';
const ADDRESS = /^(address2?|city|state|zip|country|hs_state_code|hs_country_region_code)$/;
/** What HubSpot sets by itself when a property is written without it: a deal that is closed gets a close date, a company its website. */
const SETS_ALSO: Readonly<Partial<Record<string, Readonly<Record<string, readonly string[]>>>>> = {
  deals: { dealstage: ['closedate'], pipeline: ['closedate'] },
  companies: { domain: ['website'] },
};
const OPT_OUT = /^hs_(email|sms|whatsapp)_?opt_?out/;

/** Describes object types and the links between them: one request per object type and one per pair of them. */
export async function describe(
  api: HubSpotApi,
  wanted: readonly string[] | undefined,
  scopes: readonly string[] | undefined,
  call: CallOptions,
): Promise<PlatformSchema> {
  const names = await objectNames(api, wanted, scopes, call);
  const objects = await Promise.all(names.map(async (name) => await describeObject(api, name, call)));
  const pairs = names.flatMap((from, i) => names.slice(i).map((to) => ({ from, to })));
  const links = await Promise.all(pairs.map(async ({ from, to }) => await describeLinks(api, from, to, call)));
  return { objects, links: links.flat() };
}

/** Checks names and brings them into the order of {@link STANDARD}, custom object types after it by name. */
async function objectNames(
  api: HubSpotApi,
  wanted: readonly string[] | undefined,
  scopes: readonly string[] | undefined,
  call: CallOptions,
): Promise<readonly string[]> {
  const standard: readonly string[] = STANDARD;
  if (wanted?.every((name) => standard.includes(name))) return standard.filter((name) => wanted.includes(name));
  const custom = await customSchemas(api, call);
  if (!wanted) {
    const visible = scopes
      ? standard.filter((name) => scopes.includes(`crm.objects.${name}.read`) || (name === 'tickets' && scopes.includes('tickets')))
      : standard;
    return [...visible, ...custom.map(nameOf).sort()];
  }
  const known = custom.map(nameOf);
  const chosen = wanted.map((name) => {
    const found = custom.find((schema) => nameOf(schema) === name || schema.name === name || schema.objectTypeId === name);
    if (!found && !standard.includes(name))
      throw new RunbackError(
        'object-unsupported',
        `Platform ${api.naming.platform}: HubSpot has no object type ${name}${didYouMean(name, [...standard, ...known])}`,
        {
          why: `It has ${[...standard, ...known].join(', ')}.`,
          state: 'Nothing was read or written.',
          next: `Write one of these under objects of platform ${api.naming.platform} in runback.yml.`,
          data: { known: [...standard, ...known] },
        },
      );
    return found ? nameOf(found) : name;
  });
  return [...standard.filter((name) => chosen.includes(name)), ...known.filter((name) => chosen.includes(name)).sort()];
}

async function customSchemas(api: HubSpotApi, call: CallOptions): Promise<readonly WireCustomSchema[]> {
  const result = await api.look('GET', '/crm/v3/schemas', undefined, call);
  // Accounts without custom objects refuse the question (403): then there are none that this token could read.
  if (result.kind === 'answered' && (result.status === 403 || result.status === 404)) return [];
  if (!isSuccess(result)) throw api.failure(result);
  if (!isPageOf((value) => textIn(value, 'name') !== undefined)(result.body)) throw nonsense(api, 'its list of object types');
  return (result.body as WirePage<WireCustomSchema>).results.filter((schema) => schema.archived !== true);
}

function nameOf(schema: WireCustomSchema): string {
  return schema.fullyQualifiedName ?? schema.objectTypeId ?? schema.name;
}

async function describeObject(api: HubSpotApi, object: string, call: CallOptions): Promise<ObjectSchema> {
  const page = (await api.get(`/crm/v3/properties/${encodeURIComponent(object)}`, isPropertyPage, call)) as WirePage<WireProperty>;
  const fields = page.results.filter((property) => property.archived !== true).map((property) => fieldOf(object, property));
  return {
    object,
    keyFields: [],
    fields: fields.sort((a, b) => (a.name < b.name ? -1 : 1)),
    createWithKey: false,
    undelete: false,
    sideEffects: [SIDE_EFFECT],
  };
}

function fieldOf(object: string, property: WireProperty): FieldSchema {
  const { name } = property;
  const type = typeOf(property);
  const options =
    property.externalOptions === true
      ? []
      : (Array.isArray(property.options) ? property.options : []).flatMap((option) => textIn(option, 'value') ?? []);
  const group = groupOf(object, name);
  return {
    name,
    ...(property.label ? { label: property.label } : {}),
    type,
    platformType: `${property.type ?? 'string'}/${property.fieldType ?? ''}`,
    readOnly: property.modificationMetadata?.readOnlyValue === true || property.calculated === true || name === 'hs_object_id',
    // Pipelines, stages and owners keep their options elsewhere: an empty list says nothing about what is allowed.
    ...((type === 'enum' || type === 'set') && options.length > 0 ? { options } : {}),
    ...(type === 'string' ? { maxLength: TEXT_LENGTH } : {}),
    ...(property.hasUniqueValue === true || (object === 'contacts' && name === 'email') ? { unique: true } : {}),
    ...(group === undefined ? {} : { group }),
    ...(OPT_OUT.test(name) ? { optedOut: [true] } : {}),
    ...(name === 'lifecyclestage' ? { forwardOnly: true } : {}),
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

/** The kinds of link from one object type to another; none where HubSpot knows no links between them. */
async function describeLinks(api: HubSpotApi, from: string, to: string, call: CallOptions): Promise<readonly LinkSchema[]> {
  const labels = await readLabels(api, from, to, call);
  return labels.map((label) => ({ kind: kindOf(label), from, to, ...(label.label ? { label: label.label } : {}) }));
}

/** Association labels in one direction. */
async function readLabels(api: HubSpotApi, from: string, to: string, call: CallOptions): Promise<readonly WireLabel[]> {
  const result = await api.look('GET', `/crm/v4/associations/${encodeURIComponent(from)}/${encodeURIComponent(to)}/labels`, undefined, call);
  const none = result.kind === 'answered' && (result.status === 400 || result.status === 404);
  if (!none && !isSuccess(result)) throw api.failure(result);
  if (!none && !isLabelPage(result.body)) throw nonsense(api, `the links between ${from} and ${to}`);
  return none ? [] : (result.body as WirePage<WireLabel>).results;
}

/** Stable name of a kind of link: `HUBSPOT_DEFINED-279`. */
export function kindOf(label: WireLabel): string {
  return `${label.category}-${String(label.typeId)}`;
}

/** The parts of {@link kindOf}, as an association request wants them. */
export function typeOfKind(kind: string): { readonly associationCategory: string; readonly associationTypeId: number } {
  const dash = kind.lastIndexOf('-');
  return { associationCategory: kind.slice(0, dash), associationTypeId: Number(kind.slice(dash + 1)) };
}

function nonsense(api: HubSpotApi, what: string): RunbackError {
  return new RunbackError('platform-nonsense', `Platform ${api.naming.platform}: HubSpot described ${what} in a form that its API does not have`, {
    state: 'Nothing was written.',
    next: `Check the address of platform ${api.naming.platform} in runback.yml.`,
  });
}
