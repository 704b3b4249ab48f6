import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { newKeyPair } from '../../dist/snapshots/index.js';
import { paired, peopleTable, run, runback, startPostgres } from '../support.mjs';

const ROWS = Number(process.env.RUNBACK_BENCH_ROWS ?? 1_000_000);
const REACH = 1.3;

/** Taking and verifying an encrypted snapshot, each against the same one unencrypted. */
export async function measure() {
  const server = await startPostgres();
  const what = `encrypted snapshot of a PostgreSQL table, ${ROWS.toLocaleString('en')} rows of 12 columns`;
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const { identity, recipient } = await newKeyPair();
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  const workspace = async (name, backups) => {
    const root = join(folder, name);
    await run('mkdir', ['-p', root]);
    await writeFile(join(root, 'identity'), identity, { mode: 0o600 });
    await writeFile(
      join(root, 'runback.yml'),
      `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.big]\n${backups}`,
    );
    return root;
  };
  try {
    await server.query("alter database postgres set runback.environment = 'staging'");
    await server.query(peopleTable('big', ROWS));
    const sealed = await workspace('sealed', `backups: { encrypt: { to: [${recipient}] }, identity: "file:identity" }\n`);
    const plain = await workspace('plain', 'backups: { storage: backups }\n');
    const ids = { sealed: '', plain: '' };
    const take = async (side, root) => {
      const { seconds, data } = await runback(root, ['snapshot', 'create', '--platform', 'db'], options);
      ids[side] = data.id;
      return seconds;
    };
    const line = (name, { ours, theirs, ratio }) => ({
      what: name,
      ours: `${ours.toFixed(2)} s`,
      against: `unencrypted ${theirs.toFixed(2)} s`,
      ratio: `${ratio.toFixed(2)} ×`,
      reach: `≤ ${REACH} ×`,
      verdict: ratio <= REACH ? 'reached' : 'MISSED',
    });
    const taken = await paired(
      5,
      async () => await take('sealed', sealed),
      async () => await take('plain', plain),
    );
    const read = async (root, id) => (await runback(root, ['snapshot', 'verify', id], options)).seconds;
    const verified = await paired(
      5,
      async () => await read(sealed, ids.sealed),
      async () => await read(plain, ids.plain),
    );
    return [line(what, taken), line('verifying it: every byte decrypted and unpacked', verified)];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
