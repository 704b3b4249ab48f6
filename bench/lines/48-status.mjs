import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Incidents, resolve } from '../../dist/incidents/index.js';
import { newId, Redactor, systemClock } from '../../dist/lib/index.js';
import { createSnapshot } from '../../dist/snapshots/index.js';
import { firstHash, sealEntry } from '../../dist/store/format/journal-lines.js';
import { openFileStore } from '../../dist/store/index.js';
import { main, paired, run } from '../support.mjs';

const share = Number(process.env.RUNBACK_BENCH_STATUS ?? 1);
const [RUNS, RESTORES, SNAPSHOTS, INCIDENTS] = [2000, 100, 800, 10_000].map((n) => Math.round(n * share));
const OPEN = 5;
const REACH = 1.5;

/** Ids as they are given, each a second after the one before it, up to now. */
function* ids(prefix, count) {
  for (let n = count; n > 0; n -= 1) yield newId(prefix, { ...systemClock, now: () => new Date(Date.now() - n * 1000) });
}

async function writeJournal(dir, kind, id, entries) {
  let prev = firstHash(kind, id);
  let text = '';
  for (const [n, { by, type, data, step, attempt }] of entries.entries()) {
    const named = { ...(step === undefined ? {} : { step }), ...(attempt === undefined ? {} : { attempt }) };
    const { entry, line } = sealEntry({ v: 1, seq: n + 1, at: new Date().toISOString(), by, type, ...named, data, prev });
    prev = entry.hash;
    text += line;
  }
  const path = join(dir, kind, id, 'journal.ndjson');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** A closed run of ten steps. */
function runEntries(by) {
  const steps = Array.from({ length: 10 }, (_, n) => ({ id: `s${n}`, title: `Step ${n}`, kind: 'command' }));
  const runbook = { id: 'small', title: 'A run', digest: '0', text: 'x'.repeat(4000), file: 'small.yml' };
  const of = (type, data, step) => ({ by, type, data, ...(step === undefined ? {} : { step, attempt: 1 }) });
  return [
    of('run.created', { runbook, steps, inputs: {}, limits: {} }),
    ...steps.flatMap(({ id }) => [
      of('step.intent', { kind: 'command', inputs: {}, effect: 'idempotent', key: id }, id),
      of('step.outcome', { state: 'succeeded', outputs: {} }, id),
    ]),
    of('run.closed', { state: 'succeeded' }),
  ];
}

/** A restore of 200 changes that came to its end. */
function restoreEntries(by) {
  const settings = { canary: 10, errorsPercent: 5, skippedPercent: 5 };
  const items = Array.from({ length: 200 }, (_, n) => ({
    id: String(n + 1),
    action: 'update',
    object: 'people',
    key: String(n),
    set: { a: '1' },
    replaced: { a: '2' },
  }));
  return [
    {
      by,
      type: 'restore.created',
      data: { plan: 'plan-1', hash: '0', platform: 'db', account: 'a', total: 200, confirmed: '', settings, approvals: [], step: null },
    },
    { by, type: 'batch.intent', data: { batch: 1, items } },
    { by, type: 'batch.outcome', data: { batch: 1, results: items.map(({ id, key }) => ({ id, key, status: 'applied' })) } },
    { by, type: 'restore.closed', data: { state: 'done' } },
  ];
}

/** A platform with one record. */
function platform() {
  const schema = {
    object: 'people',
    keyFields: [],
    fields: [{ name: 'a', type: 'string', platformType: 'text', readOnly: false }],
    createWithKey: false,
    undelete: false,
    sideEffects: [],
  };
  const size = 100;
  const capabilities = {
    consistentRead: false,
    ordered: true,
    conditionalWrite: false,
    atomicBatch: false,
    history: 'none',
    batch: { read: size, history: size, update: size, create: size, delete: size, undelete: size, link: size, unlink: size },
    census: true,
  };
  const identity = { account: 'a', label: 'a', environment: 'sandbox', scopes: undefined, address: 'memory' };
  const connector = {
    kind: 'memory',
    capabilities,
    identify: () => Promise.resolve(identity),
    describe: () => Promise.resolve({ objects: [schema], links: [] }),
    async *read() {
      yield { records: [{ key: '1', fields: { a: '1' }, meta: {} }], total: 1 };
    },
    async *readLinks() {},
    usage: () => ({ requests: 0, retries: 0, limited: 0 }),
    close: () => Promise.resolve(),
  };
  return { name: 'db', environment: 'sandbox', objects: ['people'], identity, connector };
}

async function workspace(folder) {
  await mkdir(join(folder, '.runback'), { recursive: true });
  await writeFile(
    join(folder, 'runback.yml'),
    'version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: env:BENCH_URL\n    objects: [people]\n',
  );
}

/** Everything that ever happened in a workspace of some years, and a little that is open. */
async function fill(folder) {
  const dir = join(folder, '.runback');
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  const by = 'bench';
  for (const id of ids('run', RUNS)) await writeJournal(dir, 'runs', id, runEntries(by));
  for (const id of ids('restore', RESTORES)) await writeJournal(dir, 'restores', id, restoreEntries(by));
  const desk = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
  const opening = { title: 'Wrong names', severity: 'sev1', platforms: [], source: by };
  const { id: first } = await desk.open(opening, by);
  await resolve(desk, first, { by, source: by }, 'done');
  const entries = [];
  for await (const { by: who, type, data } of store.journal('incidents', first).read()) entries.push({ by: who, type, data });
  for (const id of ids('inc', INCIDENTS)) await writeJournal(dir, 'incidents', id, entries);
  for (let n = 0; n < OPEN; n += 1) await desk.open(opening, by);
  for (let n = 0; n < SNAPSHOTS; n += 1)
    await createSnapshot({ platforms: [platform()], by }, { dir: join(folder, 'backups'), store, clock: systemClock });
}

/**
 * `status` in a workspace with a long history against one without any; the first one after that history reads it, each
 * later one does not.
 */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  try {
    const [old, empty] = [join(folder, 'old'), join(folder, 'empty')];
    for (const one of [old, empty]) await workspace(one);
    await fill(old);
    const status = async (where) => (await run(process.execPath, [main, '--workspace', where, 'status'])).seconds;
    // What is younger than two seconds is not taken for settled.
    await new Promise((done) => setTimeout(done, 2500));
    const first = await status(old);
    const { ours, theirs, ratio } = await paired(
      11,
      () => status(old),
      () => status(empty),
    );
    return [
      {
        what: `\`status\` with ${RUNS} runs, ${RESTORES} restores, ${SNAPSHOTS} snapshots, ${INCIDENTS} incidents of which ${OPEN} are open (the first time ${first.toFixed(1)} s)`,
        ours: `${(ours * 1000).toFixed(0)} ms`,
        against: `an empty workspace ${(theirs * 1000).toFixed(0)} ms`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: ratio <= REACH ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    if (process.env.RUNBACK_BENCH_KEEP === undefined) await rm(folder, { recursive: true, force: true });
  }
}
