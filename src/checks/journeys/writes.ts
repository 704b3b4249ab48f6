import { batchOf, type Connector, type Mutation } from '../../connectors/index.js';
import { type CallOptions, chunksOf, type Clock } from '../../lib/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';

/** What became of one write, by the platform's word; `unknown`: the answer was lost, and nothing tells. */
export type Outcome =
  | { readonly state: 'done'; readonly key: string }
  | { readonly state: 'refused'; readonly why: string }
  | { readonly state: 'unknown'; readonly why: string };

/** Writes each once, in batches. A create whose answer was lost is looked up; nothing is sent a second time. */
export async function writeAll(
  connector: Connector,
  mutations: readonly Mutation[],
  { clock, call }: { readonly clock: Clock; readonly call: CallOptions },
): Promise<readonly Outcome[]> {
  const [first] = mutations;
  if (first === undefined) return [];
  const outcomes: Outcome[] = [];
  for (const some of chunksOf(mutations, connector.capabilities.batch[first.action])) {
    const since = connector.now?.() ?? new Date(clock.now().getTime() - CLOCK_MARGIN_MS);
    const results = await connector.write(batchOf(some), call);
    const creates = some.flatMap((mutation, index) => (mutation.action === 'create' && results[index]?.status === 'in_doubt' ? [mutation] : []));
    const lookups = creates.length === 0 ? [] : await connector.findCreated(creates, since, call);
    for (const [index, mutation] of some.entries()) {
      const result = results[index];
      const lookup = mutation.action === 'create' ? lookups[creates.indexOf(mutation)] : undefined;
      const why = result === undefined ? 'no result' : 'message' in result ? result.message : 'others changed it just now';
      if (result?.status === 'applied') outcomes.push({ state: 'done', key: result.key });
      else if (lookup?.state === 'created') outcomes.push({ state: 'done', key: lookup.key });
      else if (result?.status === 'in_doubt' && lookup?.state !== 'absent') outcomes.push({ state: 'unknown', why });
      else outcomes.push({ state: 'refused', why });
    }
  }
  return outcomes;
}
