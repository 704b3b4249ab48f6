import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '../../../src/lib/index.js';
import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { jsonLines } from './child.js';
import { runHere } from './here.js';
import { hubspotIn } from './workspace.js';

/** What a command with --json ended with. */
export interface Ended {
  readonly code: number | null;
  readonly data: Record<string, unknown>;
  readonly error: { readonly code?: string; readonly message?: string; readonly state?: string; readonly next?: string };
  /** Everything on stdout: notes are events there. */
  readonly out: string;
}

/** A workspace with a HubSpot sandbox and a table of a PostgreSQL that one sync keeps the same: e-mail, city, phone. */
export interface Pair {
  readonly dir: string;
  readonly sandbox: HubSpotSandbox;
  /** Ids of the contacts that are in the table, too. */
  readonly contacts: readonly string[];
  /** The sync between them is paused now. */
  paused(): boolean;
  emailOf(id: string): string;
  /** What HubSpot and the table hold of a contact in a field. */
  held(id: string, field: 'city' | 'phone'): Promise<readonly [string | undefined, string | null | undefined]>;
  /** Contacts of which the two sides do not hold the same, by SQL and the sandbox's own records: nothing of runback is asked. */
  differing(): Promise<readonly string[]>;
  /** Writes a value as the sync does, to HubSpot and the table, or to one of them. */
  sync(ids: readonly string[], values: Readonly<Record<string, string>>, where?: 'both' | 'hubspot' | 'warehouse'): Promise<void>;
  /** Writes as a person. */
  edit(id: string, values: Readonly<Record<string, string>>, where: 'hubspot' | 'warehouse'): Promise<void>;
  sql(text: string): Promise<Record<string, string | null>[]>;
  run(...args: readonly string[]): Promise<Ended>;
  /** The same, and it must end with 0. */
  done(...args: readonly string[]): Promise<Record<string, unknown>>;
  text(...args: readonly string[]): Promise<string>;
  /** Replaces a text in runback.yml. */
  config(from: string, to: string): Promise<void>;
  /**
   * Takes the set; gives the id of the snapshot. `meanwhile` happens once, when the view of the database stands and before the
   * first contact is read: what is written then is in the contacts and not in the table.
   */
  set(meanwhile?: () => Promise<void>): Promise<string>;
  close(): Promise<void>;
}

export const CARRIES = `    carries:
      - between: { crm: hubspot/contacts, store: warehouse/public.people }
        match: [{ crm: email, store: email, as: email }]
        fields: [{ crm: city, store: city, authority: crm }, { crm: phone, store: phone }]
`;

const SYNC = integration('4471120', 'MarketSync');

/** One server for the tests of a file. */
export async function openServer(): Promise<TestPostgres> {
  return await startPostgres();
}

