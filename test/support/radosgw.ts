import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { freePort } from './ports.js';

const run = promisify(execFile);

/** Ceph's S3 gateway, a real one, that lives as long as this process at most. */
export interface TestRadosgw {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** `lock`: with object lock, and versions with it. */
  createBucket(name: string, options?: { readonly lock?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface RadosgwOptions {
  /** The least size of a part that is not the last; 5 MiB if not given. */
  readonly minPartBytes?: number;
}

/** Of Debian's packages ceph-base (monmaptool), ceph-common (ceph), ceph-mon, ceph-osd and radosgw. */
const PROGRAMS = ['monmaptool', 'ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'];
const ACCESS_KEY = 'AKIDLOOPBACK';
const SECRET_KEY = 'a-secret-for-loopback-only';
const REGION = 'us-east-1';
const STEP_MS = 300_000;
const STOP_MS = 5000;
const POLL_MS = 50;

/**
 * Starts one monitor, one OSD that keeps its objects in memory, and the gateway, without a manager: everything is in a temporary folder
 * and on loopback. It takes some ten seconds and 150 MB. `missing` says which programs are not installed.
 *
 * Nobody proves who they are to the monitor (`auth … none`), so there are no keyrings; the gateway would by itself talk to the monitor in
 * encrypted mode only, which needs keys: hence `ms mon client mode`. Pools have one placement group and one copy, for there is one OSD.
 * The monitor would stop where the disk is nearly full: it is told not to look.
 */
export async function radosgw(options: RadosgwOptions = {}): Promise<TestRadosgw | { readonly missing: string }> {
  const absent = PROGRAMS.filter((name) => !installed(name));
  if (absent.length > 0) return { missing: `not installed: ${absent.join(', ')}` };
  const folder = await mkdtemp(join(tmpdir(), 'runback-radosgw-'));
  const daemons: Daemon[] = [];
  const killAll = (): void => daemons.forEach(({ child }) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  const stop = async (): Promise<void> => {
    for (const daemon of daemons.toReversed()) await end(daemon);
    process.off('exit', killAll);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await startAll(folder, daemons, options)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(folder: string, daemons: Daemon[], options: RadosgwOptions): Promise<Omit<TestRadosgw, 'stop'>> {
  const [monitorPort, port] = [await freePort(), await freePort()];
  const cluster = randomUUID();
  const osd = randomUUID();
  const config = join(folder, 'ceph.conf');
  const map = join(folder, 'monmap');
  const step = (program: string, ...args: readonly string[]): Promise<unknown> => run(program, args, { timeout: STEP_MS, killSignal: 'SIGKILL' });
  const start = (program: string, ...args: readonly string[]): Daemon => {
    const daemon = launch(folder, program, ['-c', config, '-f', ...args]);
    daemons.push(daemon);
    return daemon;
  };
  for (const name of ['mon', 'osd', 'run', 'crash']) await mkdir(join(folder, name));
  await writeFile(config, configuration(folder, cluster, monitorPort ?? 0, port ?? 0, options));

  await step('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, map);
  await step('ceph-mon', '-c', config, '--mkfs', '-i', 'a', '--monmap', map);
  start('ceph-mon', '-i', 'a');
  await step('ceph', '-c', config, 'osd', 'new', osd, '0');
  await step('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', osd);
  start('ceph-osd', '-i', '0');
  const keys = [`--access-key=${ACCESS_KEY}`, `--secret-key=${SECRET_KEY}`];
  await step('radosgw-admin', '-c', config, 'user', 'create', '--uid=tests', '--display-name=Tests', ...keys);
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint, start('radosgw', '-n', 'client.gateway'));
  return {
    endpoint,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    region: REGION,
    createBucket: (name, { lock = false } = {}) => createBucket(endpoint, name, lock),
  };
}

const configuration = (folder: string, cluster: string, monitorPort: number, port: number, { minPartBytes }: RadosgwOptions): string => `[global]
fsid = ${cluster}
mon host = [v2:127.0.0.1:${monitorPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
mon data = ${join(folder, 'mon')}
osd data = ${join(folder, 'osd')}
run dir = ${join(folder, 'run')}
crash dir = ${join(folder, 'crash')}
admin socket =
log file =
log to stderr = true
mon cluster log file =
mon data avail warn = 0
mon data avail crit = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
osd crush chooseleaf type = 0
osd crush initial weight = 1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
rgw frontends = beast endpoint=127.0.0.1:${port}
${minPartBytes === undefined ? '' : `rgw multipart min part size = ${minPartBytes}\n`}`;

function installed(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly log: string;
}

function launch(folder: string, program: string, args: readonly string[]): Daemon {
  const log = join(folder, `${program}.log`);
  const output = openSync(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { child, ended, log };
}

async function end({ child, ended }: Daemon): Promise<void> {
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(hard);
}

async function answering(endpoint: string, { child, log }: Daemon): Promise<void> {
  const limit = Date.now() + STEP_MS;
  while (child.exitCode === null && Date.now() < limit) {
    try {
      await (await fetch(endpoint)).arrayBuffer();
      return;
    } catch {
      await sleep(POLL_MS);
    }
  }
  throw new Error(`radosgw does not answer: ${readFileSync(log, 'utf8').slice(-2000)}`);
}

/** Signed here, by hand: the tests' clients need not know how to make buckets. */
async function createBucket(endpoint: string, name: string, lock: boolean): Promise<void> {
  const hash = (data: string): string => createHash('sha256').update(data).digest('hex');
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/gu, '');
  const headers: Record<string, string> = {
    host: new URL(endpoint).host,
    ...(lock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {}),
    'x-amz-content-sha256': hash(''),
    'x-amz-date': stamp,
  };
  const names = Object.keys(headers).toSorted();
  const canonical = ['PUT', `/${name}`, '', ...names.map((each) => `${each}:${headers[each]}`), '', names.join(';'), hash('')].join('\n');
  const scope = [stamp.slice(0, 8), REGION, 's3', 'aws4_request'];
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${SECRET_KEY}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope.join('/'), hash(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/${scope.join('/')}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const answer = await fetch(`${endpoint}/${name}`, { method: 'PUT', headers: { ...headers, authorization } });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`radosgw made no bucket ${name}: ${answer.status} ${said}`);
}
