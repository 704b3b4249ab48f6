import { badRequest } from '../failure.js';
import type { FormDefinition, ValidationRule } from '../state/set-up.js';
import { numberInQuery } from './inputs.js';
import { type ApiContext, objectScope, type Route } from './route.js';

const PAGE = 20;

/** How forms and validation rules are set up: they are read alone. */
export function setUpRoutes({ portal }: ApiContext): readonly Route[] {
  return [
    {
      method: 'GET',
      pattern: /^\/marketing\/(?:v3\/forms|forms\/\d{4}-\d{2})\/?$/u,
      scopes: () => [['forms']],
      handle: ({ query }) => {
        const limit = numberInQuery(query, 'limit', PAGE, 500);
        const after = Number(query.get('after') ?? 0);
        if (!Number.isInteger(after)) throw badRequest('after is no cursor of this list');
        const page = portal.setUp.forms.slice(after, after + limit);
        const isLast = after + limit >= portal.setUp.forms.length;
        return { status: 200, body: { results: page.map(told), ...(!isLast && { paging: { next: { after: String(after + limit) } } }) } };
      },
    },
    {
      method: 'GET',
      pattern: /^\/crm\/(?:v3\/property-validations|property-validations\/\d{4}-\d{2})\/([^/]+)\/?$/u,
      scopes: ([object = '']) => [[...objectScope(portal.types.get(object), 'read', 'schemas'), ...objectScope(portal.types.get(object), 'read')]],
      handle: ({ params: [object = ''] }) => {
        const rules = portal.setUp.validations.get(portal.types.get(object).name) ?? new Map<string, readonly ValidationRule[]>();
        const results = [...rules].map(([propertyName, of]) => ({
          propertyName,
          propertyValidationRules: of.map((rule) => ({ ...rule, shouldApplyNormalization: false })),
        }));
        return { status: 200, body: { results } };
      },
    },
  ];
}

function told({ id, name, formType, fields, consent }: FormDefinition): unknown {
  return {
    id,
    name,
    formType,
    archived: false,
    fieldGroups: fields.map((field) => ({
      groupType: 'default_group',
      fields: [{ objectTypeId: '0-1', label: field.name, required: false, hidden: false, ...field }],
    })),
    legalConsentOptions: consent === undefined ? { type: 'none' } : { type: 'implicit_consent_to_process', communicationConsentText: consent },
  };
}
