import { createSign, generateKeyPairSync } from 'node:crypto';

import jsforce from 'jsforce';
import { describe, expect, test } from 'vitest';

import { bench, codeOf, V } from './support.js';

/** What a user would lose: a connector that was never made to sign in again stops in the middle of a restore. */
describe('sign-in', () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const assertion = (claims: object, key = keys.privateKey): string => {
    const part = (of: object): string => Buffer.from(JSON.stringify(of)).toString('base64url');
    const body = `${part({ alg: 'RS256' })}.${part(claims)}`;
    return `${body}.${createSign('RSA-SHA256').update(body).sign(key, 'base64url')}`;
  };
  const JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

  test('client credentials open a session whose address and user are told', async () => {
    const { sandbox } = await bench();
    const { clientId, clientSecret } = sandbox.connectedApp;
    const conn = new jsforce.Connection({ oauth2: { loginUrl: sandbox.url, clientId, clientSecret }, instanceUrl: sandbox.url, version: V });
    const user = await conn.authorize({ grant_type: 'client_credentials' });
    expect([conn.instanceUrl, user.organizationId]).toEqual([sandbox.url, sandbox.account]);
    expect(await conn.identity()).toMatchObject({ organization_id: sandbox.account, username: sandbox.username });
    const wrong = new jsforce.OAuth2({ loginUrl: sandbox.url, clientId, clientSecret: 'no' });
    await expect(wrong.requestToken({ grant_type: 'client_credentials' })).rejects.toMatchObject({ name: 'invalid_client' });
    await expect(
      new jsforce.OAuth2({ loginUrl: sandbox.url, clientId: 'no' }).requestToken({ grant_type: 'client_credentials' }),
    ).rejects.toMatchObject({
      name: 'invalid_client_id',
    });
    await expect(wrong.requestToken({ grant_type: 'password' })).rejects.toMatchObject({ name: 'unsupported_grant_type' });
  });

  test('a signed assertion opens one for the user it names, within five minutes, once it is signed by the right key', async () => {
    const { sandbox, clock } = await bench({ connectedApp: { certificate } });
    const { clientId } = sandbox.connectedApp;
    const now = Math.floor(clock.now().getTime() / 1000);
    const good = { iss: clientId, sub: sandbox.username, aud: 'https://test.salesforce.com', exp: now + 180 };
    const conn = new jsforce.Connection({ oauth2: { loginUrl: sandbox.url }, instanceUrl: sandbox.url, version: V });
    await conn.authorize({ grant_type: JWT, assertion: assertion(good) });
    expect((await conn.query('SELECT Id FROM Account')).totalSize).toBe(0);
    const refused = async (claims: object, key?: typeof keys.privateKey): Promise<string> =>
      await conn.authorize({ grant_type: JWT, assertion: assertion({ ...good, ...claims }, key) }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
    expect(await refused({ sub: 'stranger@example.com' })).toBe("user hasn't approved this consumer");
    expect(await refused({ aud: 'https://example.com' })).toBe('audience is invalid');
    expect(await refused({ exp: now - 1 })).toBe('token expired');
    expect(await refused({ exp: now + 3600 })).toBe('token expired');
    expect(await refused({ iss: 'another' })).toBe('client identifier invalid');
    expect(await refused({}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)).toBe('invalid assertion');
  });

  test('a session that lay unused for two hours is over, and a refresh token opens another', async () => {
    const { sandbox, clock } = await bench();
    const { clientId, clientSecret, refreshToken } = sandbox.connectedApp;
    const oauth2 = new jsforce.OAuth2({ loginUrl: sandbox.url, clientId, clientSecret });
    const { access_token: accessToken } = await oauth2.requestToken({ grant_type: 'client_credentials' });
    const bare = new jsforce.Connection({ instanceUrl: sandbox.url, accessToken, version: V });
    clock.move(1.9 * 3_600_000);
    expect((await bare.limits()).DailyApiRequests?.Max).toBe(15_000);
    clock.move(1.9 * 3_600_000);
    await bare.limits();
    clock.move(2 * 3_600_000);
    expect(await codeOf(bare.limits())).toBe('INVALID_SESSION_ID');
    const renewing = new jsforce.Connection({ oauth2, instanceUrl: sandbox.url, accessToken, refreshToken, version: V });
    let renewed = '';
    renewing.on('refresh', (token: string) => (renewed = token));
    await renewing.limits();
    expect(renewed).not.toBe('');
    await oauth2.revokeToken(renewed);
    expect(await codeOf(new jsforce.Connection({ instanceUrl: sandbox.url, accessToken: renewed, version: V }).limits())).toBe('INVALID_SESSION_ID');
    await expect(oauth2.refreshToken('no')).rejects.toMatchObject({ name: 'invalid_grant' });
  });

  test('a session ends by a fault, for this request and later ones, until it is renewed', async () => {
    const { sandbox, call } = await bench();
    sandbox.faults.add({ kind: 'expire-session' });
    for (let n = 0; n < 2; n += 1)
      expect(await call('GET', '/limits')).toMatchObject({
        status: 401,
        body: [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }],
      });
    sandbox.renewToken();
    expect((await call('GET', '/limits')).status).toBe(200);
  });
});

