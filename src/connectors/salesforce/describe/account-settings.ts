import { type CallOptions, defined, sha256 } from '../../../lib/index.js';
import { Cursors } from '../../http/cursors.js';
import { incomplete } from '../../http/whole.js';
import type { Setting, SettingArea, ToldSettings } from '../../settings.js';
import type { SalesforceApi } from '../wire/api.js';
import { isObject, isPage, type WireObject, type WirePage, type WireRecord } from '../wire/shapes.js';

/**
 * Stages are options of `Opportunity.StageName`, and what a sales process leaves out of them is not told. The scopes of a
 * session are not told either; what its user may do with each object type is.
 */
export const TOLD_SETTINGS: ToldSettings = {
  fields: 'described',
  options: 'object',
  pipelines: 'none',
  permissions: 'object',
  limits: 'account',
  automations: 'account',
  'record-types': 'object',
  'validation-rules': 'account',
  lists: 'none',
  forms: 'none',
};

/** Settings of one object type, out of its description. */
export function objectSettings(area: SettingArea, wire: WireObject): readonly Setting[] {
  if (area === 'options') return optionsOf(wire);
  if (area === 'record-types') return recordTypesOf(wire);
  if (area !== 'permissions') return [];
  const { queryable, createable, updateable, deletable, undeletable } = wire;
  const told = defined({ read: queryable, create: createable, update: updateable, delete: deletable, undelete: undeletable });
  return [{ name: 'the user may', says: told }];
}

/** Choices in their order, those too that are no longer offered. */
function optionsOf({ fields = [] }: WireObject): readonly Setting[] {
  return fields.flatMap(({ name, picklistValues = [], restrictedPicklist }) => {
    const parts = picklistValues.flatMap(({ value, label, active }) =>
      typeof value === 'string' ? [{ name: value, says: { ...(typeof label === 'string' ? { label } : {}), hidden: active === false } }] : [],
    );
    return parts.length === 0 ? [] : [{ name, says: { restricted: restrictedPicklist === true }, parts }];
  });
}

/** Record types as this user sees them; the one that every object has is none. Which options each offers is not told. */
function recordTypesOf({ recordTypeInfos = [] }: WireObject): readonly Setting[] {
  return recordTypeInfos.flatMap(({ name, developerName = name, available, active, master, defaultRecordTypeMapping }) =>
    master === true || developerName === undefined
      ? []
      : [{ name: developerName, says: defined({ label: name, 'for this user': available, on: active, default: defaultRecordTypeMapping }) }],
  );
}

/** Limits of the account; validation rules; flows and Apex triggers. */
export async function accountSettings(api: SalesforceApi, area: SettingArea, call: CallOptions): Promise<readonly Setting[]> {
  if (area === 'limits') return limitsIn(await api.get(api.data('/limits'), isObject, call));
  if (area === 'validation-rules') return await validationRules(api, call);
  return area === 'automations' ? [...(await flows(api, call)), ...(await triggers(api, call))] : [];
}

function limitsIn(body: unknown): readonly Setting[] {
  return Object.entries(body as Readonly<Record<string, unknown>>).flatMap(([name, limit]) => {
    const most = isObject(limit) ? limit['Max'] : undefined;
    return typeof most === 'number' ? [{ name, says: { most } }] : [];
  });
}

/** A flow is on where one of its versions is active; which one is of the account alone. */
async function flows(api: SalesforceApi, call: CallOptions): Promise<readonly Setting[]> {
  const rows = await all(api, 'SELECT ApiName,Label,ProcessType,TriggerType,ActiveVersionId FROM FlowDefinitionView ORDER BY ApiName', call);
  return rows.map((row) => ({
    name: `flow ${text(row, 'ApiName') ?? ''}`,
    says: { on: (text(row, 'ActiveVersionId') ?? '') !== '', ...defined({ type: text(row, 'ProcessType'), trigger: text(row, 'TriggerType') }) },
  }));
}

async function triggers(api: SalesforceApi, call: CallOptions): Promise<readonly Setting[]> {
  const rows = await all(api, 'SELECT Name,TableEnumOrId,Status,BodyCrc FROM ApexTrigger ORDER BY Name', call);
  return rows.map((row) => {
    const of = text(row, 'TableEnumOrId');
    const { BodyCrc: digest } = row;
    return {
      name: `Apex trigger ${text(row, 'Name') ?? ''}`,
      says: {
        on: text(row, 'Status') === 'Active',
        // A custom object is named by an id of the account.
        ...defined({ 'object type': of?.startsWith('01I') === true ? undefined : of }),
        ...(typeof digest === 'number' ? { digest } : {}),
      },
    };
  });
}

/** Each is read as a whole for its formula: no list tells it. */
async function validationRules(api: SalesforceApi, call: CallOptions): Promise<readonly Setting[]> {
  const soql = 'SELECT Id,ValidationName,Active,ErrorMessage,ErrorDisplayField,EntityDefinition.QualifiedApiName FROM ValidationRule';
  const found: Setting[] = [];
  for (const row of await all(api, soql, call, '/tooling')) {
    const { EntityDefinition: entity } = row as { readonly EntityDefinition?: unknown };
    const of = isObject(entity) && typeof entity['QualifiedApiName'] === 'string' ? entity['QualifiedApiName'] : '';
    const whole = (await api.get(api.data(`/tooling/sobjects/ValidationRule/${text(row, 'Id') ?? ''}`), isObject, call)) as WireRecord;
    const { Metadata: metadata } = whole as { readonly Metadata?: unknown };
    const formula = isObject(metadata) ? metadata['errorConditionFormula'] : undefined;
    if (typeof formula !== 'string') throw incomplete(api, 'the formula of a validation rule', 'It is not in its description.');
    found.push({
      name: `${of}.${text(row, 'ValidationName') ?? ''}`,
      says: {
        on: row['Active'] === true,
        refuses: `digest ${sha256(formula).slice(0, 8)}`,
        ...defined({ message: text(row, 'ErrorMessage'), field: text(row, 'ErrorDisplayField') }),
      },
    });
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function all(api: SalesforceApi, soql: string, call: CallOptions, tooling = ''): Promise<readonly WireRecord[]> {
  const rows: WireRecord[] = [];
  const cursors = new Cursors(api);
  const first = tooling === '' ? api.queryPath(soql) : api.data(`${tooling}/query?q=${encodeURIComponent(soql)}`);
  for (let path: string | undefined = first; path !== undefined;) {
    const page = (await api.get(path, isPage, call)) as WirePage;
    rows.push(...page.records);
    path = page.done ? undefined : cursors.next(page.nextRecordsUrl);
    if (page.done && rows.length < page.totalSize)
      throw incomplete(api, `${page.totalSize - rows.length} of ${page.totalSize} rows of a list`, 'Its own count is higher.');
  }
  return rows;
}

function text(row: WireRecord, name: string): string | undefined {
  const { [name]: value } = row;
  return typeof value === 'string' ? value : undefined;
}
