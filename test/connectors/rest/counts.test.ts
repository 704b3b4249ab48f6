import { describe, expect, it } from 'vitest';

import type { Connector } from '../../../src/connectors/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import { descriptionOf, opened, type Says, schemaOf, type Seen, startServer, useWorkspace } from './support.js';

/** A user would lose: a night's sleep over a count that was never one, or a stop behind a total that counts everything. */

const { folder, open, write } = useWorkspace();
const LIST = '{ get: /people, items: data, total: total, pages: { by: none } }';
const HOUR = Date.parse('2026-03-02T08:00:00Z');
const END = HOUR + 3_600_000;

async function platform(more: string, answer: (seen: Seen) => Says): Promise<{ connector: Connector; seen: Seen[] }> {
  const server = await startServer(answer);
  open.push(server);
  await write(descriptionOf({ list: LIST, more }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  return { connector, seen: server.seen };
}

async function counted(connector: Connector, event: 'created' | 'changed', writer?: string): Promise<number | undefined> {
  const request = { schema: await schemaOf(connector), event, from: new Date(HOUR), to: new Date(END), ...(writer !== undefined && { writer }) };
  return await connector.count?.(request);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!isRunbackError(error)) throw new Error(`no refusal: ${JSON.stringify(error)}`);
  return `${error.code}: ${error.message}`;
}

/** Records by their times: what a platform counts that heeds what it is asked. */
const between =
  (times: readonly number[], [since, before]: readonly [string, string], parse: (text: string) => number, most = Infinity) =>
  ({ query }: Seen): Says => {
    const bound = (name: string, otherwise: number): number => (query.has(name) ? parse(query.get(name) ?? '') : otherwise);
    const found = times.filter((at) => at >= bound(since, -Infinity) && at < bound(before, Infinity)).length;
    return { body: { data: [], total: Math.min(found, most) } };
  };
const TIMES = [HOUR - 1000, HOUR, HOUR + 1000, HOUR + 1_800_000, END - 1000, END, END + 5000];

describe('counts that a description declares', () => {
  const CREATED = `counted: { created: { get: /people/count, query: { gte: '{from}', lt: '{to}' }, total: total } }`;

  it('are asked for with one request, its first moment in it and its end not', async () => {
    const { connector, seen } = await platform(CREATED, between(TIMES, ['gte', 'lt'], Date.parse));
    expect(await counted(connector, 'created')).toBe(4);
    const before = seen.length;
    expect(await counted(connector, 'created')).toBe(4);
    expect(seen.length - before).toBe(1);
    expect(seen.at(-1)?.query.get('gte')).toBe('2026-03-02T08:00:00.000Z');
  });

  it('in seconds, up to the last one, where a platform counts the end too', async () => {
    const { connector } = await platform(
      `counted: { created: { get: /people, query: { from: '{from}', until: '{last}' }, total: total, times: seconds } }`,
      ({ query }) => {
        const [from, until] = ['from', 'until'].map((name) => Number(query.get(name)) * 1000);
        return { body: { total: String(TIMES.filter((at) => at >= Number(from) && at <= Number(until)).length) } };
      },
    );
    expect(await counted(connector, 'created')).toBe(4);
  });

  it('where totals stop at a number, shorter times are asked for; of one second that holds as many nothing is known', async () => {
    const capped = `counted: { created: { get: /people, query: { gte: '{from}', lt: '{to}' }, total: total, most: 10 } }`;
    const many = Array.from({ length: 137 }, (_, n) => HOUR + n * 25_000);
    const { connector } = await platform(capped, between(many, ['gte', 'lt'], Date.parse, 10));
    expect(await counted(connector, 'created')).toBe(137);
    const atOnce = await platform(
      capped,
      between(
        many.map(() => HOUR + 5000),
        ['gte', 'lt'],
        Date.parse,
        10,
      ),
    );
    expect(await counted(atOnce.connector, 'created')).toBeUndefined();
  });

  it('are not believed of a platform that leaves out a query that it does not know', async () => {
    const { connector } = await platform(CREATED, () => ({ body: { total: 4711 } }));
    expect(await refusal(counted(connector, 'created'))).toMatch(/^platform-nonsense: .*the times of the query are not heeded \(d\.yml:\d+\)$/u);
  });

  it('nor without a number', async () => {
    const { connector } = await platform(CREATED, () => ({ body: { total: 'many' } }));
    expect(await refusal(counted(connector, 'created'))).toMatch(/it says no number of people at total/u);
  });

  it('are told for no writer, and not for what is not declared', async () => {
    const { connector } = await platform(CREATED, between(TIMES, ['gte', 'lt'], Date.parse));
    expect(await counted(connector, 'created', 'ann')).toBeUndefined();
    expect(await counted(connector, 'changed')).toBeUndefined();
  });

  it('say what they are asked with', async () => {
    const refused = platform(`counted: { created: { get: /people, query: { gte: '{since}' }, total: total } }`, () => ({ body: {} }));
    expect(await refusal(refused)).toMatch(/file-invalid/u);
  });
});

describe('changes of which only those since a time can be listed', () => {
  const CHANGED = `changed: { get: /people, query: { since: '{since}' }, items: data, total: total, pages: { by: none } }`;

  it('are counted by two totals', async () => {
    const { connector, seen } = await platform(CHANGED, between(TIMES, ['since', 'before'], Date.parse));
    await counted(connector, 'changed');
    const before = seen.length;
    expect(await counted(connector, 'changed')).toBe(4);
    expect(seen.length - before).toBe(2);
  });

  it('are no count without a total', async () => {
    const { connector } = await platform(CHANGED.replace('total: total, ', ''), () => ({ body: { data: [] } }));
    expect(connector.count).toBeUndefined();
  });
});