/** Opens a pair of `size` contacts on a server. Close it. */
export async function openPair(server: TestPostgres, size = 12): Promise<Pair> {
  const dir = await mkdtemp(join(tmpdir(), 'runback-pair-'));
  // What is seeded is older than the set, by the clock of HubSpot too.
  const clock = { ...systemClock, aheadMs: -10_000, now: () => new Date(Date.now() + clock.aheadMs) };
  const sandbox = await startHubSpotSandbox({ seed: 5, clock });
  const { contacts } = seedMessy(sandbox, { contacts: size, companies: 0, deals: 0, seed: 5 });
  const of = (id: string): Readonly<Record<string, string | undefined>> => sandbox.records('contacts').find((one) => one.id === id)?.properties ?? {};
  for (const [n, id] of contacts.entries())
    sandbox.writeAs(person(7)).apply({
      action: 'update',
      object: 'contacts',
      id,
      properties: { email: `p${n}@example.com`, city: `City ${n}`, phone: `+1555000${1000 + n}` },
    });
  clock.aheadMs = 0;
  const database = await server.createDatabase(
    `CREATE TABLE people (id serial PRIMARY KEY, email text UNIQUE, city text, phone text, updated_by text NOT NULL DEFAULT 'loader', updated_at timestamptz NOT NULL DEFAULT now())`,
  );
  const sql = async (text: string): Promise<Record<string, string | null>[]> => await server.sql(database, text);
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const emailOf = (id: string): string => of(id)['email'] ?? '';
  for (const id of contacts)
    await sql(
      `INSERT INTO people (email, city, phone) VALUES (${quoted(emailOf(id))}, ${quoted(of(id)['city'] ?? '')}, ${quoted(of(id)['phone'] ?? '')})`,
    );
  const flag = join(dir, 'paused');
  const script = (body: string): string => JSON.stringify(['sh', '-c', body, 'sh', flag]);
  await writeFile(join(dir, 'token'), sandbox.token, { mode: 0o600 });
  await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
  const path = join(dir, 'runback.yml');
  let text = `version: 1
platforms:
${hubspotIn(sandbox)}
  warehouse:
    connector: postgres
    environment: sandbox
    url: file:database-url
    objects: [public.people]
    modified: { by: updated_by, at: updated_at }
syncs:
  crm-to-store:
    controller: command
    writes_to: [hubspot, warehouse]
    writes_as: ["INTEGRATION:4471120", "sync:*"]
    status: { run: ${script('test ! -e "$1" || exit 3')}, paused: "exit == 3" }
    pause: { run: ${script(': >"$1"')} }
    resume: { run: ${script('rm "$1"')} }
${CARRIES}backups:
  storage: backups
  jobs:
    both: { platforms: [hubspot, warehouse], syncs: watch }
`;
  await writeFile(path, text);
  const run: Pair['run'] = async (...args) => {
    const { code, stdout } = await runHere([...args, '--json', '--no-input', '--as', 'maya'], { cwd: dir });
    const last = (jsonLines(stdout).at(-1) ?? {}) as { data?: Record<string, unknown>; error?: Ended['error'] };
    return { code, data: last.data ?? {}, error: last.error ?? {}, out: stdout };
  };
  const done: Pair['done'] = async (...args) => {
    const ended = await run(...args);
    if (ended.code !== 0)
      throw new Error(`runback ${args.join(' ')} ended with ${String(ended.code)}\n${JSON.stringify(ended.error)}\n${JSON.stringify(ended.data)}`);
    return ended.data;
  };
  const write = async (ids: readonly string[], values: Readonly<Record<string, string>>, where: string, by: string): Promise<void> => {
    const writer = sandbox.writeAs(by === 'sync' ? SYNC : person(7));
    for (const id of ids) {
      const email = emailOf(id);
      if (where !== 'warehouse') writer.apply({ action: 'update', object: 'contacts', id, properties: values });
      const sets = Object.entries(values).map(([name, value]) => `${name} = ${quoted(value)}`);
      if (where !== 'hubspot')
        await sql(
          `UPDATE people SET ${sets.join(', ')}, updated_by = ${quoted(by === 'sync' ? 'sync:crm' : 'person:maya')}, updated_at = now() WHERE email = ${quoted(email)}`,
        );
    }
  };
  const held: Pair['held'] = async (id, field) => {
    const [row] = await sql(`SELECT ${field} AS value FROM people WHERE email = ${quoted(emailOf(id))}`);
    return [of(id)[field], row?.['value']];
  };
  return {
    dir,
    sandbox,
    contacts,
    paused: () => existsSync(flag),
    emailOf,
    held,
    differing: async () => {
      const rows = new Map(
        (await sql(`SELECT email, coalesce(city, '') || '|' || coalesce(phone, '') AS both FROM people`)).map((row) => [row['email'], row['both']]),
      );
      const theirs = new Map(
        sandbox.records('contacts').map(({ properties: { email, city, phone } }) => [email ?? '', `${city ?? ''}|${phone ?? ''}`]),
      );
      return [...new Set([...rows.keys(), ...theirs.keys()])]
        .filter((email) => rows.get(email) !== theirs.get(email ?? ''))
        .map(String)
        .sort();
    },
    sync: (ids, values, where = 'both') => write(ids, values, where, 'sync'),
    edit: (id, values, where) => write([id], values, where, 'person'),
    sql,
    run,
    done,
    text: async (...args) => (await runHere([...args, '--no-input', '--as', 'maya'], { cwd: dir })).stdout,
    config: async (from, to) => {
      if (!text.includes(from)) throw new Error(`runback.yml does not hold ${from}`);
      text = text.replace(from, to);
      await writeFile(path, text);
    },
    set: async (meanwhile) => {
      const front = meanwhile === undefined ? undefined : await inFront(sandbox.url, /\/objects\/contacts/u, meanwhile);
      await writeFile(path, front === undefined ? text : text.replace(sandbox.url, front.url));
      const { jobs } = (await done('backup', 'run', 'both')) as { jobs: readonly { snapshot: { id: string } }[] };
      await writeFile(path, text);
      front?.stop();
      return jobs[0]?.snapshot.id ?? '';
    },
    close: async () => {
      await sandbox.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A server in front of another one; before the first request for such a path is passed on, something happens. */
async function inFront(to: string, path: RegExp, work: () => Promise<void>): Promise<{ readonly url: string; stop(): void }> {
  let happened: Promise<void> | undefined;
  const server = createServer((asked, answer) => {
    const pass = (): void => {
      const on = request(`${to}${asked.url ?? ''}`, { method: asked.method, headers: { ...asked.headers, host: new URL(to).host } }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.pipe(on);
    };
    if (path.test(asked.url ?? '')) void (happened ??= work()).then(pass);
    else pass();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
