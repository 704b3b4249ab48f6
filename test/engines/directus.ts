import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../support/ports.js';

/** Folder with an installed Directus; `npm run test:engines -- directus` makes one. */
export const DIRECTUS = process.env['RUNBACK_TEST_DIRECTUS'];

export interface Directus {
  readonly port: number;
  readonly token: string;
  /** What its own client would ask: the data of the answer. Throws for anything but 2xx. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

const TOKEN = 'static-token-of-a-test-0001';
const LOGIN = { email: 'admin@example.com', password: 'a-password-for-a-test' };

/** A Directus of this machine with an empty database. */
export async function startDirectus(folder: string): Promise<Directus> {
  const data = mkdtempSync(join(tmpdir(), 'runback-directus-'));
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    HOME: data,
    KEY: '5f0a1b6e-0000-4000-8000-0000000000aa',
    SECRET: 'for-a-test-on-this-machine-only',
    DB_CLIENT: 'sqlite3',
    DB_FILENAME: join(data, 'data.db'),
    STORAGE_LOCATIONS: 'local',
    STORAGE_LOCAL_ROOT: join(data, 'uploads'),
    EXTENSIONS_PATH: join(data, 'extensions'),
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${String(port)}`,
    ADMIN_EMAIL: LOGIN.email,
    ADMIN_PASSWORD: LOGIN.password,
    TELEMETRY: 'false',
    LOG_LEVEL: 'warn',
  };
  const cli = join(folder, 'node_modules/directus/cli.js');
  const made = spawnSync(process.execPath, [cli, 'bootstrap'], { cwd: data, env, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`Directus did not set up its database\n${made.stdout}\n${made.stderr}`);
  const server = spawn(process.execPath, [cli, 'start'], { cwd: data, env, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('close', resolve));
  let [token, isEnded] = ['', false];
  void ended.then(() => (isEnded = true));
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as { readonly data: unknown }).data;
  };
  for (;;) {
    try {
      token = ((await ask('POST', '/auth/login', LOGIN)) as { readonly access_token: string }).access_token;
      break;
    } catch (error) {
      // It may take long on a busy machine: one that ended never comes.
      if (isEnded) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  await ask('PATCH', '/users/me', { token: TOKEN });
  token = TOKEN;
  return {
    port,
    token: TOKEN,
    ask,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const TIMES = [
  { field: 'date_created', type: 'timestamp', meta: { special: ['date-created'] }, schema: {} },
  { field: 'date_updated', type: 'timestamp', meta: { special: ['date-updated'] }, schema: {} },
  { field: 'user_updated', type: 'uuid', meta: { special: ['user-updated'] }, schema: {} },
];
const ID = { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true } };

/** The collections of `docs/descriptions/directus.yml`. */
export async function makeCollections({ ask }: Directus): Promise<void> {
  await ask('POST', '/collections', {
    collection: 'companies',
    schema: {},
    meta: {},
    fields: [ID, { field: 'name', type: 'string', schema: {} }, ...TIMES],
  });
  await ask('POST', '/collections', {
    collection: 'people',
    schema: {},
    meta: {},
    fields: [
      ID,
      { field: 'email', type: 'string', schema: { is_unique: true } },
      { field: 'first_name', type: 'string', schema: {} },
      { field: 'city', type: 'text', schema: {} },
      { field: 'opted_out', type: 'boolean', meta: { special: ['cast-boolean'] }, schema: {} },
      { field: 'score', type: 'decimal', schema: { numeric_precision: 12, numeric_scale: 2 } },
      { field: 'born', type: 'date', schema: {} },
      { field: 'company', type: 'integer', schema: {} },
      ...TIMES,
    ],
  });
  await ask('POST', '/relations', { collection: 'people', field: 'company', related_collection: 'companies', schema: { on_delete: 'SET NULL' } });
}
