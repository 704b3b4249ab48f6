import { type CallOptions, defined } from '../../../lib/index.js';
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
};

/** Settings of one object type, out of its description. */
export function objectSettings(area: SettingArea, wire: WireObject): readonly Setting[] {
  if (area === 'options') return optionsOf(wire);
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

/** Limits of the account; flows and Apex triggers. */
export async function accountSettings(api: SalesforceApi, area: SettingArea, call: CallOptions): Promise<readonly Setting[]> {
  if (area === 'limits') return limitsIn(await api.get(api.data('/limits'), isObject, call));
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

async function all(api: SalesforceApi, soql: string, call: CallOptions): Promise<readonly WireRecord[]> {
  const rows: WireRecord[] = [];
  const cursors = new Cursors(api);
  for (let path: string | undefined = api.queryPath(soql); path !== undefined;) {
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
