import { z } from 'zod';

import type { Apps } from '../apps.js';
import { ApiFailure, recordNotFound } from '../failure.js';
import { ACCOUNT_ZONE } from '../limits.js';
import { DEAL_PIPELINES, TICKET_PIPELINES, type Pipeline } from '../properties/deals.js';
import type { Owner } from '../properties/owners.js';
import { numberInQuery, readBody } from './inputs.js';
import { objectScope, type ApiContext, type Route } from './route.js';

const free = (): readonly (readonly string[])[] => [];

/** Account, token, usage, owners, pipelines. */
export function accountRoutes(context: ApiContext, apps: Apps): readonly Route[] {
  const { portal, account } = context;
  return [
    {
      method: 'GET',
      pattern: /^\/account-info\/(?:v3|\d{4}-\d{2})\/details\/?$/,
      scopes: free,
      handle: () => ({
        status: 200,
        body: {
          portalId: account.portalId,
          accountType: account.accountType,
          timeZone: ACCOUNT_ZONE,
          companyCurrency: 'USD',
          additionalCurrencies: ['EUR'],
          utcOffset: '-05:00',
          utcOffsetMilliseconds: -18_000_000,
          uiDomain: account.uiDomain,
          dataHostingLocation: 'na1',
        },
      }),
    },
    {
      method: 'GET',
      pattern: /^\/account-info\/(?:v3|\d{4}-\d{2})\/api-usage\/daily(?:\/private-apps)?\/?$/,
      scopes: free,
      handle: ({ caller: app }) => {
        const { limit, used, endsInMs } = app.limiter.usage();
        const now = new Date(portal.now()).toISOString();
        return {
          status: 200,
          body: {
            results: [
              {
                name: 'private-apps-api-calls-daily',
                usageLimit: limit,
                currentUsage: used,
                collectedAt: now,
                fetchStatus: 'SUCCESS',
                resetsAt: new Date(portal.now() + endsInMs).toISOString(),
              },
            ],
          },
        };
      },
    },
    {
      method: 'POST',
      pattern: /^\/oauth\/v2\/private-apps\/get\/access-token-info\/?$/,
      scopes: free,
      handle: ({ body }) => {
        const { tokenKey } = readBody(z.object({ tokenKey: z.string() }), body);
        const app = apps.byTokenOnly(tokenKey);
        if (!app || app.isOAuth) throw new ApiFailure(404, 'The access token could not be found', { category: 'OBJECT_NOT_FOUND' });
        return { status: 200, body: { userId: 4_419_882, hubId: account.portalId, appId: Number(app.appId), scopes: [...app.scopes] } };
      },
    },
    {
      method: 'GET',
      pattern: /^\/crm\/(?:v3\/owners|owners\/\d{4}-\d{2})\/?$/,
      scopes: () => [['crm.objects.owners.read']],
      handle: ({ query }) => {
        const limit = numberInQuery(query, 'limit', 100, 500);
        const start = Number(query.get('after') ?? 0);
        const archived = query.get('archived') === 'true';
        const owners = [...portal.owners.values()].filter((each) => each.archived === archived);
        const results = owners.slice(start, start + limit).map(presentOwner);
        return { status: 200, body: { results, ...(start + limit < owners.length && { paging: { next: { after: String(start + limit) } } }) } };
      },
    },
    {
      method: 'GET',
      pattern: /^\/crm\/(?:v3\/owners|owners\/\d{4}-\d{2})\/(\d+)\/?$/,
      scopes: () => [['crm.objects.owners.read']],
      handle: ({ params, query }) => {
        const found = portal.owners.get(params[0] ?? '');
        if (found?.archived !== (query.get('archived') === 'true')) throw recordNotFound();
        return { status: 200, body: presentOwner(found) };
      },
    },
    {
      method: 'GET',
      pattern: /^\/crm\/(?:v3\/pipelines|pipelines\/\d{4}-\d{2})\/([^/]+)\/?$/,
      scopes: (params) => [objectScope(portal.types.get(params[0] ?? ''), 'read')],
      handle: ({ params }) => {
        const name = portal.types.get(params[0] ?? '').name;
        return {
          status: 200,
          body: { results: (name === 'deals' ? DEAL_PIPELINES : name === 'tickets' ? TICKET_PIPELINES : []).map(presentPipeline) },
        };
      },
    },
  ];
}

/** An owner who left has no user any more, only the id of the one there was. */
const presentOwner = (owner: Owner): unknown => ({
  ...owner,
  type: 'PERSON',
  userId: owner.archived ? null : owner.userId,
  userIdIncludingInactive: owner.userId,
});

const presentPipeline = (pipeline: Pipeline, displayOrder: number): unknown => ({
  id: pipeline.id,
  label: pipeline.label,
  displayOrder,
  archived: false,
  createdAt: '2019-08-06T02:41:08.029Z',
  updatedAt: '2024-03-01T09:00:00.000Z',
  stages: pipeline.stages.map((stage, order) => ({
    id: stage.id,
    label: stage.label,
    displayOrder: order,
    archived: false,
    metadata:
      stage.probability === ''
        ? { ticketState: stage.closed ? 'CLOSED' : 'OPEN' }
        : { isClosed: String(stage.closed), probability: stage.probability },
  })),
});
