// What the benchmark lines share: child processes with their peak memory, a PostgreSQL server, medians.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
export const main = join(root, 'dist/runback.js');

export const which = (program) => {
  const result = spawnSync('sh', ['-c', `command -v "$0"`, program], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
};

/** Runs a program to its end; resolves to wall seconds, peak memory of that process in MB (Linux), and its stdout. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', options.quiet ? 'ignore' : 'pipe', 'pipe'], ...options });
    let [stdout, stderr, peakKb] = ['', '', 0];
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
    const poll = setInterval(() => {
      try {
        peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
      } catch {
        /* it has ended, or this is not Linux */
      }
    }, 20);
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(poll);
      const seconds = (performance.now() - started) / 1000;
      const expected = options.expect ?? [0];
      if (!expected.includes(status)) reject(new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`));
      else resolve({ seconds, peakMb: peakKb / 1024, stdout, status });
    });
  });
}

/** Processor seconds that a process and the children it has waited for used so far (Linux); undefined elsewhere. */
export function processorSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  } catch {
    return undefined;
  }
}

/** Runs our command line; resolves like {@link run}, with the parsed JSON answer as `data`. */
export async function runback(workspace, args, options = {}) {
  const result = await run(process.execPath, [main, '--workspace', workspace, '--json', '--no-input', ...args], options);
  const last = result.stdout.trim().split('\n').at(-1) ?? '';
  return { ...result, data: JSON.parse(last).data };
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs both sides in turn, so that a drift of the machine hits both; resolves to their medians. */
export async function paired(rounds, ours, theirs) {
  const [a, b] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    a.push(await ours(round));
    b.push(await theirs(round));
  }
  return { ours: median(a), theirs: median(b), ratio: median(a.map((value, index) => value / b[index])) };
}

/** A PostgreSQL server whose version fits the installed pg_dump; undefined with the reason where there is none. */
export async function startPostgres() {
  const [initdb, postgres, dump, restore] = ['initdb', 'postgres', 'pg_dump', 'pg_restore'].map(which);
  if (!initdb || !postgres || !dump || !restore) return { missing: 'initdb, postgres, pg_dump or pg_restore is not installed' };
  const folder = mkdtempSync(join(tmpdir(), 'runback-bench-pg-'));
  const user =
    process.getuid?.() === 0
      ? {
          uid: Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout),
          gid: Number(spawnSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).stdout),
        }
      : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const init = spawnSync(initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...user,
    cwd: folder,
    encoding: 'utf8',
  });
  if (init.status !== 0) return { missing: `initdb failed: ${init.stderr}` };
  const port = 20_000 + (process.pid % 20_000);
  const server = spawn(
    postgres,
    [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${folder}`,
      '-c',
      'max_wal_size=4GB',
      '-c',
      'shared_buffers=512MB',
    ],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const { default: pg } = await import('pg');
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      break;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    url,
    pid: server.pid,
    async query(text) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return await client.query(text);
      } finally {
        await client.end();
      }
    },
    async stop() {
      await new Promise((resolve) => {
        server.once('close', resolve);
        server.kill('SIGINT');
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Makes a table of so many rows, damages each, and restores it in a new workspace in `folder`; resolves to the id of
 * the restore.
 */
export async function restoreTable(server, folder, changes, options) {
  await server.query("alter database postgres set runback.environment = 'staging'");
  await server.query(
    `create table people (id bigint primary key, first_name text, city text);
     insert into people select i, 'First' || (i % 977), 'City ' || (i % 313) from generate_series(1, ${changes}) i`,
  );
  writeFileSync(
    join(folder, 'runback.yml'),
    'version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.people]\nrestores: { limits: { percent: 100 } }\n',
  );
  const snapshot = async () => (await runback(folder, ['snapshot', 'create', '--platform', 'db'], options)).data.id;
  const base = await snapshot();
  await server.query("update people set first_name = 'Valued Customer'");
  const damaged = await snapshot();
  const planned = ['restore', 'plan', '--platform', 'db', '--base', base, '--damaged', damaged, '--unattributed', 'include'];
  const { data } = await runback(folder, planned, { ...options, expect: [0, 2] });
  await runback(folder, ['restore', 'apply', data.id, '--confirm', `staging:${changes}`], options);
  const [restore] = readdirSync(join(folder, '.runback/restores'));
  return restore;
}

/** SQL that makes a table of people: `rows` of them, 12 columns of ordinary kinds. */
export const peopleTable = (name, rows) => `
  create table ${name} (id bigint primary key, email text not null, first_name text, last_name text, phone text, city text, country text,
    score numeric(12,2), opted_out boolean not null, born date, updated_at timestamptz not null, notes text);
  insert into ${name} select i, 'person' || i || '@example.com', 'First' || (i % 977), 'Last' || (i % 7919), '+1 555 ' || lpad((i % 10000)::text, 4, '0'),
    'City ' || (i % 313), (array['US','DE','FR','JP','BR'])[1 + i % 5], (i % 100000) / 7.0, i % 13 = 0, date '1950-01-01' + (i % 20000)::int,
    timestamptz '2026-01-01' + (i % 1000000) * interval '1 second', case when i % 4 = 0 then null else md5(i::text) end
    from generate_series(1, ${rows}) i;
  analyze ${name};`;
