import { z } from 'zod';

import { ApiFailure, badRequest } from '../failure.js';
import type { ObjectType } from '../state/object-type.js';
import type { StoredRecord } from '../state/record.js';
import { batchAnswer, type BatchError } from './batch-answer.js';
import { idInput, propertiesInput, readBody, readInputs } from './inputs.js';
import { createInput, linksToMake, OBJECTS_PATH } from './objects.js';
import { presenter, presentWritten, type AnsweredRecord } from './present.js';
import { objectScope, type ApiAnswer, type ApiContext, type ApiRequest, type Route } from './route.js';

const BATCH = 100;
const BATCH_WITH_HISTORY = 50;

const updateInput = z.object({
  id: idInput,
  idProperty: z.string().nullish(),
  properties: propertiesInput,
  objectWriteTraceId: z.string().optional(),
});
const readInput = z.object({
  inputs: z.array(z.object({ id: idInput })),
  idProperty: z.string().nullish(),
  properties: z.array(z.string()).default([]),
  propertiesWithHistory: z.array(z.string()).default([]),
});

/** The batch endpoints: 100 inputs, results in another order than the inputs, 207 as soon as one failed. */
export function objectBatchRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const batch = (verb: string, right: 'read' | 'write', handle: (type: ObjectType, request: ApiRequest) => ApiAnswer): Route => ({
    method: 'POST',
    pattern: new RegExp(`^${OBJECTS_PATH}/batch/${verb}/?$`),
    scopes: (params) => [objectScope(portal.types.get(params[0] ?? ''), right)],
    handle: (request) => handle(portal.types.get(request.params[0] ?? ''), request),
  });
  return [
    batch('read', 'read', (type, request) => batchRead(context, type, request)),
    batch('create', 'write', (type, request) => batchCreate(context, type, request)),
    batch('update', 'write', (type, request) => batchUpdate(context, type, request)),
    batch('upsert', 'write', (type, request) => batchUpsert(context, type, request)),
    batch('archive', 'write', (type, request) => {
      for (const { id } of readInputs(z.object({ id: idInput }), request.body, BATCH)) portal.archive(type, id, request.writer);
      return { status: 204 };
    }),
  ];
}

/** Results come back in an order of HubSpot's own: never that of the inputs when there are two or more. */
function reorder<T>(context: ApiContext, results: readonly T[]): readonly T[] {
  const shuffled = context.portal.random.shuffle(results);
  const same = shuffled.length > 1 && shuffled.every((each, index) => each === results[index]);
  return same ? [...shuffled.slice(1), shuffled[0] as T] : shuffled;
}

const notFound = (type: ObjectType, ids: readonly string[]): readonly BatchError[] =>
  ids.length === 0
    ? []
    : [
        {
          status: 'error',
          category: 'OBJECT_NOT_FOUND',
          message: `Could not get some ${type.singular} objects, they may be deleted or not exist. Check that ids are valid.`,
          context: { ids },
        },
      ];

function batchRead(context: ApiContext, type: ObjectType, request: ApiRequest): ApiAnswer {
  const { portal } = context;
  const input = readBody(readInput, request.body);
  if (input.propertiesWithHistory.length > 0 && input.inputs.length > BATCH_WITH_HISTORY)
    throw badRequest(
      `The maximum number of inputs supported in a batch request for property histories is ${BATCH_WITH_HISTORY}. However, you have supplied ${input.inputs.length}.`,
    );
  readInputs(z.object({ id: idInput }), request.body, BATCH);
  const archived = request.query.get('archived') === 'true';
  const table = portal.table(type);
  const found = new Map<string, StoredRecord>();
  const missing: string[] = [];
  for (const { id } of input.inputs) {
    const key = toId(context, type, id, input.idProperty ?? undefined);
    const candidate = key === undefined ? undefined : archived ? table.at(key) : table.find(key);
    if (candidate && (candidate.archivedAt !== undefined) === archived) found.set(candidate.id, candidate);
    else missing.push(id);
  }
  const results = [...found.values()].map(presenter(type, portal, { properties: input.properties, withHistory: input.propertiesWithHistory }));
  return batchAnswer(reorder(context, results), notFound(type, missing), 200, portal.now());
}

/**
 * All or nothing, unless every input carries a trace id of its own: then each one counts for itself ("multi-status
 * errors", which HubSpot offers for batch create alone).
 */
function batchCreate(context: ApiContext, type: ObjectType, request: ApiRequest): ApiAnswer {
  const { portal } = context;
  const inputs = readInputs(createInput, request.body, BATCH);
  const traces = new Set(inputs.map((each) => each.objectWriteTraceId).filter((each) => each !== undefined));
  const eachForItself = inputs.length > 0 && traces.size === inputs.length;
  if (!eachForItself) {
    for (const input of inputs) {
      portal.checkCreate(type, input.properties, request.writer);
      linksToMake(context, type, input.associations);
    }
    refuseRepeats(
      type,
      inputs.map((each) => each.properties),
    );
  }
  const results: AnsweredRecord[] = [];
  const errors: BatchError[] = [];
  for (const input of inputs) {
    try {
      const links = linksToMake(context, type, input.associations);
      const record = portal.create(type, input.properties, request.writer);
      for (const link of links) portal.link(link.type, record.id, link.to, request.writer);
      results.push({
        ...presentWritten(type, record, portal, Object.keys(input.properties)),
        ...(input.objectWriteTraceId !== undefined && { objectWriteTraceId: input.objectWriteTraceId }),
      });
    } catch (error) {
      if (!eachForItself || !(error instanceof ApiFailure)) throw error;
      errors.push({
        status: 'error',
        category: error.body.category ?? 'VALIDATION_ERROR',
        message: error.message,
        context: { objectWriteTraceId: [input.objectWriteTraceId ?? ''], ...existing(error) },
      });
    }
  }
  return batchAnswer(reorder(context, results), errors, 201, portal.now());
}

