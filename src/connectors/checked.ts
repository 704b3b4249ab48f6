import { type CallOptions, isRunbackError, messageOf } from '../lib/index.js';
import { broken, READ_ONLY } from './checks/broken.js';
import { checkLines, checkSchema, LinkCheck, ReadCheck } from './checks/reads.js';
import { checkBatch, checkLookup, trusted } from './checks/writes.js';
import type { Batch, Connector, Mutation, MutationResult, NeverAgain, WriteOptions } from './connector.js';

/**
 * A connector that holds a driver to `connector.ts`, in production too. What breaks a promise is thrown as
 * `connector-broken`, before it is used; of a write, what cannot be trusted becomes `in_doubt`, and a note says why.
 * Costs a comparison a record or line, keeps what was asked for by key, and never asks the platform.
 */
export function checked(connector: Connector): Connector {
  const { kind, capabilities } = connector;
  const of = { kind, ordered: capabilities.ordered };
  return {
    kind,
    capabilities,
    async identify(options) {
      const identity = await foreseen(kind, options, async () => await connector.identify(options));
      if (identity.account === '') throw broken(kind, 'it says which account it is', 'It named none', READ_ONLY);
      return identity;
    },
    async describe(objects, options) {
      const schema = await foreseen(kind, options, async () => await connector.describe(objects, options));
      checkSchema(kind, schema);
      return schema;
    },
    async *read(request, options) {
      const check = new ReadCheck(of, request);
      for await (const batch of foreseenEach(kind, options, connector.read(request, options))) {
        check.batch(batch);
        yield batch;
      }
    },
    ...(connector.readLines && {
      readLines: (...[schema, options]: Parameters<NonNullable<Connector['readLines']>>) => lines(connector, schema, options),
    }),
    ...(connector.readChanges && {
      readChanges: (...[request, options]: Parameters<NonNullable<Connector['readChanges']>>) => changes(connector, request, options),
    }),
    ...(connector.writtenSince && {
      writtenSince: (...[request, options]: Parameters<NonNullable<Connector['writtenSince']>>) => written(connector, request, options),
    }),
    async *readLinks(request, options) {
      const check = new LinkCheck(of, request);
      for await (const batch of foreseenEach(kind, options, connector.readLinks(request, options))) {
        check.batch(batch);
        yield batch;
      }
    },
    write: async (mutations, options) => await write(connector, mutations, options),
    async findCreated(mutations, since, options) {
      const found = await foreseen(kind, options, async () => await connector.findCreated(mutations, since, options));
      checkLookup(kind, mutations, found);
      return found;
    },
    usage: () => connector.usage(),
    close: async () => await connector.close(),
    ...passedOn(connector),
  };
}

