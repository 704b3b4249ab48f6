import type { Org } from '../state/org.js';

type Row = Readonly<Record<string, unknown>>;

/**
 * What is no record but can be asked for as if it were: the flows of the account, which here are its automations, and
 * the Apex triggers, of which it has none. Undefined for a query of anything else. Fields are those that are named, without paths.
 */
export function setupView(text: string, org: Org): { readonly status: 200; readonly body: unknown } | undefined {
  const [, names = '', from = ''] = /^\s*SELECT\s+([\w,\s]+?)\s+FROM\s+(FlowDefinitionView|ApexTrigger)\b/iu.exec(text) ?? [];
  if (from === '') return undefined;
  const rows = from.toLowerCase() === 'apextrigger' ? [] : org.automations.automations().map(flowRow).sort(byName);
  const wanted = names.split(',').map((name) => name.trim());
  const records = rows.map((row) => ({
    attributes: { type: 'FlowDefinitionView' },
    ...Object.fromEntries(wanted.map((name) => [name, row[name] ?? null])),
  }));
  return { status: 200, body: { totalSize: records.length, done: true, records } };
}

function flowRow({ id, name, enabled, when }: ReturnType<Org['automations']['automations']>[number]): Row {
  return {
    ApiName: name.replaceAll(/\W+/gu, '_'),
    Label: name,
    ProcessType: 'AutoLaunchedFlow',
    TriggerType: when.on === 'create' ? 'RecordBeforeSave' : 'RecordAfterSave',
    ActiveVersionId: enabled ? `301${id}` : null,
  };
}

const byName = (a: Row, b: Row): number => (String(a['ApiName']) < String(b['ApiName']) ? -1 : 1);
