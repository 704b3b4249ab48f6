import { type CallOptions, canonicalJson, inOrder, sha256 } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { REQUESTS_AT_ONCE } from '../../http/api.js';
import type { Setting, SettingArea, ToldSettings } from '../../settings.js';
import type { HubSpotApi } from '../wire/api.js';
import { isObject, isPageOf, textIn, type WireFlow, type WireOption, type WirePipeline } from '../wire/shapes.js';
import { forms, lists, validationRules } from './audience-settings.js';
import { wholeList } from './definitions.js';
import { propertiesOf } from './schema.js';

/** A token has no permissions but its scopes. */
export const TOLD_SETTINGS: ToldSettings = {
  fields: 'described',
  options: 'object',
  pipelines: 'object',
  scopes: 'described',
  permissions: 'none',
  limits: 'account',
  automations: 'account',
  'record-types': 'none',
  'validation-rules': 'object',
  lists: 'account',
  forms: 'account',
};

/** Options with their labels and whether they are hidden; pipelines with their stages; validation rules; workflows, lists and forms. Limits are told by whoever counts calls. */
export async function accountSettings(
  api: HubSpotApi,
  area: SettingArea,
  schema: ObjectSchema | undefined,
  call: CallOptions,
): Promise<readonly Setting[]> {
  if (area === 'automations') return await flows(api, call);
  if (area === 'lists') return await lists(api, call);
  if (area === 'forms') return await forms(api, call);
  if (schema === undefined) return [];
  if (area === 'validation-rules') return await validationRules(api, schema, call);
  if (area === 'options') return await options(api, schema, call);
  return area === 'pipelines' ? await pipelines(api, schema, call) : [];
}

/** By `displayOrder`; those without a place, which have −1, come last. */
function inPlace<T extends { readonly displayOrder?: number }>(given: readonly T[]): readonly T[] {
  const place = ({ displayOrder = -1 }: T): number => (displayOrder < 0 ? Number.MAX_SAFE_INTEGER : displayOrder);
  return [...given].sort((a, b) => place(a) - place(b));
}

async function options(api: HubSpotApi, { object, fields }: ObjectSchema, call: CallOptions): Promise<readonly Setting[]> {
  const known = new Set(fields.map(({ name }) => name));
  return (await propertiesOf(api, object, call)).flatMap(({ name, options: given, externalOptions }) => {
    if (!known.has(name) || externalOptions === true || !Array.isArray(given) || given.length === 0) return [];
    const parts = inPlace(given as readonly WireOption[]).map(({ value = '', label = '', hidden = false }) => ({
      name: value,
      says: { label, hidden },
    }));
    return [{ name, says: {}, parts }];
  });
}

async function pipelines(api: HubSpotApi, { object }: ObjectSchema, call: CallOptions): Promise<readonly Setting[]> {
  const found = await wholeList<WirePipeline>(
    api,
    {
      path: `/crm/v3/pipelines/${encodeURIComponent(object)}`,
      valid: isPageOf(
        (value) => textIn(value, 'id') !== undefined && textIn(value, 'label') !== undefined && isObject(value) && Array.isArray(value['stages']),
      ),
      what: `the pipelines of ${object}`,
      mayBeEmpty: true,
    },
    call,
  );
  return inPlace(found.filter(({ archived }) => archived !== true)).map(({ id, label, stages }) => ({
    name: label,
    id,
    says: {},
    parts: inPlace(stages.filter(({ archived }) => archived !== true)).map((stage) => ({
      name: stage.label,
      id: stage.id,
      says: metadataOf(stage.metadata),
    })),
  }));
}

/** `isClosed`, `probability`, `ticketState`. */
function metadataOf(metadata: unknown): Setting['says'] {
  if (!isObject(metadata)) return {};
  return Object.fromEntries(Object.entries(metadata).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])));
}

/** Workflows: the list, and each as a whole for what it does. Their ids are of the account, and no one else names them. */
async function flows(api: HubSpotApi, call: CallOptions): Promise<readonly Setting[]> {
  const list = await wholeList<WireFlow>(
    api,
    {
      path: '/automation/v4/flows',
      valid: isPageOf((value) => textIn(value, 'id') !== undefined),
      what: 'its list of workflows',
      mayBeEmpty: true,
    },
    call,
  );
  const found: Setting[] = [];
  for await (const setting of inOrder(list, REQUESTS_AT_ONCE, async (flow) => await flowSetting(api, flow, call))) found.push(setting);
  return found;
}

async function flowSetting(api: HubSpotApi, { id, name, isEnabled, objectTypeId }: WireFlow, call: CallOptions): Promise<Setting> {
  const whole = (await api.get(`/automation/v4/flows/${encodeURIComponent(id)}`, isObject, call)) as Readonly<Record<string, unknown>>;
  const actions = Array.isArray(whole['actions']) ? whole['actions'] : [];
  const does = sha256(canonicalJson([actions, whole['enrollmentCriteria'] ?? null])).slice(0, 8);
  return {
    name: name ?? `(workflow ${id})`,
    says: {
      on: isEnabled === true,
      ...(objectTypeId === undefined ? {} : { 'object type': objectTypeId }),
      does: `${actions.length} actions, digest ${does}`,
    },
  };
}