/** What needs no check, where a driver has it. */
function passedOn(connector: Connector): Partial<Connector> {
  const { kind } = connector;
  return {
    ...(connector.outcomeOf && {
      outcomeOf: async (token, options) => await foreseen(kind, options, async () => (await connector.outcomeOf?.(token, options)) ?? 'unknown'),
    }),
    ...(connector.undeletable && {
      undeletable: async (schema, keys, options) => {
        const back = await foreseen(kind, options, async () => (await connector.undeletable?.(schema, keys, options)) ?? new Set<string>());
        const asked = new Set(keys);
        for (const key of back)
          if (!asked.has(key)) throw broken(kind, 'only what was asked for is given', `It gave ${key} (${schema.object})`, READ_ONLY);
        return back;
      },
    }),
    ...(connector.deletedAt && {
      deletedAt: async (schema, keys, options) => {
        const told = await foreseen(kind, options, async () => (await connector.deletedAt?.(schema, keys, options)) ?? new Map<string, string>());
        const asked = new Set(keys);
        for (const key of told.keys())
          if (!asked.has(key)) throw broken(kind, 'only what was asked for is given', `It gave ${key} (${schema.object})`, READ_ONLY);
        return told;
      },
    }),
    ...(connector.mergedAway && {
      mergedAway: async (schema, since, options) =>
        await foreseen(kind, options, async () => (await connector.mergedAway?.(schema, since, options)) ?? []),
    }),
    ...(connector.neverAgain && {
      neverAgain: async (schema, keys, options) => {
        const never = await foreseen(
          kind,
          options,
          async () => (await connector.neverAgain?.(schema, keys, options)) ?? new Map<string, NeverAgain>(),
        );
        const asked = new Set(keys);
        for (const key of never.keys())
          if (!asked.has(key)) throw broken(kind, 'only what was asked for is given', `It gave ${key} (${schema.object})`, READ_ONLY);
        return never;
      },
    }),
    ...(connector.dailyQuota && {
      dailyQuota: async (options) => await foreseen(kind, options, async () => await connector.dailyQuota?.(options)),
    }),
    ...(connector.optionLabels && {
      optionLabels: async (object, options) =>
        await foreseen(kind, options, async () => (await connector.optionLabels?.(object, options)) ?? new Map()),
    }),
    ...(connector.listsOf && {
      listsOf: async (schema, key, options) => await foreseen(kind, options, async () => await connector.listsOf?.(schema, key, options)),
    }),
    ...(connector.settings && {
      settings: async (area, schema, options) => await foreseen(kind, options, async () => (await connector.settings?.(area, schema, options)) ?? []),
    }),
    ...(connector.probe && {
      probe: (...[objects, options]: Parameters<NonNullable<Connector['probe']>>) =>
        foreseenEach(kind, options, connector.probe?.(objects, options) ?? []),
    }),
    ...(connector.writtenBetween && {
      writtenBetween: async (request, options) => await foreseen(kind, options, async () => await connector.writtenBetween?.(request, options)),
    }),
    ...(connector.count && {
      count: async (request, options) => {
        const found = await foreseen(kind, options, async () => await connector.count?.(request, options));
        if (found !== undefined && (!Number.isSafeInteger(found) || found < 0))
          throw broken(kind, 'a count is a whole number', `It gave ${String(found)} (${request.schema.object})`, READ_ONLY);
        return found;
      },
    }),
    ...(connector.sideEffects && {
      sideEffects: (request, options) => foreseenEach(kind, options, connector.sideEffects?.(request, options) ?? []),
    }),
    ...(connector.objectTypes && {
      objectTypes: async (options) => await foreseen(kind, options, async () => (await connector.objectTypes?.(options)) ?? []),
    }),
    ...(connector.referrers && {
      referrers: async (object, options) => await foreseen(kind, options, async () => (await connector.referrers?.(object, options)) ?? []),
    }),
    ...(connector.lacks && {
      lacks: async (schemas, options) => await foreseen(kind, options, async () => (await connector.lacks?.(schemas, options)) ?? []),
    }),
    ...(connector.advice && {
      advice: async (options) => await foreseen(kind, options, async () => (await connector.advice?.(options)) ?? []),
    }),
    ...(connector.settled && {
      settled: async (sentAt, options) => await foreseen(kind, options, async () => (await connector.settled?.(sentAt, options)) ?? false),
    }),
    ...(connector.pace && { pace: connector.pace.bind(connector) }),
    ...(connector.keptChanges && { keptChanges: (object) => connector.keptChanges?.(object) ?? 0 }),
    ...(connector.pageOf && { pageOf: (object) => connector.pageOf?.(object) }),
    ...(connector.nameIn && { nameIn: (object, schema) => connector.nameIn?.(object, schema) ?? object }),
    ...(connector.now && { now: () => connector.now?.() }),
    ...(connector.settingsMayHaveChanged && { settingsMayHaveChanged: () => connector.settingsMayHaveChanged?.() }),
    ...(connector.aheadMs && { aheadMs: () => connector.aheadMs?.() }),
    ...(connector.beginRead && { beginRead: async (options) => await foreseen(kind, options, async () => await connector.beginRead?.(options)) }),
    ...(connector.endRead && { endRead: async () => await connector.endRead?.() }),
    ...(connector.beginWrite && { beginWrite: (options) => connector.beginWrite?.(options) }),
  };
}

