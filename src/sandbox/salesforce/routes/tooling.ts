import type { Automation } from '../../automation.js';
import { notFound, refused } from '../failure.js';
import { nthId } from '../state/ids.js';
import { type ApiContext, on, type SalesforceRoute } from './route.js';

/** What is not told of more than one flow in one answer. */
const ALONE = /\b(?:Metadata|FullName)\b/i;

/** Validation rules and flows by the Tooling API; of flows: a list, one as a whole, and which version is active, which is how one is switched off. */
export function toolingRoutes({ org }: ApiContext): readonly SalesforceRoute[] {
  const flows = (): readonly Flow[] =>
    org.automations
      .automations()
      .map((automation, n) => ({ id: nthId('300', org.facts.pod, n + 1), version: nthId('301', org.facts.pod, n + 1), automation }));
  const find = (id: string): Flow => {
    const found = flows().find((flow) => flow.id.slice(0, 15) === id.slice(0, 15));
    if (!found) throw notFound();
    return found;
  };
  const rules = (): readonly Rule[] =>
    org.description.validationRules.map((rule, n) => ({
      Id: nthId('03d', org.facts.pod, n + 1),
      ValidationName: rule.name ?? `Rule_${n + 1}`,
      Active: rule.active !== false,
      ErrorMessage: rule.message,
      ErrorDisplayField: rule.field ?? null,
      EntityDefinition: { QualifiedApiName: rule.object },
      refuses: rule.refuses,
    }));
  return [
    on('GET', '/tooling/sobjects/ValidationRule/([^/]+)', (_, __, id = '') => {
      const found = rules().find((rule) => rule.Id.slice(0, 15) === id.slice(0, 15));
      if (!found) throw notFound();
      const { refuses, ...rule } = found;
      return { status: 200, body: { ...rule, Metadata: { active: rule.Active, errorConditionFormula: refuses, errorMessage: rule.ErrorMessage } } };
    }),
    on('GET', '/tooling/query', ({ query }) => {
      const soql = query.get('q') ?? '';
      if (/\bFROM\s+ValidationRule\b/i.test(soql)) return rulesAnswer(soql, rules());
      if (!/\bFROM\s+FlowDefinition\b/i.test(soql))
        throw refused('INVALID_TYPE', 'This sandbox tells of FlowDefinition and ValidationRule only by the Tooling API');
      const records = flows().map((flow) => ({
        attributes: { type: 'FlowDefinition' },
        ...told(flow),
        ...(ALONE.test(soql) && { Metadata: metadata(flow) }),
      }));
      if (ALONE.test(soql) && records.length > 1)
        throw refused(
          'MALFORMED_QUERY',
          'When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row',
        );
      return {
        status: 200,
        body: { size: records.length, totalSize: records.length, done: true, queryLocator: null, entityTypeName: 'FlowDefinition', records },
      };
    }),
    on('GET', '/tooling/sobjects/FlowDefinition/([^/]+)', (_, __, id = '') => {
      const flow = find(id);
      return { status: 200, body: { ...told(flow), Metadata: metadata(flow) } };
    }),
    on('PATCH', '/tooling/sobjects/FlowDefinition/([^/]+)', ({ body }, _, id = '') => {
      const { activeVersionNumber: version } = (body as { readonly Metadata?: { readonly activeVersionNumber?: unknown } }).Metadata ?? {};
      if (version !== 0 && version !== 1) throw refused('INVALID_FIELD', 'activeVersionNumber is no version of it', ['Metadata']);
      org.automations.automate({ ...find(id).automation, enabled: version === 1 });
      return { status: 204 };
    }),
  ];
}

interface Rule {
  readonly Id: string;
  readonly ValidationName: string;
  readonly Active: boolean;
  readonly ErrorMessage: string;
  readonly ErrorDisplayField: string | null;
  readonly EntityDefinition: { readonly QualifiedApiName: string };
  /** Its formula, which only one alone tells. */
  readonly refuses: string;
}

function rulesAnswer(soql: string, rules: readonly Rule[]): { readonly status: 200; readonly body: unknown } {
  if (ALONE.test(soql)) throw refused('MALFORMED_QUERY', 'When retrieving results with Metadata or FullName fields, ask for one row');
  const records = rules.map(({ refuses: _formula, ...rule }) => ({ attributes: { type: 'ValidationRule' }, ...rule }));
  return {
    status: 200,
    body: { size: records.length, totalSize: records.length, done: true, queryLocator: null, entityTypeName: 'ValidationRule', records },
  };
}

interface Flow {
  readonly id: string;
  readonly version: string;
  readonly automation: Automation;
}

const told = ({ id, version, automation: { name, enabled } }: Flow): Readonly<Record<string, unknown>> => ({
  Id: id,
  DeveloperName: name.replaceAll(/\W+/g, '_'),
  MasterLabel: name,
  ActiveVersionId: enabled ? version : null,
  LatestVersionId: version,
  ManageableState: 'unmanaged',
});

const metadata = ({ automation: { name, enabled } }: Flow): Readonly<Record<string, unknown>> => ({
  activeVersionNumber: enabled ? 1 : null,
  masterLabel: name,
});
