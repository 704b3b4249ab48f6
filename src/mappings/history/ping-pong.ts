/** One entry of the history of a field. */
export interface HistoryEntry {
  /** As the platform holds it, in any form that tells values apart; undefined where it is not told. */
  readonly value?: unknown;
  /** ISO 8601, UTC. */
  readonly at?: string;
  readonly writer?: string;
}

/** Two writers that take turns: each puts its own value in the place of the other's. */
export interface PingPong {
  readonly writers: readonly [string, string];
  /** How often the first value came back on the worst day. */
  readonly returns: number;
  /** When that day's first return was written: ISO 8601, UTC. */
  readonly at: string;
}

const DAY_MS = 86_400_000;
/** A value that comes back so often within 24 hours goes to and fro; fewer times is people who disagree. */
export const RETURNS_A_DAY = 3;

interface Written {
  readonly value: string;
  readonly writer: string;
  readonly at: number;
}

/**
 * Whether a field goes to and fro between two writers: a value A, another one B by another writer, A again by the first, at
 * least {@link RETURNS_A_DAY} times within 24 hours, each return with changes of its own. Values are compared as they
 * stand: two forms of one phone number that push each other out are a ping-pong too.
 * @param entries newest first, as platforms tell them. Entries without a value, a time or a writer end a series: nobody knows
 *   what stood there.
 */
export function pingPongOf(entries: readonly HistoryEntry[]): PingPong | undefined {
  let worst: PingPong | undefined;
  // Either of the two values may be the one that comes back.
  const all = [...seriesOf(entries)].flatMap((series) => [returnsIn(series), returnsIn(series.slice(1))]);
  for (const returns of all)
    for (let first = 0, last = 0; last < returns.length; last += 1) {
      while (atOf(returns, last) - atOf(returns, first) >= DAY_MS) first += 1;
      const count = last - first + 1;
      const start = returns[first];
      if (start === undefined || count < RETURNS_A_DAY || count <= (worst?.returns ?? 0)) continue;
      worst = { writers: start.writers, returns: count, at: new Date(start.at).toISOString() };
    }
  return worst;
}

interface Return {
  readonly at: number;
  readonly writers: readonly [string, string];
}

const atOf = (returns: readonly Return[], index: number): number => returns[index]?.at ?? 0;

/** The returns of the first value of a series that alternates all along. */
function returnsIn(series: readonly Written[]): readonly Return[] {
  const [one, other] = series;
  if (one === undefined || other === undefined) return [];
  return series.filter((_, index) => index >= 2 && index % 2 === 0).map(({ at }) => ({ at, writers: [one.writer, other.writer] }));
}

/** Longest stretches, oldest first, in which two writers take turns with one value each. Two of them share an entry at most. */
function* seriesOf(entries: readonly HistoryEntry[]): Generator<readonly Written[]> {
  let series: Written[] = [];
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const next = writtenOf(entries[index]);
    if (next !== undefined && fits(series, next)) series.push(next);
    else {
      yield series;
      const last = series.at(-1);
      series = next === undefined ? [] : last !== undefined && fits([last], next) ? [last, next] : [next];
    }
  }
  yield series;
}

function fits(series: readonly Written[], next: Written): boolean {
  const [before, last] = [series.at(-2), series.at(-1)];
  if (last !== undefined && (last.value === next.value || last.writer === next.writer)) return false;
  return before === undefined || (before.value === next.value && before.writer === next.writer);
}

function writtenOf(entry: HistoryEntry | undefined): Written | undefined {
  if (entry?.value === undefined || entry.at === undefined || entry.writer === undefined) return undefined;
  const at = Date.parse(entry.at);
  return Number.isNaN(at) ? undefined : { value: JSON.stringify(entry.value), writer: entry.writer, at };
}
