import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { median, paired, peopleTable, processorSeconds, run, runback, startPostgres, which } from '../support.mjs';

const ROWS = Number(process.env.RUNBACK_BENCH_ROWS ?? 1_000_000);
const SMALL = ROWS / 10;
/** Rounds of planning and applying: what the disk does between two of them differs most. */
const ROUNDS = Number(process.env.RUNBACK_BENCH_ROUNDS ?? 5);

const line = (what, ours, against, ratio, reach) => ({
  what,
  ours,
  against,
  ratio: `${ratio.toFixed(2)} ×`,
  reach: `≤ ${reach} ×`,
  verdict: ratio <= reach ? 'reached' : 'MISSED',
});
/** Processor seconds of this process alone: what it waits for is counted apart. */
const ownSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const seconds = (value) => `${value.toFixed(2)} s`;

/**
 * Snapshot, memory, verify, compare and restore of one PostgreSQL table, each against the tool people would use
 * instead.
 */
export async function measure() {
  const server = await startPostgres();
  const what = `PostgreSQL, ${ROWS.toLocaleString('en')} rows of 12 columns`;
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const workspace = async (name, object, more = '') => {
    const root = join(folder, name);
    await run('mkdir', ['-p', root]);
    await writeFile(
      join(root, 'runback.yml'),
      `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.${object}]\nrestores: { limits: { percent: 50 } }\n${more}`,
    );
    return root;
  };
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  try {
    // Nothing is written to a database that does not say what it is.
    await server.query("alter database postgres set runback.environment = 'staging'");
    await server.query(peopleTable('big', ROWS));
    await server.query(peopleTable('small', SMALL));
    const [big, small] = [await workspace('big-ws', 'big'), await workspace('small-ws', 'small')];
    const rows = [];
    const snapshots = [];
    const memory = [];
    const processor = { ours: [], theirs: [] };
    // Client and server together: each client's process is a child of this one, each connection's one of the server.
    const counted = async (side, work) => {
      const used = () => [process.pid, server.pid].reduce((sum, pid) => sum + (processorSeconds(pid) ?? Number.NaN), 0) - ownSeconds();
      const before = used();
      const result = await work();
      // The server counts a connection's process once it has ended.
      await new Promise((resolve) => setTimeout(resolve, 300));
      processor[side].push(used() - before);
      return result;
    };
    const snap = await paired(
      3,
      async () => {
        const result = await counted('ours', () => runback(big, ['snapshot', 'create', '--platform', 'db'], options));
        snapshots.push(result.data);
        memory.push(result.peakMb);
        return result.seconds;
      },
      async (round) =>
        (await counted('theirs', () => run('pg_dump', ['-Fc', '-t', 'big', '-f', join(folder, `big-${round}.dump`), server.url]))).seconds,
    );
    rows.push(
      line(
        `snapshot of a PostgreSQL table, ${ROWS.toLocaleString('en')} rows of 12 columns`,
        seconds(snap.ours),
        `pg_dump -Fc ${seconds(snap.theirs)}`,
        snap.ratio,
        0.9,
      ),
    );
    const [ourCpu, theirCpu] = [median(processor.ours), median(processor.theirs)];
    if (!Number.isNaN(ourCpu))
      rows.push(
        line(
          'its processor time, client and server',
          seconds(ourCpu),
          `pg_dump -Fc ${seconds(theirCpu)}`,
          median(processor.ours.map((value, index) => value / processor.theirs[index])),
          1,
        ),
      );
    const smaller = [];
    for (let round = 0; round < 3; round += 1) smaller.push((await runback(small, ['snapshot', 'create', '--platform', 'db'], options)).peakMb);
    const growth = median(memory) / median(smaller);
    rows.push(
      line(
        'memory of that snapshot',
        `${median(memory).toFixed(0)} MB`,
        `${SMALL.toLocaleString('en')} rows ${median(smaller).toFixed(0)} MB`,
        growth,
        1.1,
      ),
    );
    const path = snapshots[0].path;
    const size = `${(statSync(path).size / 1e6).toFixed(0)} MB`;
    if (which('unzip')) {
      const verify = await paired(
        3,
        async () => (await runback(big, ['snapshot', 'verify', snapshots[0].id], options)).seconds,
        async () => (await run('unzip', ['-tqq', path])).seconds,
      );
      rows.push(line(`verify that snapshot (${size})`, seconds(verify.ours), `unzip -t ${seconds(verify.theirs)}`, verify.ratio, 0.7));
    }
    await server.query("update big set first_name = 'Valued Customer' where id % 100 = 0");
    const spread = (await runback(big, ['snapshot', 'create', '--platform', 'db'], options)).data;
    if (which('unzip')) {
      const compare = await paired(
        3,
        async () => (await runback(big, ['diff', snapshots[0].id, spread.id], { ...options, expect: [2] })).seconds,
        async () => (await run('unzip', ['-p', path], { quiet: true })).seconds + (await run('unzip', ['-p', spread.path], { quiet: true })).seconds,
      );
      rows.push(line('compare two snapshots, 1 % changed', seconds(compare.ours), `unzip -p of both ${seconds(compare.theirs)}`, compare.ratio, 0.6));
    }
    const restoreAll = async () => {
      await server.query('drop database if exists again');
      await server.query('create database again');
      return (await run('pg_restore', ['-d', server.url.replace(/postgres$/, 'again'), join(folder, 'big-0.dump')])).seconds;
    };
    const planning = ({ base, damaged }) => [
      'restore',
      'plan',
      '--platform',
      'db',
      '--base',
      base,
      '--damaged',
      damaged,
      '--unattributed',
      'include',
    ];
    const confirmed = ['--confirm', `staging:${Math.round(ROWS / 100)}`];
    const oneCommand = async (between) => {
      const { data, seconds: took } = await runback(between.root, [...planning(between), '--apply', ...confirmed], options);
      if (data.applied !== Math.round(ROWS / 100)) throw new Error(`${data.applied} records were put back`);
      return took;
    };
    const twoCommands = async (between) => {
      const started = performance.now();
      const { id } = (await runback(between.root, planning(between), options)).data;
      await runback(between.root, ['restore', 'apply', id, ...confirmed], options);
      return (performance.now() - started) / 1000;
    };
    // A server that has not written so much before makes its log files first, which all sides feel: the first round is told apart.
    const repaired = async (what, damage, between, reach) => {
      const taken = { one: [], two: [], theirs: [] };
      for (let round = 0; round < ROUNDS; round += 1)
        for (const [side, work] of [
          ['one', () => oneCommand(between)],
          ['theirs', restoreAll],
          ['two', () => twoCommands(between)],
        ]) {
          if (side !== 'theirs') await server.query(`update big set first_name = 'Valued Customer' where ${damage}`);
          taken[side].push(await work());
        }
      const told = (side) => `${seconds(median(taken[side]))} (first ${seconds(taken[side][0])})`;
      const ratio = (side) => median(taken[side].map((took, round) => took / taken.theirs[round]));
      const against = `pg_restore of the table ${told('theirs')}`;
      rows.push(line(what, told('one'), against, ratio('one'), reach));
      rows.push({ what: 'as two commands', ours: told('two'), against, ratio: `${ratio('two').toFixed(2)} ×`, reach: '–', verdict: '' });
    };
    const between = (damaged) => ({ root: big, base: snapshots[0].id, damaged });
    await repaired('plan and apply a restore of 1 % of the rows by `restore plan --apply`, spread evenly', 'id % 100 = 0', between(spread.id), 0.9);
    const near = `id > ${Math.round(ROWS / 2)} and id <= ${Math.round(ROWS / 2) + Math.round(ROWS / 100)}`;
    await server.query(`update big set first_name = 'Valued Customer' where ${near}`);
    const close = (await runback(big, ['snapshot', 'create', '--platform', 'db'], options)).data;
    await repaired('the same, the rows lying together', near, between(close.id), 0.5);
    // The last round put everything back.
    const root = await workspace('chain-ws', 'big', 'backups: { jobs: { nightly: { platforms: [db], incremental: true, watch: "off" } } }\n');
    const daily = async () => (await runback(root, ['backup', 'run', 'nightly'], options)).data.jobs[0].snapshot.id;
    const base = await daily();
    await server.query("update big set first_name = 'Valued Customer' where id % 100 = 0");
    await repaired(
      'the same between two neighbours of a chain of increments, spread evenly',
      'id % 100 = 0',
      { root, base, damaged: await daily() },
      0.4,
    );
    return rows;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
