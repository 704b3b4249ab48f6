import { describe, expect, test } from 'vitest';

import { openConnector } from '../../../src/connectors/mailchimp/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import type { PlatformConfig } from '../../../src/workspace/index.js';
import { SharedClock } from '../hubspot-support.js';
import { all, bench, configOf, contactOf, MEMBERS, PERSON, words } from './support.js';

const open = async (config: PlatformConfig, token: string) =>
  await openConnector(config, { secret: async () => await Promise.resolve(token), clock: new SharedClock() });

/** What a user would lose: a wrong account, a token in a message, or a restore that ends where waiting would have done. */
describe('reaching an account', () => {
  test('the account is told by its id and name, and nothing says that it is for tests', async () => {
    const { connector, sandbox } = await bench();
    expect(await connector.identify()).toMatchObject({ account: sandbox.account, environment: undefined, scopes: undefined });
  });

  test('the data center comes from the key, or from the option; without either it is asked for before anything is sent', async () => {
    const { sandbox } = await bench();
    const { url: _url, ...plain } = configOf(sandbox);
    const addressOf = async (config: PlatformConfig, token: string): Promise<string> => {
      const connector = await open(config, token);
      // Nothing listens there: only the name is looked at.
      const error: unknown = await connector.identify({ signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown);
      await connector.close();
      expect(isRunbackError(error, 'interrupted')).toBe(true);
      return 'opened';
    };
    expect(await addressOf(plain, `${'0'.repeat(32)}-us21`)).toBe('opened');
    expect(await addressOf({ ...plain, options: { data_center: 'us6' } }, 'access-token')).toBe('opened');
    await expect(open(plain, 'access-token')).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('data center') as string,
    });
    await expect(open({ ...plain, options: { data_center: 'us6.example.com/' } }, 'x')).rejects.toMatchObject({ code: 'file-invalid' });
    await expect(open({ ...plain, url: 'http://example.com' }, 'x-us1')).rejects.toMatchObject({ code: 'file-invalid' });
    await expect(open({ ...plain, credentials: {} }, 'x-us1')).rejects.toMatchObject({ code: 'auth-missing' });
  });

  test('a token that is not known is refused with the place it came from, and is shown nowhere', async () => {
    const { sandbox } = await bench();
    const token = `${'a'.repeat(32)}-us21`;
    const connector = await open(configOf(sandbox), token);
    const error: unknown = await connector.identify().catch((thrown: unknown) => thrown);
    await connector.close();
    expect(isRunbackError(error, 'auth-refused') || isRunbackError(error, 'scope-missing')).toBe(true);
    expect(JSON.stringify(error) + String(error)).not.toContain(token);
  });

  test('a gateway that blocks without a word of the API is waited for, reads and writes alike', async () => {
    const b = await bench();
    const key = contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: 'a@example.com' }));
    for (const body of ['html', 'empty'] as const) {
      b.sandbox.faults.add({ kind: 'blocked', body });
      expect(await all(b.connector.read({ schema: b.schema, keys: [key] }))).toHaveLength(1);
      b.sandbox.faults.add({ kind: 'blocked', body });
      expect(words(await b.connector.write([{ action: 'update', schema: b.schema, key, set: { FNAME: body }, expect: {} }]))).toEqual(['applied']);
      b.sandbox.faults.add({ kind: 'rate-limit', body });
      expect(words(await b.connector.write([{ action: 'update', schema: b.schema, key, set: { LNAME: body }, expect: {} }]))).toEqual(['applied']);
    }
    b.sandbox.faults.add({ kind: 'html-error', applied: true });
    expect(words(await b.connector.write([{ action: 'update', schema: b.schema, key, set: { FNAME: 'z' }, expect: {} }]))).toEqual(['in_doubt']);
  });

  test('no more requests are under way at once than Mailchimp has connections', async () => {
    const b = await bench({ limits: { connections: 3 } }, { limits: { concurrency: 3 } });
    const keys = Array.from({ length: 30 }, (_, n) =>
      contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: `m${String(n)}@example.com` })),
    );
    b.sandbox.faults.add({ kind: 'delay', ms: 5, times: null });
    expect(await all(b.connector.read({ schema: b.schema, keys }))).toHaveLength(30);
    expect(b.connector.usage().limited).toBe(0);
  });

  test('an audience that is not there is refused with those that are', async () => {
    const { connector } = await bench();
    await expect(connector.describe(['members-8a1f0c2d3f'])).rejects.toMatchObject({
      code: 'object-unsupported',
      message: expect.stringContaining(MEMBERS) as string,
    });
  });
});
