import { z } from 'zod';

import { badRequest, recordNotFound } from '../failure.js';
import type { LinkType } from '../state/link-types.js';
import type { ObjectType } from '../state/object-type.js';
import { associationTypeInput, idInput, numberInQuery, readBody } from './inputs.js';
import { presentJoined, presentLabels } from './links-answer.js';
import { objectScope, type ApiContext, type Route } from './route.js';

const PAIR = String.raw`/crm(?:/v4/associations|/associations/(?:v4|\d{4}-\d{2}))/([^/]+)/([^/]+)`;
const RECORD = String.raw`/crm(?:/v4/objects|/objects/(?:v4|\d{4}-\d{2}))/([^/]+)/([^/]+)/associations`;

const labelInput = z.object({ name: z.string().optional(), label: z.string().min(1), inverseLabel: z.string().optional() });

/** Whether the types of a link match what a request names. */
export function linkType(context: ApiContext, from: ObjectType, to: ObjectType, input: z.infer<typeof associationTypeInput>): LinkType {
  if (input.associationCategory === 'INTEGRATOR_DEFINED') throw badRequest('This account has no INTEGRATOR_DEFINED association types');
  return context.portal.links.type(from.name, to.name, input.associationCategory, input.associationTypeId);
}

/** The rights a link needs: those of both object types. */
export const linkScopes =
  (context: ApiContext, right: 'read' | 'write', first: number, second: number) =>
  (params: readonly string[]): readonly (readonly string[])[] => [
    objectScope(context.portal.types.get(params[first] ?? ''), right),
    objectScope(context.portal.types.get(params[second] ?? ''), right),
  ];

/** Links of one record, and the labels of a pair of object types. */
export function associationRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const typeAt = (params: readonly string[], index: number): ObjectType => portal.types.get(params[index] ?? '');
  const labels = new RegExp(`^${PAIR}/labels/?$`);
  const oneLabel = new RegExp(`^${PAIR}/labels/(\\d+)/?$`);
  const ofRecord = new RegExp(`^${RECORD}/([^/]+)/?$`);
  const onePair = new RegExp(`^${RECORD}/([^/]+)/([^/]+)/?$`);
  const plainPair = new RegExp(`^${RECORD}/default/([^/]+)/([^/]+)/?$`);
  return [
    {
      method: 'GET',
      pattern: labels,
      scopes: linkScopes(context, 'read', 0, 1),
      handle: ({ params }) => ({
        status: 200,
        body: { results: portal.links.typesBetween(typeAt(params, 0).name, typeAt(params, 1).name).map(presentLabel) },
      }),
    },
    {
      method: 'POST',
      pattern: labels,
      scopes: linkScopes(context, 'write', 0, 1),
      handle: ({ params, body }) => {
        const input = readBody(labelInput, body);
        const made = portal.addLabel(typeAt(params, 0), typeAt(params, 1), input.label, input.inverseLabel ?? input.label);
        return { status: 200, body: { results: made.map(presentLabel) } };
      },
    },
    {
      method: 'DELETE',
      pattern: oneLabel,
      scopes: linkScopes(context, 'write', 0, 1),
      handle: ({ params }) => {
        portal.links.removeType(portal.links.type(typeAt(params, 0).name, typeAt(params, 1).name, 'USER_DEFINED', Number(params[2])));
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      pattern: plainPair,
      scopes: linkScopes(context, 'write', 0, 2),
      handle: ({ params, writer }) => {
        const from = typeAt(params, 0);
        const to = typeAt(params, 2);
        const type = portal.links.plain(from.name, to.name);
        if (!portal.link(type, params[1] ?? '', params[3] ?? '', writer)) throw recordNotFound();
        const back = portal.links.plain(to.name, from.name);
        const results = [presentSpec(type, params[1] ?? '', params[3] ?? ''), presentSpec(back, params[3] ?? '', params[1] ?? '')];
        const at = new Date(portal.now()).toISOString();
        return { status: 200, body: { status: 'COMPLETE', results, startedAt: at, completedAt: at } };
      },
    },
    {
      method: 'PUT',
      pattern: onePair,
      scopes: linkScopes(context, 'write', 0, 2),
      handle: ({ params, body, writer }) => {
        const [from, to] = [typeAt(params, 0), typeAt(params, 2)];
        const types = readBody(z.array(associationTypeInput).min(1), body).map((each) => linkType(context, from, to, each));
        for (const type of types) if (!portal.link(type, params[1] ?? '', params[3] ?? '', writer)) throw recordNotFound();
        return { status: 201, body: presentLabels(context, from, to, params[1] ?? '', params[3] ?? '', types) };
      },
    },
    {
      method: 'DELETE',
      pattern: onePair,
      scopes: linkScopes(context, 'write', 0, 2),
      handle: ({ params, writer }) => {
        portal.unlink(typeAt(params, 0).name, typeAt(params, 2).name, undefined, params[1] ?? '', params[3] ?? '', writer);
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      pattern: ofRecord,
      scopes: linkScopes(context, 'read', 0, 2),
      handle: ({ params, query }) => {
        const record = portal.record(typeAt(params, 0), params[1] ?? '');
        const limit = numberInQuery(query, 'limit', context.behaviour.associationPageSize, context.behaviour.associationPageSize);
        const { to, paging } = presentJoined(context, typeAt(params, 0), typeAt(params, 2), record.id, query.get('after') ?? undefined, limit);
        return { status: 200, body: { results: to, ...(paging && { paging }) } };
      },
    },
  ];
}

const presentLabel = (type: LinkType): unknown => ({ category: type.category, typeId: type.typeId, label: type.label });

const presentSpec = (type: LinkType, from: string, to: string): unknown => ({
  from: { id: from },
  to: { id: to },
  associationSpec: { associationCategory: type.category, associationTypeId: type.typeId },
});

/** Ids as both sides of a link. */
export const endInput = z.object({ id: idInput });
export { PAIR as ASSOCIATIONS_PATH };
