import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../../src/lib/index.js';
import { text } from '../../../src/sandbox/hubspot/properties/definition.js';
import { startHubSpotSandbox, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { openStore, type Store } from '../../../src/store/index.js';
import { openJourneyWorkspace } from '../../checks/journeys/workspace.js';
import { ANSWERS } from '../../drills/support/deps.js';
import { ADDRESS, canaryFile, MAPPING, NAME } from '../../monitors/canary/world.js';
import type { CrashOperation } from '../../support/crash.js';
import type { TestPostgres } from '../../support/postgres.js';
import { httpSync, startIntegration } from '../../syncs/harness.js';
import { jsonLines } from './child.js';
import { inThisProcess } from './here.js';
import { openIntakeWorld } from './intake-world.js';
import { openStepsWorkspace } from './steps-workspace.js';

/** A command that changes something elsewhere, with the state of its workspace in a database. */
export interface StoppingWorld {
  readonly dir: string;
  readonly store: Store;
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  /**
   * Everything that it has changed, as those tell it who were changed, by what the name of the lock begins with that it needs for that. What
   * others do in the meantime is left out.
   */
  readonly written: () => Promise<Readonly<Record<string, string>>>;
}

/** A kind of command that changes something. */
export interface StoppingKind {
  readonly open: (server: TestPostgres) => Promise<StoppingWorld>;
  /** Whether an operation of its process changes something elsewhere. */
  readonly isWrite: (operation: CrashOperation) => boolean;
}

interface Written {
  readonly request?: unknown;
}

/** How much came by the API of each account, by its own records: what people and syncs of a test write has no request. */
const byApi =
  (accounts: Readonly<Record<string, { writes(): readonly Written[] }>>): StoppingWorld['written'] =>
  async () =>
    await Promise.resolve(
      Object.fromEntries(
        Object.entries(accounts).map(([kind, account]) => [
          `platform-${kind}-`,
          `${String(account.writes().filter(({ request }) => request !== undefined).length)} writes`,
        ]),
      ),
    );

/** A request that changes something: records are asked for with POST too. */
const isRequest = ({ kind, name, target }: CrashOperation): boolean =>
  kind === 'http' && name !== 'GET' && !/batch\/read|search|oauth|token|query|composite\/sobjects\/\w+$/u.test(target);

/** Names the database in runback.yml, and gives what the command is run with. */
async function shared(
  server: TestPostgres,
  dir: string,
  {
    words,
    env: more = {},
    written,
  }: { readonly words: readonly string[]; readonly env?: Readonly<Record<string, string>> } & Pick<StoppingWorld, 'written'>,
): Promise<StoppingWorld> {
  const env = await shareState(server, dir, more);
  const store = await openStore(env['RUNBACK_STORE_URL'] ?? '', { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  return { dir, store, env, words, written };
}

/** The same schema in each database: statements are known by their text. */
async function shareState(server: TestPostgres, dir: string, more: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> {
  if ('RUNBACK_STORE_URL' in more) return more;
  const file = join(dir, 'runback.yml');
  const was = await readFile(file, 'utf8');
  const now = was.startsWith('{')
    ? JSON.stringify({ ...(JSON.parse(was) as object), store: 'env:RUNBACK_STORE_URL' })
    : was.replace('version: 1\n', 'version: 1\nstore: env:RUNBACK_STORE_URL\n');
  await writeFile(file, now);
  return { ...more, RUNBACK_STORE_URL: server.url(await server.createDatabase()) };
}

/** Tests of an integration, and what takes away what they left. */
async function steps(server: TestPostgres, words: readonly string[], before?: readonly string[]): Promise<StoppingWorld> {
  const workspace = await openStepsWorkspace();
  onTestFinished(async () => await workspace.close());
  const env = await shareState(server, workspace.dir);
  if (before !== undefined) await done(before, workspace.dir, env);
  const { crm, map } = workspace.world;
  return await shared(server, workspace.dir, { words, env, written: byApi({ salesforce: crm, hubspot: map }) });
}

async function done(words: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await inThisProcess([...words, '--no-input', '--json'], { cwd, env });
  if (code !== 0 && code !== 2) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
  return stdout;
}

async function load(server: TestPostgres): Promise<StoppingWorld> {
  const world = await openIntakeWorld();
  onTestFinished(async () => await world.close());
  await world.test({ load: '  count: 4\n  at_once: true', expect: '{ within: 10s }', settle: '10ms' });
  const words = ['test', 'run', 'signups'];
  return await shared(server, world.dir, { words, written: async () => await Promise.resolve({ 'platform-hubspot-': world.addresses().join() }) });
}

async function journey(server: TestPostgres): Promise<StoppingWorld> {
  const { dir, world, close } = await openJourneyWorkspace();
  onTestFinished(async () => await close());
  const { crm, map, mail } = world;
  return await shared(server, dir, { words: ['test', 'run', 'b2b-webinar'], written: byApi({ salesforce: crm, hubspot: map, mailchimp: mail }) });
}

/** A sync that an integration platform runs. `verb`: what is done with it. */
async function sync(server: TestPostgres, verb: 'pause' | 'resume'): Promise<StoppingWorld> {
  const integration = await startIntegration();
  const dir = await mkdtemp(join(tmpdir(), 'runback-stopped-'));
  onTestFinished(async () => {
    await integration.close();
    await rm(dir, { recursive: true, force: true });
  });
  const { name, title: _title, options, controller } = httpSync('feed', integration.url);
  const platforms = { crm: { connector: 'hubspot', environment: 'sandbox', credentials: { token: 'env:T' } } };
  await writeFile(
    join(dir, 'runback.yml'),
    JSON.stringify({ version: 1, platforms, syncs: { [name]: { controller, writes_to: ['crm'], ...options } } }),
  );
  const env = await shareState(server, dir);
  const paused = verb === 'resume' ? jsonLines(await done(['sync', 'pause', 'feed'], dir, env)).at(-1)?.['data'] : undefined;
  const target = verb === 'pause' ? 'feed' : String((paused as { readonly id?: string } | undefined)?.id);
  const { state } = integration;
  const written: StoppingWorld['written'] = async () =>
    await Promise.resolve({ syncs: `paused ${String(state.pauses)} times, resumed ${String(state.resumes)}` });
  return await shared(server, dir, { words: ['sync', verb, target], env, written });
}

const PERSON = { kind: 'person', id: '77' } as const;
const SYNC = { kind: 'integration', id: '900', label: 'CRM to map' } as const;

/** A canary on two accounts that play production, and a sync that is at work all the time. */
async function canary(server: TestPostgres): Promise<StoppingWorld> {
  const map = await startHubSpotSandbox({ seed: 3, accountType: 'STANDARD' });
  map.portal.types.get('contacts').properties.set('canary_text', text('canary_text', 'Canary text', { hubspotDefined: false }));
  const crm = await startSalesforceSandbox({
    facts: { isSandbox: false },
    description: { fields: { Contact: [{ name: 'Canary__c', type: 'string', label: 'Canary text', length: 40 }] } },
  });
  const names = { FirstName: 'Canary', LastName: NAME, Email: ADDRESS };
  const here = crm.writeAs(PERSON).create('Contact', { ...names, HasOptedOutOfEmail: 'true', DoNotCall: 'true', Canary__c: 'none yet' });
  const there = map
    .writeAs(PERSON)
    .create('contacts', { firstname: 'Canary', lastname: NAME, email: ADDRESS, hs_email_optout: 'true', canary_text: 'none yet' });
  const working = setInterval(() => {
    const held = crm.truth().record('Contact', here)?.['Canary__c'];
    if (held !== undefined && map.truth().record('contacts', there)?.['canary_text'] !== held)
      map.writeAs(SYNC).update('contacts', there, { canary_text: held });
  }, 20);
  const dir = await mkdtemp(join(tmpdir(), 'runback-stopped-'));
  onTestFinished(async () => {
    clearInterval(working);
    await Promise.all([crm.stop(), map.stop()]);
    await rm(dir, { recursive: true, force: true });
  });
  for (const folder of ['tests', 'mappings']) await mkdir(join(dir, folder));
  const { clientId, clientSecret } = crm.connectedApp;
  for (const [name, secret] of Object.entries({ token: map.token, id: clientId, secret: clientSecret }))
    await writeFile(join(dir, name), secret, { mode: 0o600 });
  await writeFile(join(dir, 'mappings', 'contacts.yml'), MAPPING);
  await writeFile(join(dir, 'tests', 'canary-contact.yml'), canaryFile(here, there).replace('within: 5m', 'within: 1m'));
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: production, account: "${map.account}", url: "${map.url}", credentials: { token: file:token }, objects: [contacts] }
  salesforce: { connector: salesforce, environment: production, account: ${crm.account}, url: "${crm.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Contact] }
`,
  );
  const words = ['monitor', 'canary', 'run', 'canary-contact'];
  return await shared(server, dir, { words, written: byApi({ salesforce: crm, hubspot: map }) });
}

const TABLE = 'CREATE TABLE people (id int PRIMARY KEY, given text NOT NULL, mail text UNIQUE, born date, points numeric(9,2))';

/** A drill on a test environment, which it fills from a snapshot, and takes away from what it put there. */
async function drill(server: TestPostgres): Promise<StoppingWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'runback-stopped-'));
  onTestFinished(async () => await rm(dir, { recursive: true, force: true }));
  const production = await server.createDatabase(
    `${TABLE}; INSERT INTO people SELECT n, 'Given ' || n, 'p' || n || '@example.com', date '1970-01-01' + n, n / 3.0 FROM generate_series(1, 40) n`,
  );
  const staging = await server.createDatabase(`${TABLE}; INSERT INTO people VALUES (1001, 'Own', NULL, NULL, NULL)`);
  const platform = async (database: string, environment: string): Promise<object> => {
    await server.sql(database, `ALTER DATABASE ${database} SET runback.environment = '${environment}'`);
    const [row] = await server.sql(database, 'SELECT system_identifier::text AS id FROM pg_control_system()');
    return { connector: 'postgres', environment, url: `env:${environment.toUpperCase()}_URL`, account: `${row?.['id'] ?? ''}/${database}` };
  };
  const platforms = { warehouse: await platform(production, 'production'), rehearsal: await platform(staging, 'staging') };
  await writeFile(join(dir, 'runback.yml'), JSON.stringify({ version: 1, platforms }));
  await mkdir(join(dir, 'drills'));
  const document = {
    version: 1,
    id: 'overwritten-people',
    title: 'One given name on a tenth of the people',
    where: { platform: 'rehearsal', from: 'latest-verified', mask: ['mail'] },
    fault: { kind: 'overwrite', object: 'public.people', field: 'given', share: 0.1 },
    inputs: { filter: { fields: ['given'] } },
    runbook: 'mass-overwrite',
    answers: ANSWERS,
  };
  await writeFile(join(dir, 'drills', 'overwritten-people.yml'), JSON.stringify(document));
  const env = await shareState(server, dir, { PRODUCTION_URL: server.url(production), STAGING_URL: server.url(staging) });
  await done(['snapshot', 'create', '--platform', 'warehouse'], dir, env);
  await done(['snapshot', 'verify', 'latest'], dir, env);
  // Which transaction wrote each row: one that puts there what is there already is seen too.
  const written: StoppingWorld['written'] = async () => ({
    'platform-postgres-': JSON.stringify(await server.sql(staging, 'SELECT xmin::text AS by, id FROM people ORDER BY id')),
  });
  return await shared(server, dir, { words: ['drill', 'run', 'overwritten-people'], env, written });
}

/** By what is done. */
export const KINDS: Readonly<Record<string, StoppingKind>> = {
  'test run import': { open: async (server) => await steps(server, ['test', 'run', 'import']), isWrite: isRequest },
  'test run signups': { open: load, isWrite: isRequest },
  'test run b2b-webinar': { open: journey, isWrite: isRequest },
  'test cleanup': { open: async (server) => await steps(server, ['test', 'cleanup'], ['test', 'run', 'import']), isWrite: isRequest },
  'sandbox data': {
    open: async (server) => await steps(server, ['sandbox', 'data', '--platform', 'hubspot', '--records', '3', '--taken']),
    isWrite: isRequest,
  },
  'sync pause': { open: async (server) => await sync(server, 'pause'), isWrite: isRequest },
  'sync resume': { open: async (server) => await sync(server, 'resume'), isWrite: isRequest },
  'monitor canary run': { open: canary, isWrite: isRequest },
  'drill run': {
    open: drill,
    // All of a transaction but its end: between the last look and that nothing is waited for (docs/teams.md).
    isWrite: ({ kind, target }) => kind === 'pg' && /^(?:BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE|WITH v AS MATERIALIZED)/u.test(target),
  },
};
