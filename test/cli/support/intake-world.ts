import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type HubSpotSandbox, integration, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';

/** What a person sends. */
export interface Sent {
  readonly email: string;
  readonly mark: string;
}

/** What a web form of a customer makes of a submission, by its number. */
export type Intake = (n: number, sent: Sent, response: ServerResponse) => void;

/** A workspace with a sandbox that submissions of a web form arrive in, and one that plays production. Close it. */
export interface IntakeWorld {
  readonly dir: string;
  readonly crm: HubSpotSandbox;
  readonly production: HubSpotSandbox;
  /** Address of the web form. */
  readonly url: string;
  /** What the form does from now on. At first each submission is put into the account and acknowledged. */
  take: Intake;
  /** As the engine behind the form does: into the contact that has the address, else into a new one. */
  put(sent: Sent): void;
  /** Addresses of the contacts there are, sorted. */
  addresses(): readonly string[];
  /** Writes `tests/signups.yml`. */
  test(parts: {
    readonly submit?: string;
    readonly load: string;
    readonly expect: string;
    readonly settle?: string;
    readonly place?: string;
  }): Promise<void>;
  /** The form of this world, as `submit` of a test. */
  readonly submit: string;
  close(): Promise<void>;
}

export async function openIntakeWorld(): Promise<IntakeWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'runback-load-'));
  const crm = await startHubSpotSandbox({ seed: 5 });
  const production = await startHubSpotSandbox({ seed: 6, portalId: 256, accountType: 'STANDARD' });
  seedMessy(crm, { contacts: 40, companies: 3, deals: 2, seed: 5 });
  seedMessy(production, { contacts: 10, companies: 1, deals: 1, seed: 6 });
  const server = createServer((request, response) => void taken(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/signup`;
  await layWorkspace(dir, { crm, production });

  const put = ({ email, mark }: Sent): void => {
    const writer = crm.writeAs(integration('77', 'Forms'));
    const there = crm.records('contacts').find(({ properties, archived }) => !archived && properties['email'] === email);
    if (there === undefined) writer.create('contacts', { email, lastname: mark });
    else writer.update('contacts', there.id, { lastname: mark });
  };
  const taken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { n, ...sent } = JSON.parse(text) as Sent & { readonly n: string };
    world.take(Number(n), sent, response);
  };
  const submit = `{ url: "${url}", environment: staging, answer_within: 30s, json: { email: "{address}", mark: "{mark}", n: "{n}" } }`;
  const world: IntakeWorld = {
    dir,
    crm,
    production,
    url,
    submit,
    put,
    take: (_, sent, response) => {
      put(sent);
      response.end('ok');
    },
    addresses: () =>
      crm
        .records('contacts')
        .filter(({ archived }) => !archived)
        .map(({ properties }) => properties['email'] ?? '')
        .sort(),
    test: async ({ load, expect, settle = '100ms', submit: other = submit, place = 'crm/contacts' }) =>
      await writeFile(
        join(dir, 'tests', 'signups.yml'),
        `version: 1\nid: signups\ntitle: Many people sign up\nload:\n  submit: ${other}\n${load}\narrives:\n  - { in: ${place}, address: email, mark: lastname }\nsettle: ${settle}\nexpect: ${expect}\n`,
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([crm.stop(), production.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

async function layWorkspace(dir: string, sandboxes: { readonly crm: HubSpotSandbox; readonly production: HubSpotSandbox }): Promise<void> {
  const entry = (name: 'crm' | 'production', environment: string): string => {
    const { portalId, url } = sandboxes[name];
    return `  ${name}: { connector: hubspot, environment: ${environment}, account: "${portalId}", url: "${url}", credentials: { token: file:${name} }, objects: [contacts], limits: { requests_per_10s: 1000 }, options: { search_lag: 0s, settle: 0s } }\n`;
  };
  await mkdir(join(dir, 'tests'));
  for (const [name, { token }] of Object.entries(sandboxes)) await writeFile(join(dir, name), token, { mode: 0o600 });
  await writeFile(join(dir, 'runback.yml'), `version: 1\nplatforms:\n${entry('crm', 'sandbox')}${entry('production', 'production')}`);
}