async function* lines(
  connector: Connector,
  ...[schema, options]: Parameters<NonNullable<Connector['readLines']>>
): ReturnType<NonNullable<Connector['readLines']>> {
  for await (const batch of foreseenEach(connector.kind, options, connector.readLines?.(schema, options) ?? [])) {
    checkLines(connector.kind, schema.object, batch);
    yield batch;
  }
}

async function* changes(
  connector: Connector,
  ...[request, options]: Parameters<NonNullable<Connector['readChanges']>>
): ReturnType<NonNullable<Connector['readChanges']>> {
  const { kind } = connector;
  const check = new ReadCheck({ kind, ordered: false }, { schema: request.schema });
  let ended = false;
  for await (const batch of foreseenEach(kind, options, connector.readChanges?.(request, options) ?? [])) {
    if (ended) throw broken(kind, 'after unclear changes nothing more is told', `It told more (${request.schema.object})`, READ_ONLY);
    if ('changed' in batch) check.batch({ records: batch.changed });
    ended = 'unclear' in batch;
    yield batch;
  }
}

async function* written(
  connector: Connector,
  ...[request, options]: Parameters<NonNullable<Connector['writtenSince']>>
): ReturnType<NonNullable<Connector['writtenSince']>> {
  const { kind } = connector;
  const given = new Set<string>();
  for await (const batch of foreseenEach(kind, options, connector.writtenSince?.(request, options) ?? [])) {
    for (const key of 'keys' in batch ? batch.keys : []) {
      if (given.has(key)) throw broken(kind, 'each key comes once', `It gave ${key} twice (${request.schema.object})`, READ_ONLY);
      given.add(key);
    }
    yield batch;
  }
}

async function write(connector: Connector, batch: Batch, options: WriteOptions = {}): Promise<readonly MutationResult[]> {
  const { kind } = connector;
  const mutations: readonly Mutation[] = batch;
  checkBatch(kind, connector.capabilities, mutations);
  const before = connector.usage().requests;
  const ofCaller = new Set<unknown>();
  const { committing } = options;
  const telling = committing && {
    committing: async (commit: Parameters<typeof committing>[0]): Promise<void> => {
      try {
        await committing(commit);
      } catch (error) {
        ofCaller.add(error);
        throw error;
      }
    },
  };
  try {
    const { results, fault } = trusted(kind, mutations, await connector.write(batch, { ...options, ...telling }));
    if (fault !== undefined) options.reporter?.note(`The connector ${kind} is at fault: ${fault}. What it wrote is read again.`);
    return results;
  } catch (error) {
    if (ofCaller.has(error) || isForeseen(error, options)) throw error;
    const instead = `It failed with: ${messageOf(error)}`;
    if (connector.usage().requests === before) throw broken(kind, 'what goes wrong is foreseen', instead, 'Nothing was sent.', error);
    return mutations.map(() => ({ status: 'in_doubt', message: `The connector ${kind} is at fault: it failed with ${messageOf(error)}` }));
  }
}

/** Errors that a driver may throw: ours, and the reason of whoever stopped it. */
function isForeseen(error: unknown, { signal }: CallOptions): boolean {
  return isRunbackError(error) || signal?.aborted === true;
}

async function foreseen<T>(kind: string, options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isForeseen(error, options ?? {}) ? error : unforeseen(kind, error);
  }
}

async function* foreseenEach<T>(kind: string, options: CallOptions | undefined, batches: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  try {
    yield* batches;
  } catch (error) {
    throw isForeseen(error, options ?? {}) ? error : unforeseen(kind, error);
  }
}

function unforeseen(kind: string, error: unknown): Error {
  return broken(kind, 'what goes wrong is foreseen', `It failed with: ${messageOf(error)}`, READ_ONLY, error);
}
