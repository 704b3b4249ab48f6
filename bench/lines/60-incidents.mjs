import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseEscalation } from '../../dist/escalation/index.js';
import { acknowledge, Incidents, whatIsDue } from '../../dist/incidents/index.js';
import { newId, Redactor } from '../../dist/lib/index.js';
import { openFileStore } from '../../dist/store/index.js';

const OPEN = Number(process.env.RUNBACK_BENCH_INCIDENTS ?? 10_000);
const POLICY = `version: 1
timezone: UTC
people: { maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] } }
channels: { mail: { type: email, host: 127.0.0.1, from: runback@example.com } }
severities: { sev1: { means: Data is being corrupted, policy: critical, quiet_hours: ignore, update_every: 30d, ack_expires: 60d } }
policies: { critical: { levels: [{ notify: ["person:maya"], ack_within: 5m }], exhausted: { notify: ["person:maya"], every: 5m } } }
`;

/** An outbox that takes everything and sends nothing: what is measured is deciding, not mailing. */
const outbox = {
  put: () => Promise.resolve(),
  read: () => Promise.resolve(undefined),
  forget: () => Promise.resolve(),
};

async function world() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  let time = Date.UTC(2026, 0, 5, 9);
  const clock = { now: () => new Date(time), monotonicMs: () => performance.now(), sleep: () => Promise.resolve() };
  const store = openFileStore({ dir: folder, clock, redactor: new Redactor() });
  const incidents = new Incidents({ store, clock, escalation: parseEscalation(POLICY, 'escalation.yml'), outbox });
  const open = async () => await incidents.open({ title: 'Wrong names', severity: 'sev1', platforms: [], source: 'bench' }, 'bench');
  return { folder, store, clock, incidents, open, forward: (ms) => (time += ms) };
}

/**
 * Opens `count` incidents that somebody has, so that nothing is due for them for weeks. One is opened and taken as
 * people do it; the others get the same journal under their own ids, the same index and the same agenda, written by the
 * store.
 */
async function fill({ incidents, store, clock, open }, count) {
  const { id: first } = await open();
  await acknowledge(incidents, first, { by: 'maya', source: 'bench' });
  const entries = [];
  for await (const { by, type, data } of store.journal('incidents', first).read()) entries.push({ by, type, data });
  const { next } = whatIsDue(await incidents.read(first), await incidents.policyOf(await incidents.read(first)), clock.now());
  const index = await store.document('open-incidents', first).read();
  const ids = new Set([first]);
  let left = count - 1;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      let id = newId('inc', clock);
      // All of them begin in the same second of the clock.
      while (ids.has(id)) id = newId('inc', clock);
      ids.add(id);
      const own = JSON.parse(JSON.stringify(entries).replaceAll(first, id));
      await store.agenda('incidents').add(next, id);
      await store.document('open-incidents', id).update(() => ({ ...index, id }));
      const writer = await store.journal('incidents', id).open({ by: 'bench', holder: id, purpose: 'a benchmark' });
      for (const entry of own) await writer.append(entry);
      await writer.close();
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const there = (await incidents.listOpen()).length;
  if (there !== count) throw new Error(`${there} incidents are open, not ${count}`);
}

/** The median of ticks in which one incident is due. */
async function tickMs({ incidents, open, forward }) {
  const { id } = await open();
  const times = [];
  for (let round = 0; round < 15; round += 1) {
    forward(5 * 60_000 + 1000);
    const started = performance.now();
    const { looked } = await incidents.tick();
    times.push(performance.now() - started);
    if (looked !== 1) throw new Error(`${looked} incidents were looked at, not 1`);
  }
  await acknowledge(incidents, id, { by: 'maya', source: 'bench' });
  return times.sort((a, b) => a - b)[7];
}

/** One tick with one incident due, among many open ones and alone. */
export async function measure() {
  const [many, alone] = [await world(), await world()];
  try {
    await fill(many, OPEN);
    // What was a hint while nobody had the first one is looked at once, and nothing comes of it.
    for (const one of [many, alone]) {
      one.forward(3_600_000);
      while ((await one.incidents.tick()).looked > 0);
    }
    const [ours, theirs] = [await tickMs(many), await tickMs(alone)];
    const ratio = ours / theirs;
    return [
      {
        what: `one tick with one incident due, among ${OPEN.toLocaleString('en')} open ones`,
        ours: `${ours.toFixed(1)} ms`,
        against: `it alone ${theirs.toFixed(1)} ms`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: '≤ 1.5 ×',
        verdict: ratio <= 1.5 ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    for (const { folder } of [many, alone]) await rm(folder, { recursive: true, force: true });
  }
}
