import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startHubSpotSandbox, type HubSpotSandbox } from '../../src/sandbox/index.js';
import { jsonLines, runback } from '../cli/support/child.js';
import { folderFor } from '../drills/support/deps.js';

const PRODUCTION = 111;
const STAGE = 222;

let production: HubSpotSandbox;
let stage: HubSpotSandbox;
const servers: Server[] = [];
beforeEach(async () => {
  production = await startHubSpotSandbox({ portalId: PRODUCTION, accountType: 'STANDARD', token: 'token-of-production' });
  stage = await startHubSpotSandbox({ portalId: STAGE, accountType: 'SANDBOX', token: 'token-of-the-stage' });
  production.addApp({ token: 'another-app', appId: '9', name: 'Another app' });
  production.writeAs({ kind: 'person', id: '1' }).create('contacts', { email: 'a@example.com', city: 'Boston' });
  production.resetCounts();
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await production.stop();
  await stage.stop();
});

/** A server on loopback; gives its port. */
async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Lets everything through to production, whatever name it was asked by: a proxy, or a name that leads elsewhere now. */
const leadingToProduction = (): Server =>
  createServer((asked, answer) => {
    const { pathname, search } = new URL(asked.url ?? '/', 'http://any.invalid');
    const { host } = new URL(production.url);
    const there = request(`${production.url}${pathname}${search}`, { method: asked.method, headers: { ...asked.headers, host } }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    asked.pipe(there);
  });

const redirecting = (): Server =>
  createServer((asked, answer) => void answer.writeHead(307, { location: `${production.url}${asked.url ?? '/'}` }).end());

interface Route {
  readonly url: string;
  readonly token: string;
  readonly account?: string;
  readonly environment?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a drill on a stage that is reached like this, in a workspace that knows production. */
async function drill({
  url,
  token,
  account,
  environment = 'sandbox',
  env = {},
}: Route): Promise<{ readonly code: number | null; readonly why: string }> {
  const folder = await folderFor('routes');
  const entry = {
    connector: 'hubspot',
    environment,
    url,
    credentials: { token: 'env:STAGE_TOKEN' },
    objects: ['contacts'],
    ...(account && { account }),
  };
  const crm = {
    connector: 'hubspot',
    environment: 'production',
    account: String(PRODUCTION),
    url: production.url,
    credentials: { token: 'env:PRODUCTION_TOKEN' },
    objects: ['contacts'],
  };
  await mkdir(join(folder, 'drills'));
  await writeFile(join(folder, 'runback.yml'), JSON.stringify({ version: 1, platforms: { crm, stage: entry } }));
  await writeFile(
    join(folder, 'drills', 'one.yml'),
    JSON.stringify({
      version: 1,
      id: 'one',
      title: 'One city',
      where: { platform: 'stage' },
      fault: { kind: 'overwrite', object: 'contacts', field: 'city', records: 1 },
      runbook: 'mass-overwrite',
      answers: { review: 'yes' },
    }),
  );
  const { code, stdout } = await runback(['drill', 'run', 'one', '--json', '--no-input'], {
    cwd: folder,
    env: { STAGE_TOKEN: token, PRODUCTION_TOKEN: 'token-of-production', ...env },
  });
  const last = jsonLines(stdout).at(-1) as { readonly error?: { readonly message: string; readonly why?: string } };
  return { code, why: `${last.error?.message ?? ''} ${last.error?.why ?? ''}` };
}

const writes = ({ writesPerRecord }: ReturnType<HubSpotSandbox['counts']>): number => Object.keys(writesPerRecord).length;

describe('every route from a drill to production is refused, and nothing is written there', () => {
  const routes: readonly (readonly [string, () => Promise<Route>, number])[] = [
    ['its address, with the token of another app', async () => await Promise.resolve({ url: production.url, token: 'another-app' }), 6],
    [
      'its address, declared as the account of the stage',
      async () => await Promise.resolve({ url: production.url, token: 'another-app', account: String(STAGE) }),
      6,
    ],
    [
      'its credentials, at the address of the stage',
      async () => await Promise.resolve({ url: stage.url, token: 'token-of-production', account: String(STAGE) }),
      0,
    ],
    [
      'a label that says sandbox, where the account says that it is none',
      async () => await Promise.resolve({ url: production.url, token: 'another-app', account: String(PRODUCTION) }),
      6,
    ],
    [
      'a label that says staging',
      async () => await Promise.resolve({ url: production.url, token: 'another-app', account: String(PRODUCTION), environment: 'staging' }),
      6,
    ],
    ['a redirect', async () => ({ url: `http://127.0.0.1:${await listening(redirecting())}`, token: 'another-app', account: String(STAGE) }), 0],
    [
      'a name that leads elsewhere now',
      async () => ({ url: `http://localhost:${await listening(leadingToProduction())}`, token: 'another-app', account: String(STAGE) }),
      6,
    ],
    [
      'a proxy',
      async () => ({
        url: 'http://127.0.0.2:9',
        token: 'another-app',
        account: String(STAGE),
        env: { HTTP_PROXY: `http://127.0.0.1:${await listening(leadingToProduction())}` },
      }),
      6,
    ],
  ];

  it.each(routes)('%s', async (_, route, status) => {
    const { code, why } = await drill(await route());
    expect(code, why).not.toBe(0);
    if (status !== 0) expect(code, why).toBe(status);
    expect(why).not.toBe(' ');
    expect(writes(production.counts())).toBe(0);
    expect(production.truth().record('contacts', [...production.truth().records('contacts')][0]?.key ?? '')).toMatchObject({ city: 'Boston' });
  });
});
