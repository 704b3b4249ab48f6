import { generateKeyPairSync } from 'node:crypto';

import { afterEach, describe, expect, test } from 'vitest';

import type { SecretRef } from '../../../src/workspace/index.js';
import { type Bench, openBench, PERSON, recordsOf, schemaOf, VISIT } from './support.js';

/** A user would lose a restore at its middle where a session ends, or send a token to a place that nobody declared. */

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.stop();
  bench = undefined;
});

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const certificate = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ref = (name: string): SecretRef => `env:${name}` as SecretRef;

/** A bench whose connector signs in with these secrets. */
async function signedIn(secrets: (app: Bench['sandbox']['connectedApp']) => Readonly<Record<string, string>>, options = {}) {
  bench = await openBench({ connectedApp: { certificate }, description: { objects: [VISIT] } });
  const given = secrets(bench.sandbox.connectedApp);
  const credentials = Object.fromEntries(Object.keys(given).map((name) => [name, ref(name)]));
  const byRef = Object.fromEntries(Object.entries(given).map(([name, secret]) => [ref(name), secret]));
  return { bench, open: async (more = {}) => await bench?.open({ credentials, options, ...more }, byRef) };
}

describe('ways to sign in', () => {
  const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  test.each([
    ['client credentials', ({ clientId, clientSecret }) => ({ client_id: clientId, client_secret: clientSecret }), {}],
    [
      'a refresh token',
      ({ clientId, clientSecret, refreshToken }) => ({ client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }),
      {},
    ],
    ['a signed assertion', ({ clientId }) => ({ client_id: clientId, private_key: pem }), { user: 'integration@example.com' }],
    ['a key on one line', ({ clientId }) => ({ client_id: clientId, private_key: pem.replaceAll('\n', '\\n') }), { user: 'integration@example.com' }],
  ] satisfies [string, Parameters<typeof signedIn>[0], object][])('%s', async (_, secrets, options) => {
    const { open } = await signedIn(secrets, options);
    const connector = await open();
    const identity = await connector?.identify();
    expect(identity).toMatchObject({ account: bench?.sandbox.account, environment: 'sandbox', writer: 'integration@example.com' });
    expect(identity?.label).toMatch(/CS42/u);
  });

  test('a session that ends midway is renewed, and nothing is written twice', async () => {
    const { open } = await signedIn(({ clientId, clientSecret }) => ({ client_id: clientId, client_secret: clientSecret }));
    const connector = await open();
    const key = bench?.sandbox.writeAs(PERSON).create('Visit__c', { Text__c: 'a' }) ?? '';
    if (connector === undefined) throw new Error('not opened');
    const schema = await schemaOf(connector, 'Visit__c');
    bench?.sandbox.faults.add({ kind: 'expire-session' });
    const update = { action: 'update' as const, schema, key, set: { Text__c: 'b' }, expect: { Text__c: 'a' } };
    expect(await connector.write([update])).toMatchObject([{ status: 'applied', key }]);
    expect(bench?.sandbox.truth().record('Visit__c', key)).toMatchObject({ Text__c: 'b' });
    bench?.sandbox.writeAs(PERSON).remove('Visit__c', key);
    bench?.sandbox.faults.add({ kind: 'expire-session' });
    expect(await connector.write([{ action: 'undelete', schema, key }])).toMatchObject([{ status: 'applied', key }]);
    expect((await recordsOf(connector.read({ schema }))).map((record) => record.key)).toEqual([key]);
  });

  test('a session that was given and ends is told with what to do', async () => {
    bench = await openBench();
    const connector = await bench.open();
    bench.sandbox.faults.add({ kind: 'expire-session' });
    await expect(connector.identify()).rejects.toMatchObject({ code: 'auth-refused' });
  });

  test('a secret that is refused is told in the words of Salesforce, and not shown', async () => {
    const { open } = await signedIn(({ clientId }) => ({ client_id: clientId, client_secret: 'not the secret' }));
    const error: unknown = await (await open())?.identify().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'auth-refused' });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('not the secret');
  });

  test('signed in for another place than the one that is declared, nothing is sent there', async () => {
    const { open } = await signedIn(({ clientId, clientSecret }) => ({ client_id: clientId, client_secret: clientSecret }));
    const elsewhere = bench?.sandbox.url.replace('127.0.0.1', 'localhost') ?? '';
    const connector = await open({ url: elsewhere, options: { login: bench?.sandbox.url } });
    bench?.sandbox.resetCounts();
    const error: unknown = await connector?.identify().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'file-invalid' });
    expect(Object.keys(bench?.sandbox.counts().byEndpoint ?? {})).toEqual(['POST /services/oauth2/token']);
  });
});

describe('settings', () => {
  const opened = async (more: object): Promise<unknown> => {
    bench = await openBench();
    return await bench.open(more).then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  test.each([
    ['no credentials', { credentials: {} }, 'auth-missing', 'client_id and client_secret'],
    ['half a pair', { credentials: { client_id: ref('A') } }, 'auth-missing', 'alone signs nobody in'],
    ['no user of an assertion', { credentials: { client_id: ref('A'), private_key: ref('B') } }, 'auth-missing', 'options.user'],
    ['no key', { credentials: { client_id: ref('A'), private_key: ref('B') }, options: { user: 'a@example.com' } }, 'file-invalid', 'PEM'],
    ['a misspelt credential', { credentials: { tokn: ref('A') } }, 'file-invalid', 'token, client_id'],
    ['a plain address', { url: 'http://example.com' }, 'file-invalid', 'My Domain'],
    ['a path in the address', { url: 'https://example.my.salesforce.com/lightning' }, 'file-invalid', 'without a path'],
    ['no version', { options: { version: 'latest' } }, 'file-invalid', undefined],
    ['another history', { options: { history: 'all' } }, 'file-invalid', undefined],
  ])('%s is refused before anything is asked', async (_, more, code, why) => {
    expect(await opened(more)).toMatchObject({ code, ...(why !== undefined && { why: expect.stringContaining(why) as unknown }) });
  });
});

test('the limit of the day is told by every answer, and one that is used up is no missing permission', async () => {
  bench = await openBench({ limits: { perDay: 3 } });
  const connector = await bench.open();
  await connector.identify();
  expect(connector.usage()).toMatchObject({ dailyLeft: 1, daily: { limit: 3, left: 1 } });
  expect(await connector.dailyQuota?.()).toEqual({ limit: 3, used: 3 });
  await expect(connector.identify()).rejects.toMatchObject({ code: 'platform-limit' });
});

test('too many long requests at once pass: they are waited for', async () => {
  bench = await openBench();
  const connector = await bench.open();
  bench.sandbox.faults.add({ kind: 'rate-limit', limit: 'ConcurrentPerOrgLongTxn' });
  expect(await connector.identify()).toMatchObject({ account: bench.sandbox.account });
  expect(bench.clock.slept).toBeGreaterThan(0);
});
