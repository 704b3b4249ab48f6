import { expect, it, onTestFinished } from 'vitest';

import { counted } from '../../src/connectors/counted.js';
import { type Connector, openPlatform } from '../../src/connectors/index.js';
import { type CallNote, systemClock } from '../../src/lib/index.js';
import { startHubSpotSandbox } from '../../src/sandbox/index.js';
import { all, configOf, seed } from './hubspot-support.js';

/** What `connector.ts` says never calls the platform, or only ends something. */
const SILENT = ['beginWrite', 'kind', 'capabilities', 'usage', 'pace', 'now', 'aheadMs', 'pageOf', 'nameIn', 'keptChanges', 'settingsMayHaveChanged'];
const ENDS = ['settled', 'endRead', 'close'];
const STREAMS = ['read', 'readLinks', 'readLines', 'readChanges', 'writtenSince', 'sideEffects', 'probe'];
const ASKS = [
  'identify',
  'describe',
  'write',
  'findCreated',
  'count',
  'writtenBetween',
  'listsOf',
  'undeletable',
  'deletedAt',
  'mergedAway',
  'neverAgain',
  'outcomeOf',
  'objectTypes',
  'optionLabels',
  'referrers',
  'settings',
  'advice',
  'lacks',
  'dailyQuota',
  'beginRead',
];

/** A word for a request of any of them. */
const WORD = { schema: { object: 'things' }, link: { from: 'things' }, object: 'things', length: 0 };

function wholeConnector(): { readonly connector: Connector; readonly fails: () => void } {
  let isBroken = false;
  let requests = 0;
  const answer = (): never[] => {
    requests += 1;
    if (isBroken) throw new Error('out of order');
    return [];
  };
  const asks = ASKS.map((name) => [name, async () => await Promise.resolve().then(answer)]);
  const streams = STREAMS.map((name) => [
    name,
    async function* () {
      yield await Promise.resolve().then(answer);
    },
  ]);
  const usage = (): unknown => ({ requests, retries: 0, limited: 0 });
  const connector = { ...Object.fromEntries([...asks, ...streams]), usage, close: async () => await Promise.resolve() } as unknown as Connector;
  return { connector, fails: () => void (isBroken = true) };
}

it('knows every function of the seam', async () => {
  const source = await import('node:fs/promises').then(async ({ readFile }) =>
    readFile(new URL('../../src/connectors/connector.ts', import.meta.url), 'utf8'),
  );
  const body = /export interface Connector \{([\s\S]*?)\n\}/u.exec(source)?.[1] ?? '';
  const names = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gmu)].map(([, name]) => name ?? '');
  expect(names.sort()).toEqual([...SILENT, ...ENDS, ...STREAMS, ...ASKS].sort());
});

it.each([...ASKS, ...STREAMS])('%s is told once with its request, whether it goes well or not', async (name) => {
  for (const outcome of ['ok', 'bug']) {
    const { connector, fails } = wholeConnector();
    if (outcome === 'bug') fails();
    const notes: CallNote[] = [];
    const told = counted(connector, 'crm', { note: (note) => notes.push(note) });
    const called = (told as unknown as Record<string, (...words: unknown[]) => Promise<unknown> & AsyncIterable<unknown>>)[name]?.(
      name === 'write' ? [] : WORD,
      WORD,
    );
    if (called === undefined) throw new Error(`${name} is not passed on`);
    await (STREAMS.includes(name) ? all(called) : called).catch(() => undefined);
    const own = notes.filter(({ call }) => call !== 'request');
    // A batch in which nothing was to be written is told by its request alone.
    if (name !== 'write' || outcome === 'bug') expect(own.map((note) => note.outcome)).toEqual([outcome]);
    expect(notes.filter(({ call }) => call === 'request')).toMatchObject([{ at: 'crm', outcome: 'ok', count: 1 }]);
  }
});

it('tells as many requests as the platform sees, at the time of each call', async () => {
  const sandbox = await startHubSpotSandbox({ seed: 3 });
  onTestFinished(async () => await sandbox.stop());
  const notes: CallNote[] = [];
  const calls = { note: (note: CallNote) => void notes.push(note) };
  const secret = async (): Promise<string> => await Promise.resolve(sandbox.token);
  const deps = { secret, clock: systemClock, folder: '.', environment: {}, redact: (text: string) => text, calls, writes: 'private' } as const;
  const platform = await openPlatform(configOf(sandbox), deps);
  onTestFinished(async () => await platform.close());
  const { connector } = platform;
  const told = (): number => notes.reduce((sum, { call, outcome, count = 1 }) => sum + (call === 'request' && outcome === 'ok' ? count : 0), 0);
  seed(sandbox, 'contacts', [{ email: 'a@example.com' }]);
  const [schema] = (await connector.describe(['contacts'])).objects;
  if (schema === undefined) throw new Error('no contacts');
  expect(told()).toBe(sandbox.counts().requests);
  const hour = new Date();
  expect(
    await connector.count?.({ schema, event: 'created', from: new Date(hour.getTime() - 3_600_000), to: new Date(hour.getTime() + 60_000) }),
  ).toBeGreaterThan(0);
  expect(told()).toBe(sandbox.counts().requests);
  await connector.dailyQuota?.();
  expect(told()).toBe(sandbox.counts().requests);
});