/** The record in the way, where the refusal knows one. */
const existing = (error: ApiFailure): Readonly<Record<string, readonly string[]>> => {
  const id = error.body.errors?.[0]?.context?.existingObjectId?.[0] ?? /Existing ID: (\d+)/.exec(error.message)?.[1];
  return id === undefined ? {} : { existingObjectId: [id] };
};

/** Two inputs of one batch with the same unique value fail it as a whole. */
function refuseRepeats(type: ObjectType, inputs: readonly Readonly<Record<string, string>>[]): void {
  for (const definition of type.properties.values()) {
    if (!definition.unique || definition.readOnlyValue) continue;
    const seen = new Set<string>();
    for (const properties of inputs) {
      const value = properties[definition.name]?.trim().toLowerCase();
      if (value === undefined || value === '') continue;
      if (seen.has(value)) throw new ApiFailure(409, `Duplicate values of ${definition.name} in one request: ${value}`, { category: 'CONFLICT' });
      seen.add(value);
    }
  }
}

/** One invalid value or one taken value fails the whole batch; ids that do not exist are told apart in a 207. */
function batchUpdate(context: ApiContext, type: ObjectType, request: ApiRequest): ApiAnswer {
  const { portal } = context;
  const inputs = readInputs(updateInput, request.body, BATCH);
  const ids = inputs.map((input) => toId(context, type, input.id, input.idProperty ?? undefined));
  const repeated = ids.find((id, index) => id !== undefined && ids.indexOf(id) !== index);
  if (repeated !== undefined) throw badRequest(`Duplicate IDs found in batch input: [${repeated}]. IDs must be unique`);
  const found = inputs.map((_, index) => (ids[index] === undefined ? undefined : portal.table(type).find(ids[index])));
  inputs.forEach((input, index) => {
    const record = found[index];
    if (record) portal.checkUpdate(type, record, input.properties, request.writer);
  });
  refuseRepeats(
    type,
    inputs.map((each) => each.properties),
  );
  const results: AnsweredRecord[] = [];
  const missing: string[] = [];
  inputs.forEach((input, index) => {
    const record = found[index];
    if (!record) {
      missing.push(input.id);
      return;
    }
    portal.update(type, record, input.properties, request.writer);
    results.push({
      ...presentWritten(type, record, portal, Object.keys(input.properties), 'batch-update'),
      ...(input.objectWriteTraceId !== undefined && { objectWriteTraceId: input.objectWriteTraceId }),
    });
  });
  return batchAnswer(reorder(context, results), notFound(type, missing), 200, portal.now());
}

function batchUpsert(context: ApiContext, type: ObjectType, request: ApiRequest): ApiAnswer {
  const { portal } = context;
  const inputs = readInputs(updateInput, request.body, BATCH);
  const merged = inputs.map((input) => {
    const named = input.idProperty ?? undefined;
    if (named === undefined || named === 'hs_object_id') return { input, record: portal.record(type, input.id), values: input.properties };
    const id = toId(context, type, input.id, named);
    return { input, record: id === undefined ? undefined : portal.table(type).find(id), values: { ...input.properties, [named]: input.id } };
  });
  for (const { record, values } of merged)
    asConflict(() => (record ? portal.checkUpdate(type, record, values, request.writer) : portal.checkCreate(type, values, request.writer)));
  refuseRepeats(
    type,
    merged.map((each) => each.values),
  );
  const results = merged.map(({ input, record, values }) => {
    const target = record ?? portal.create(type, values, request.writer);
    if (record) portal.update(type, record, values, request.writer);
    return {
      ...presentWritten(type, target, portal, Object.keys(values)),
      new: record === undefined,
      ...(input.objectWriteTraceId !== undefined && { objectWriteTraceId: input.objectWriteTraceId }),
    };
  });
  return batchAnswer(reorder(context, results), [], 200, portal.now());
}

/** An upsert tells every kind of taken value as a conflict, and one refuses the whole batch. */
function asConflict(check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (error instanceof ApiFailure && error.body.errors?.some((each) => each.code === 'CONFLICTING_UNIQUE_VALUE'))
      throw new ApiFailure(409, error.message, { ...error.body, category: 'CONFLICT' });
    throw error;
  }
}

/**
 * The id behind a value of a unique property; the value itself when no property is named. Undefined when nobody holds
 * it.
 */
function toId(context: ApiContext, type: ObjectType, value: string, idProperty: string | undefined): string | undefined {
  if (idProperty === undefined || idProperty === 'hs_object_id') return value;
  if (!type.properties.get(idProperty)?.unique)
    throw badRequest(`Unable to perform update/upsert by non-unique ${type.typeId} property ${idProperty}`);
  return context.portal.table(type).holder(idProperty, value);
}
