import { z } from 'zod';

import type { ObjectType } from '../state/object-type.js';
import { ASSOCIATIONS_PATH, endInput, linkScopes, linkType } from './associations.js';
import { batchAnswer, type BatchError } from './batch-answer.js';
import { associationTypeInput, idInput, readInputs } from './inputs.js';
import { presentJoined, presentLabels } from './links-answer.js';
import type { ApiAnswer, ApiContext, ApiRequest, Route } from './route.js';

const READ = 1000;
const WRITE = 2000;

const pairInput = z.object({ from: endInput, to: endInput });
const typedPairInput = pairInput.extend({ types: z.array(associationTypeInput).min(1) });
const archiveInput = z.object({ from: endInput, to: z.array(endInput) });
const readInput = z.object({ id: idInput, after: z.string().nullish() });

/** Links in batches: 1000 records a read, 2000 links a write. Errors of a create name no input, as at HubSpot. */
export function associationBatchRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const batch = (verb: string, right: 'read' | 'write', handle: (from: ObjectType, to: ObjectType, request: ApiRequest) => ApiAnswer): Route => ({
    method: 'POST',
    pattern: new RegExp(`^${ASSOCIATIONS_PATH}/batch/${verb}/?$`),
    scopes: linkScopes(context, right, 0, 1),
    handle: (request) => handle(portal.types.get(request.params[0] ?? ''), portal.types.get(request.params[1] ?? ''), request),
  });
  return [
    batch('read', 'read', (from, to, request) => readLinks(context, from, to, request)),
    batch('create', 'write', (from, to, request) => createLinks(context, from, to, request)),
    batch('associate/default', 'write', (from, to, request) => createPlainLinks(context, from, to, request)),
    batch('archive', 'write', (from, to, request) => {
      const inputs = readInputs(archiveInput, request.body, WRITE);
      for (const input of inputs) for (const other of input.to) portal.unlink(from.name, to.name, undefined, input.from.id, other.id, request.writer);
      return { status: 204 };
    }),
    batch('labels/archive', 'write', (from, to, request) => {
      const inputs = readInputs(typedPairInput, request.body, WRITE).map((input) => ({
        ...input,
        types: input.types.map((each) => linkType(context, from, to, each)),
      }));
      for (const input of inputs) for (const type of input.types) portal.unlink(from.name, to.name, type, input.from.id, input.to.id, request.writer);
      return { status: 204 };
    }),
  ];
}

function readLinks(context: ApiContext, from: ObjectType, to: ObjectType, request: ApiRequest): ApiAnswer {
  const results: unknown[] = [];
  const errors: BatchError[] = [];
  for (const { id, after } of readInputs(readInput, request.body, READ)) {
    const record = context.portal.table(from).find(id);
    const joined = record && presentJoined(context, from, to, record.id, after ?? undefined, context.behaviour.associationPageSize);
    if (joined && (joined.to.length > 0 || after)) results.push({ from: { id }, ...joined });
    else errors.push(noneFound(from, to, id));
  }
  return batchAnswer(context.portal.random.shuffle(results), errors, 200, context.portal.now());
}

const noneFound = (from: ObjectType, to: ObjectType, id: string): BatchError => ({
  status: 'error',
  category: 'OBJECT_NOT_FOUND',
  subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
  message: `No ${to.singular.toLowerCase()} is associated with ${from.singular.toLowerCase()} ${id}.`,
  context: { fromObjectId: [id], fromObjectType: [from.singular.toLowerCase()], toObjectType: [to.singular.toLowerCase()] },
});

/** An error that does not say which pair it is about: the caller has to compare what came back with what was sent. */
const someMissing: BatchError = { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'One or more of the objects do not exist' };

function createLinks(context: ApiContext, from: ObjectType, to: ObjectType, request: ApiRequest): ApiAnswer {
  const inputs = readInputs(typedPairInput, request.body, WRITE).map((input) => ({
    ...input,
    types: input.types.map((each) => linkType(context, from, to, each)),
  }));
  const results: unknown[] = [];
  const errors: BatchError[] = [];
  for (const input of inputs) {
    const linked = input.types.every((type) => context.portal.link(type, input.from.id, input.to.id, request.writer));
    if (linked) results.push(presentLabels(context, from, to, input.from.id, input.to.id, input.types));
    else errors.push(someMissing);
  }
  return batchAnswer(context.portal.random.shuffle(results), errors, 201, context.portal.now());
}

function createPlainLinks(context: ApiContext, from: ObjectType, to: ObjectType, request: ApiRequest): ApiAnswer {
  const type = context.portal.links.plain(from.name, to.name);
  const results: unknown[] = [];
  const errors: BatchError[] = [];
  for (const input of readInputs(pairInput, request.body, WRITE)) {
    if (context.portal.link(type, input.from.id, input.to.id, request.writer))
      results.push({
        from: { id: input.from.id },
        to: { id: input.to.id },
        associationSpec: { associationCategory: type.category, associationTypeId: type.typeId },
      });
    else errors.push(someMissing);
  }
  return batchAnswer(context.portal.random.shuffle(results), errors, 200, context.portal.now());
}
