import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAMS = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];

/** A real S3 server of this machine. */
export interface Radosgw {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  stop(): Promise<void>;
}

/**
 * Starts Ceph's gateway on loopback: one monitor, one store in memory, no manager, all of it in a temporary folder.
 * `missing` says why that cannot be done: on Debian, the packages radosgw, ceph-mon and ceph-osd have what it takes.
 */
export async function startRadosgw(): Promise<Radosgw | { readonly missing: string }> {
  for (const program of PROGRAMS) {
    const there = await run('which', [program]).catch(() => undefined);
    if (there === undefined) return { missing: `there is no ${program} (Debian: radosgw, ceph-mon, ceph-osd)` };
  }
  const folder = await mkdtemp(join(tmpdir(), 'runback-radosgw-'));
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await start(folder, started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(folder: string, started: ChildProcess[]): Promise<Omit<Radosgw, 'stop'>> {
  const [monitor, gateway] = [await freePort(), await freePort()];
  const id = randomUUID();
  const conf = join(folder, 'ceph.conf');
  const keyring = join(folder, 'keyring');
  for (const name of ['mon', 'osd', 'run', 'log']) await mkdir(join(folder, name));
  await writeFile(conf, configuration({ folder, id, monitor, gateway, keyring }));
  const keys = ['mon.', 'client.admin', 'client.rgw', 'osd.0'];
  for (const [n, name] of keys.entries())
    await run('ceph-authtool', [
      ...(n === 0 ? ['--create-keyring'] : []),
      keyring,
      '--gen-key',
      '-n',
      name,
      '--cap',
      'mon',
      'allow *',
      '--cap',
      'osd',
      'allow *',
    ]);
  const map = join(folder, 'monmap');
  await run('monmaptool', ['--create', '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, '--fsid', id, map]);
  await run('ceph-mon', ['-c', conf, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring]);
  const daemon = (program: string, ...words: string[]): void => void started.push(spawn(program, ['-c', conf, ...words, '-f'], { stdio: 'ignore' }));
  daemon('ceph-mon', '-i', 'a');
  const disk = randomUUID();
  await run('ceph', ['-c', conf, '--connect-timeout', '60', 'osd', 'new', disk]);
  await run('ceph-osd', ['-c', conf, '-i', '0', '--mkfs', '--osd-uuid', disk]);
  daemon('ceph-osd', '-i', '0');
  daemon('radosgw', '-n', 'client.rgw');
  const [accessKey, secretKey] = ['RUNBACKTEST', 'not-a-secret'];
  const user = ['user', 'create', '--uid', 'test', '--display-name', 'test', '--access-key', accessKey, '--secret', secretKey];
  await run('radosgw-admin', ['-c', conf, '-n', 'client.rgw', ...user]);
  const endpoint = `http://127.0.0.1:${gateway}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer?.ok === true) return { endpoint, region: 'us-east-1', accessKey, secretKey };
    if (tries > 300) throw new Error('radosgw does not answer');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function configuration(of: { folder: string; id: string; monitor: number; gateway: number; keyring: string }): string {
  const { folder, id, monitor, gateway, keyring } = of;
  return `[global]
fsid = ${id}
mon_host = v2:127.0.0.1:${monitor}
keyring = ${keyring}
public_network = 127.0.0.0/8
cluster_network = 127.0.0.0/8
mon_allow_pool_size_one = true
mon_data_avail_crit = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 1073741824
mon_data = ${folder}/mon
osd_data = ${folder}/osd
run_dir = ${folder}/run
crash_dir = ${folder}/run
log_file = ${folder}/log/$name.log
mon_cluster_log_file = ${folder}/log/cluster.log
admin_socket = ${folder}/run/$name.$pid.sock
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${gateway}
rgw_data = ${folder}/run
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
