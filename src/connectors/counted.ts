import { type CallLog, type CallNote, defined, isRunbackError, messageOf } from '../lib/index.js';
import type { Batch, Connector, Mutation, MutationResult, WriteOptions } from './connector.js';

type Counting = (note: Omit<CallNote, 'at'>) => void;

/**
 * A connector that tells a log what became of every call, by the object type that it was about: the one place that all
 * calls of all drivers pass. `connector` is one that `checked` gave. What is refused is told with its code, its field and its
 * words; what was sent is named with it, so that the log keeps none of it.
 */
export function counted(connector: Connector, at: string, log: CallLog): Connector {
  const tell: Counting = (note) => log.note({ at, ...note });
  return {
    ...connector,
    identify: async (options) => await counting(tell, 'identify', '', async () => await connector.identify(options)),
    describe: async (objects, options) => await counting(tell, 'describe', '', async () => await connector.describe(objects, options)),
    read: (request, options) => countingEach(tell, 'read', request.schema.object, connector.read(request, options)),
    readLinks: (request, options) => countingEach(tell, 'read links', request.link.from, connector.readLinks(request, options)),
    findCreated: async (mutations, since, options) =>
      await counting(tell, 'look up', mutations[0]?.schema.object ?? '', async () => await connector.findCreated(mutations, since, options)),
    write: async (batch, options) => await writing(tell, connector, batch, options),
    ...optional(connector, tell),
    close: async () => {
      const { requests, retries, limited } = connector.usage();
      if (requests > 0) tell({ call: 'request', of: '', outcome: 'ok', count: requests });
      if (retries > 0) tell({ call: 'request', of: '', outcome: 'retried', count: retries });
      if (limited > 0) tell({ call: 'request', of: '', outcome: 'rate-limited', count: limited });
      await connector.close();
    },
  };
}

/** The calls that not every driver has. */
function optional(connector: Connector, tell: Counting): Partial<Connector> {
  return {
    ...(connector.readLines && {
      readLines: (schema, options) => countingEach(tell, 'read', schema.object, connector.readLines?.(schema, options) ?? []),
    }),
    ...(connector.readChanges && {
      readChanges: (request, options) => countingEach(tell, 'read changes', request.schema.object, connector.readChanges?.(request, options) ?? []),
    }),
    ...(connector.writtenSince && {
      writtenSince: (request, options) => countingEach(tell, 'read changes', request.schema.object, connector.writtenSince?.(request, options) ?? []),
    }),
    ...(connector.listsOf && {
      listsOf: async (schema, key, options) =>
        await counting(tell, 'read lists', schema.object, async () => await connector.listsOf?.(schema, key, options)),
    }),
    ...(connector.dailyQuota && {
      dailyQuota: async (options) => await counting(tell, 'quota', '', async () => await connector.dailyQuota?.(options)),
    }),
  };
}

async function counting<T>(tell: Counting, call: string, of: string, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    tell({ call, of, outcome: 'ok' });
    return result;
  } catch (error) {
    failed(tell, call, of, error);
    throw error;
  }
}

async function* countingEach<T>(tell: Counting, call: string, of: string, batches: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  try {
    for await (const batch of batches) {
      tell({ call, of, outcome: 'ok' });
      yield batch;
    }
  } catch (error) {
    failed(tell, call, of, error);
    throw error;
  }
}

function failed(tell: Counting, call: string, of: string, error: unknown): void {
  const ours = isRunbackError(error);
  if (ours && error.code === 'interrupted') return;
  const { status, correlationId } = ours ? error.data : {};
  tell({
    call,
    of,
    outcome: ours ? error.code : 'bug',
    message: ours ? (error.why ?? error.message) : messageOf(error),
    ...(typeof status === 'number' && { status }),
    ...(typeof correlationId === 'string' && { correlationId }),
  });
}

async function writing(tell: Counting, connector: Connector, batch: Batch, options?: WriteOptions): Promise<readonly MutationResult[]> {
  const mutations: readonly Mutation[] = batch;
  const [first] = mutations;
  const call = first?.action ?? 'write';
  const of = first === undefined ? '' : 'schema' in first ? first.schema.object : first.link.from;
  try {
    const results = await connector.write(batch, options);
    let applied = 0;
    for (const [index, result] of results.entries()) {
      if (result.status === 'applied') applied += 1;
      else tell({ call, of, ...refusalOf(result), sent: () => sentBy(mutations[index]) });
    }
    if (applied > 0) tell({ call, of, outcome: 'ok', count: applied });
    return results;
  } catch (error) {
    failed(tell, call, of, error);
    throw error;
  }
}

function refusalOf(
  result: Exclude<MutationResult, { readonly status: 'applied' }>,
): Pick<CallNote, 'outcome' | 'message' | 'field' | 'correlationId'> {
  switch (result.status) {
    case 'moved':
      return { outcome: 'moved' };
    case 'in_doubt':
      return { outcome: 'in-doubt', message: result.message };
    case 'failed':
      return { outcome: 'failed', message: result.message, ...defined({ correlationId: result.correlationId }) };
    case 'rejected': {
      const { reason, message, correlationId, fields } = result;
      return { outcome: reason, message, ...defined({ correlationId, field: fields?.[0] }) };
    }
  }
}

function* sentBy(mutation: Mutation | undefined): Generator<string> {
  if (mutation === undefined) return;
  if ('key' in mutation) yield mutation.key;
  const sets = [...('set' in mutation ? [mutation.set] : []), ...('expect' in mutation ? [mutation.expect] : [])];
  for (const fields of sets)
    for (const value of Object.values(fields)) {
      if (typeof value === 'string' || typeof value === 'number') yield String(value);
      else if (Array.isArray(value)) for (const one of value) if (typeof one === 'string') yield one;
    }
}
