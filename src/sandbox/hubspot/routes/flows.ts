import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import type { Automation } from '../../automation.js';
import { ApiFailure, badRequest, recordNotFound } from '../failure.js';
import { numberInQuery, readBody } from './inputs.js';
import type { ApiContext, Route } from './route.js';

const PATH = String.raw`/automation/(?:v4|\d{4}-\d{2}(?:-beta)?)/flows`;
const scopes = (): readonly (readonly string[])[] => [['automation']];

/** What a PUT must hold. What else it holds is what `GET` gave. */
const change = z.looseObject({
  type: z.enum(['CONTACT_FLOW', 'PLATFORM_FLOW']),
  revisionId: z.string(),
  isEnabled: z.boolean(),
  name: z.string().optional(),
  actions: z.array(z.unknown()),
  timeWindows: z.array(z.unknown()),
  blockedDates: z.array(z.unknown()),
  customProperties: z.record(z.string(), z.string()),
  suppressionListIds: z.array(z.number()).optional(),
  canEnrollFromSalesforce: z.boolean().optional(),
  enrollmentCriteria: z.unknown(),
});

/** Workflows: list, read, and change as a whole, which is how one is paused. */
export function flowRoutes({ portal }: ApiContext): readonly Route[] {
  const { flows, automations } = portal;
  const find = (id = ''): Automation => {
    const found = flows.find(id);
    if (!found) throw recordNotFound();
    return found;
  };
  return [
    {
      method: 'GET',
      pattern: new RegExp(`^${PATH}/?$`),
      scopes,
      handle: ({ query }) => {
        const limit = numberInQuery(query, 'limit', 100, 100);
        const start = Number(query.get('after') ?? 0);
        const all = automations.automations();
        const results = all.slice(start, start + limit).map((each) => flows.listing(each));
        return { status: 200, body: { results, ...(start + limit < all.length && { paging: { next: { after: String(start + limit) } } }) } };
      },
    },
    {
      method: 'GET',
      pattern: new RegExp(`^${PATH}/([^/]+)/?$`),
      scopes,
      handle: ({ params }) => ({ status: 200, body: flows.present(find(params[0])) }),
    },
    {
      method: 'PUT',
      pattern: new RegExp(`^${PATH}/([^/]+)/?$`),
      scopes,
      handle: ({ params, body }) => {
        const held = find(params[0]);
        const sent = readBody(change, body);
        const present = flows.present(held);
        if (sent.type === 'CONTACT_FLOW' && (sent.suppressionListIds === undefined || sent.canEnrollFromSalesforce === undefined))
          throw badRequest('Invalid input JSON: suppressionListIds and canEnrollFromSalesforce are required');
        if (sent.revisionId !== present.revisionId)
          throw new ApiFailure(409, `Flow ${held.id} is at revision ${present.revisionId}, not at ${sent.revisionId}`, { category: 'CONFLICT' });
        for (const part of ['type', 'actions', 'enrollmentCriteria'] as const)
          if (!isDeepStrictEqual(sent[part], present[part]))
            throw badRequest(`This sandbox changes name and isEnabled of a workflow, not its ${part}`);
        flows.save({ ...held, enabled: sent.isEnabled, name: sent.name ?? held.name });
        return { status: 200, body: flows.present(find(held.id)) };
      },
    },
  ];
}
