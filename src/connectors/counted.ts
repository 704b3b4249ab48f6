import { type CallLog, type CallNote, defined, isRunbackError, messageOf } from '../lib/index.js';
import type { ObjectSchema } from '../records/index.js';
import type { Batch, Connector, Mutation, MutationResult, WriteOptions } from './connector.js';

/**
 * A connector that tells a log what became of every call, by the object type that it was about, and how many requests it took: the
 * one place that all calls of all drivers pass. `connector` is one that `checked` gave. What is refused is told with its code, its
 * field and its words; what was sent is named with it, so that the log keeps none of it. What never calls the platform is not told.
 */
export function counted(connector: Connector, at: string, log: CallLog): Connector {
  const teller = new Teller(connector, at, log);
  return {
    ...connector,
    identify: async (options) => await teller.call('identify', '', async () => await connector.identify(options)),
    describe: async (objects, options) => await teller.call('describe', '', async () => await connector.describe(objects, options)),
    read: (request, options) => teller.each('read', request.schema.object, connector.read(request, options)),
    readLinks: (request, options) => teller.each('read links', request.link.from, connector.readLinks(request, options)),
    findCreated: async (mutations, since, options) =>
      await teller.call('look up', mutations[0]?.schema.object ?? '', async () => await connector.findCreated(mutations, since, options)),
    write: async (batch, options) => await teller.write(batch, options),
    ...streamed(connector, teller),
    ...asked(connector, teller),
    close: async () => {
      teller.requests();
      await connector.close();
    },
  };
}

/** What not every driver has, and comes in batches. */
function streamed(connector: Connector, teller: Teller): Partial<Connector> {
  return {
    ...(connector.readLines && {
      readLines: (schema, options) => teller.each('read', schema.object, connector.readLines?.(schema, options) ?? []),
    }),
    ...(connector.readChanges && {
      readChanges: (request, options) => teller.each('read changes', request.schema.object, connector.readChanges?.(request, options) ?? []),
    }),
    ...(connector.writtenSince && {
      writtenSince: (request, options) => teller.each('read changes', request.schema.object, connector.writtenSince?.(request, options) ?? []),
    }),
    ...(connector.sideEffects && {
      sideEffects: (request, options) => teller.each('read side effects', '', connector.sideEffects?.(request, options) ?? []),
    }),
    ...(connector.probe && { probe: (objects, options) => teller.each('probe', '', connector.probe?.(objects, options) ?? []) }),
  };
}

/** What not every driver has, and gives one answer. */
function asked(connector: Connector, teller: Teller): Partial<Connector> {
  const one =
    <F, A extends readonly unknown[], R>(call: string, of: (first: NoInfer<F>) => string, work: (first: F, ...rest: A) => Promise<R>) =>
    async (first: F, ...rest: A): Promise<R> =>
      await teller.call(call, of(first), async () => await work(first, ...rest));
  const about = ({ schema }: { readonly schema: ObjectSchema }): string => schema.object;
  const object = (schema: ObjectSchema): string => schema.object;
  const nothing = (): string => '';
  return defined({
    count: connector.count && one('count', about, connector.count.bind(connector)),
    writtenBetween: connector.writtenBetween && one('read changes', about, connector.writtenBetween.bind(connector)),
    listsOf: connector.listsOf && one('read lists', object, connector.listsOf.bind(connector)),
    undeletable: connector.undeletable && one('look up', object, connector.undeletable.bind(connector)),
    deletedAt: connector.deletedAt && one('look up', object, connector.deletedAt.bind(connector)),
    mergedAway: connector.mergedAway && one('look up', object, connector.mergedAway.bind(connector)),
    neverAgain: connector.neverAgain && one('look up', object, connector.neverAgain.bind(connector)),
    outcomeOf: connector.outcomeOf && one('look up', nothing, connector.outcomeOf.bind(connector)),
    objectTypes: connector.objectTypes && one('describe', nothing, connector.objectTypes.bind(connector)),
    referrers: connector.referrers && one('describe', (name) => name, connector.referrers.bind(connector)),
    optionLabels: connector.optionLabels && one('describe', (name) => name, connector.optionLabels.bind(connector)),
    settings: connector.settings && one('describe', nothing, connector.settings.bind(connector)),
    advice: connector.advice && one('describe', nothing, connector.advice.bind(connector)),
    lacks: connector.lacks && one('describe', nothing, connector.lacks.bind(connector)),
    dailyQuota: connector.dailyQuota && one('quota', nothing, connector.dailyQuota.bind(connector)),
    beginRead: connector.beginRead && one('read', nothing, connector.beginRead.bind(connector)),
  });
}

/** Tells the log of one connector. */
class Teller {
  #told = { requests: 0, retries: 0, limited: 0 };

  constructor(
    private readonly connector: Connector,
    private readonly at: string,
    private readonly log: CallLog,
  ) {}

  async call<T>(call: string, of: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#tell({ call, of, outcome: 'ok' });
      return result;
    } catch (error) {
      this.#failed(call, of, error);
      throw error;
    } finally {
      this.requests();
    }
  }

  async *each<T>(call: string, of: string, batches: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
    try {
      for await (const batch of batches) {
        this.#tell({ call, of, outcome: 'ok' });
        this.requests();
        yield batch;
      }
    } catch (error) {
      this.#failed(call, of, error);
      throw error;
    } finally {
      this.requests();
    }
  }

  async write(batch: Batch, options?: WriteOptions): Promise<readonly MutationResult[]> {
    const mutations: readonly Mutation[] = batch;
    const [first] = mutations;
    const call = first?.action ?? 'write';
    const of = first === undefined ? '' : 'schema' in first ? first.schema.object : first.link.from;
    try {
      const results = await this.connector.write(batch, options);
      let applied = 0;
      for (const [index, result] of results.entries()) {
        if (result.status === 'applied') applied += 1;
        else this.#tell({ call, of, ...refusalOf(result), sent: () => sentBy(mutations[index]) });
      }
      if (applied > 0) this.#tell({ call, of, outcome: 'ok', count: applied });
      return results;
    } catch (error) {
      this.#failed(call, of, error);
      throw error;
    } finally {
      this.requests();
    }
  }

  /** Requests since the last time, in the hour in which they were made. */
  requests(): void {
    const { requests, retries, limited } = this.connector.usage();
    const told = this.#told;
    const counts = { ok: requests - told.requests, retried: retries - told.retries, 'rate-limited': limited - told.limited };
    this.#told = { requests, retries, limited };
    for (const [outcome, count] of Object.entries(counts)) if (count > 0) this.#tell({ call: 'request', of: '', outcome, count });
  }

  #failed(call: string, of: string, error: unknown): void {
    const ours = isRunbackError(error);
    if (ours && error.code === 'interrupted') return;
    const { status, correlationId } = ours ? error.data : {};
    this.#tell({
      call,
      of,
      outcome: ours ? error.code : 'bug',
      message: ours ? (error.why ?? error.message) : messageOf(error),
      ...(typeof status === 'number' && { status }),
      ...(typeof correlationId === 'string' && { correlationId }),
    });
  }

  #tell(note: Omit<CallNote, 'at'>): void {
    this.log.note({ at: this.at, ...note });
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