describe('versions and limits', () => {
  test('versions are told to anybody; one that is not answered is not found', async () => {
    const { sandbox, call } = await bench();
    const versions = (await (await fetch(`${sandbox.url}/services/data`)).json()) as { version: string; url: string; label: string }[];
    expect(versions[0]).toEqual({ version: '31.0', label: "Summer '14", url: '/services/data/v31.0' });
    expect(versions.find(({ version }) => version === '62.0')?.label).toBe("Winter '25");
    expect((await call('GET', '/services/data/v10.0/limits')).status).toBe(404);
    expect((await call('GET', '/services/data/v31.0/limits')).status).toBe(200);
    expect((await call('GET', '')).body.sobjects).toBe(`/services/data/v${V}/sobjects`);
  });

  test('each request counts, the answer says how many there were, and at the limit all are refused until 24 hours have passed', async () => {
    const { sandbox, clock, call } = await bench({ limits: { perDay: 3 } });
    expect((await call('GET', '/limits')).headers.get('sforce-limit-info')).toBe('api-usage=1/3');
    clock.move(3_600_000);
    expect((await call('GET', '/limits')).body.DailyApiRequests).toEqual({ Max: 3, Remaining: 1 });
    expect((await call('GET', '/no-such-thing')).headers.get('sforce-limit-info')).toBe('api-usage=3/3');
    expect(await call('GET', '/limits')).toMatchObject({
      status: 403,
      body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
    });
    expect(sandbox.counts().limited).toBe(1);
    clock.move(23 * 3_600_000);
    expect((await call('GET', '/limits')).headers.get('sforce-limit-info')).toBe('api-usage=3/3');
  });

  test('too many long requests at once are refused in words of their own', async () => {
    const { sandbox, call } = await bench();
    sandbox.faults.add({ kind: 'rate-limit', limit: 'ConcurrentPerOrgLongTxn' });
    expect(await call('GET', '/limits')).toMatchObject({ status: 403, body: [{ message: 'ConcurrentPerOrgLongTxn Limit exceeded.' }] });
  });

  test('an address over 16,088 characters is refused with 431, over 16,410 with 414', async () => {
    const { call } = await bench();
    const path = (length: number): string => `/query?q=${'x'.repeat(length - `/services/data/v${V}/query?q=`.length)}`;
    expect((await call('GET', path(16_088))).status).toBe(400);
    expect(await call('GET', path(16_100))).toMatchObject({ status: 431, body: expect.stringContaining('<html>') });
    expect((await call('GET', path(16_411))).status).toBe(414);
  });

  test('the account says that it is a sandbox, or that it is none', async () => {
    const text = 'SELECT Id, IsSandbox, InstanceName FROM Organization';
    const { conn, sandbox } = await bench();
    expect((await conn.query(text)).records).toMatchObject([{ Id: sandbox.account, IsSandbox: true, InstanceName: 'CS42' }]);
    const other = await bench({ facts: { isSandbox: false, instance: 'NA1' } });
    expect((await other.conn.query(text)).records).toMatchObject([{ IsSandbox: false, InstanceName: 'NA1' }]);
  });
});
