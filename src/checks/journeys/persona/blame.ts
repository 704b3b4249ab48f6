import type { CallOptions } from '../../../lib/index.js';
import type { Place } from './facts.js';
import type { Judged } from './judge.js';

/** Most fields of which is asked who wrote them: one request each. */
const MOST_ASKED = 10;

/** A want that is judged, with who wrote last what is found there, where the platform tells. */
export type Blamed = Judged & { readonly by?: string };

const ASKED: ReadonlySet<Judged['verdict']> = new Set(['lost', 'shrunk', 'opt-out-undone', 'wrong', 'truncated']);

/** Asks platforms with a history who wrote what is not right. Only of what is told now for the first time. */
export async function blamed(
  judged: readonly Judged[],
  keyOf: (n: number, place: string) => string | undefined,
  places: readonly Place[],
  call: CallOptions,
): Promise<readonly Blamed[]> {
  const asked = judged.filter(({ verdict, told, field }) => ASKED.has(verdict) && told === undefined && field !== undefined).slice(0, MOST_ASKED);
  const writers = new Map<Judged, string>();
  for (const want of asked) {
    const by = await writerOf(want, keyOf(want.n, want.place), places, call);
    if (by !== undefined) writers.set(want, by);
  }
  return judged.map((want) => {
    const by = writers.get(want);
    return by === undefined ? want : { ...want, by };
  });
}

async function writerOf(
  { place: name, field }: Judged,
  key: string | undefined,
  places: readonly Place[],
  call: CallOptions,
): Promise<string | undefined> {
  const place = places.find((each) => each.name === name);
  if (place === undefined || key === undefined || place.platform.connector.capabilities.history !== 'field') return undefined;
  // What a person looks like who opted out may be several fields: the first one tells.
  const [first = ''] = (field ?? '').split(', ');
  if (!place.schema.fields.some((each) => each.name === first)) return undefined;
  const { connector } = place.platform;
  for await (const { history } of connector.read({ schema: place.schema, keys: [key], history: [first], historyMayLack: true }, call))
    for (const { fields } of history?.values() ?? []) {
      const [last] = fields[first] ?? [];
      if (last !== undefined) return last.label ?? last.writer;
    }
  return undefined;
}
