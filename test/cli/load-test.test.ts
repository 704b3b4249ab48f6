import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { type IntakeWorld, openIntakeWorld } from './support/intake-world.js';

interface Totals {
  readonly once: number;
  readonly doubled: number;
  readonly lost: number;
  readonly refused: number;
  readonly late: number;
  readonly unknown: number;
}

interface Result {
  readonly id: string;
  readonly passed: boolean;
  readonly load: {
    readonly submissions: number;
    readonly spanMs: number;
    readonly answers: Readonly<Record<string, number>>;
    readonly places: readonly { readonly totals: Totals; readonly examples: readonly { readonly verdict: string }[] }[];
  };
}

describe('runback test run with a load', () => {
  let world: IntakeWorld;

  beforeEach(async () => {
    world = await openIntakeWorld();
  });
  afterEach(async () => {
    await world.close();
  });

  const run = async (
    parts: Parameters<IntakeWorld['test']>[0],
  ): Promise<{ readonly code: number | null; readonly result: Result; readonly stderr: string }> => {
    await world.test(parts);
    const { code, stdout, stderr } = await runHere(['test', 'run', 'signups', '--json', '--no-input'], { cwd: world.dir });
    return { code, stderr, result: jsonLines(stdout).at(-1)?.['data'] as Result };
  };

  it('350 at once, some of them the same people: each arrives once, and a clean-up leaves what was there', async () => {
    world.take = (_, fields, response) => {
      world.put(fields);
      response.end('ok');
    };
    const before = world.addresses();
    const { code, result } = await run({ load: '  count: 350\n  at_once: true\n  same_person_twice: 5%', expect: '{ within: 2m }' });
    expect(result.load.places[0]?.totals).toEqual({ once: 350, doubled: 0, lost: 0, refused: 0, late: 0, unknown: 0 });
    expect(code).toBe(0);
    expect(world.addresses()).toHaveLength(40 + 350 - 17);
    // A person corrects one of them: it is theirs now.
    const kept = world.crm.records('contacts').find(({ properties }) => properties['email']?.startsWith('rb'));
    world.crm.writeAs(person(7)).update('contacts', kept?.id ?? '', { city: 'Bergen' });
    const cleaned = await runHere(['test', 'cleanup', '--json', '--no-input'], { cwd: world.dir });
    expect(cleaned.code).toBe(0);
    expect(world.addresses()).toEqual([...before, kept?.properties['email'] ?? ''].sort());
    const again = await runHere(['test', 'cleanup'], { cwd: world.dir });
    expect(again.stdout).toContain('Nothing is left of any test.');
  });

  it('knows its own whatever an automation makes of their names, and calls nobody lost whose name it took away', async () => {
    const before = world.addresses();
    world.take = (n, { email, mark }, response) => {
      const names = [`${mark.toUpperCase()} `, `Dr. ${mark}, PhD`, `${mark[0]?.toUpperCase() ?? ''}${mark.slice(1)}`, 'Lovelace'];
      world.crm.writeAs(integration('77', 'Forms')).create('contacts', { email: email.toUpperCase(), lastname: names[n % 4] ?? mark });
      response.end('ok');
    };
    const { code, result } = await run({ load: '  count: 20\n  at_once: true', expect: '{ within: 4s, unknown: 5 }' });
    expect([code, result.load.places[0]?.totals]).toEqual([0, { once: 15, doubled: 0, lost: 0, refused: 0, late: 0, unknown: 5 }]);
    const cleaned = await runHere(['test', 'cleanup', '--no-input'], { cwd: world.dir });
    // Whose name is gone could be anybody by now.
    expect([cleaned.code, /crm\/contacts: 15 records deleted, 5 left/u.test(cleaned.stdout)], cleaned.stdout).toEqual([3, true]);
    expect(world.addresses()).toHaveLength(before.length + 5);
  });

  it('finds what is lost, doubled, late, refused and unanswered, and accuses nobody else', async () => {
    /** Once the account was read after so many milliseconds, and is left alone. */
    const onceReadAfter = async (ms: number): Promise<void> => {
      await pause(ms);
      const before = world.crm.counts().requests;
      for (let [seen, quiet] = [before, 0]; seen === before || quiet < 6; quiet += 1) {
        await pause(50);
        const now = world.crm.counts().requests;
        if (now !== seen) [seen, quiet] = [now, 0];
      }
    };
    world.take = (n, fields, response) => {
      const ok = (): void => void response.end('ok');
      if (n < 3) return ok();
      if (n < 5) {
        // Two records of one person: a platform keeps an address once, so that the second one has none.
        world.put(fields);
        world.crm.writeAs(integration('77', 'Forms')).create('contacts', { lastname: fields.mark });
        return ok();
      }
      if (n < 6) {
        ok();
        void onceReadAfter(6100).then(() => world.put(fields));
        return;
      }
      if (n < 10) {
        response.statusCode = 429;
        return ok();
      }
      if (n < 12) {
        // Taken, and told as an error.
        world.put(fields);
        response.statusCode = 500;
        return ok();
      }
      if (n < 13) {
        response.statusCode = 500;
        return ok();
      }
      if (n < 14) {
        // Taken, and the answer is lost.
        world.put(fields);
        response.destroy();
        return;
      }
      if (n < 15) return;
      world.put(fields);
      ok();
    };
    // One never answers, and is waited for so long: half of the time in which the others may arrive.
    const submit = world.submit.replace('30s', '3s');
    const { code, result } = await run({
      submit,
      load: '  count: 40\n  at_once: true',
      expect: '{ within: 6s, refused: 4, unknown: 2 }',
      settle: '3s',
    });
    expect(result.load.answers).toEqual({ acknowledged: 31, refused: 4, unanswered: 5 });
    // 25 that nothing was done to, two told as errors and one unanswered that are there.
    expect(result.load.places[0]?.totals).toEqual({ once: 28, doubled: 2, lost: 3, refused: 4, late: 1, unknown: 2 });
    expect(code).toBe(2);
    expect(result.passed).toBe(false);
    const { stdout } = await runHere(['test', 'report', 'latest'], { cwd: world.dir });
    expect(stdout).toContain('crm/contacts: lost');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    await runHere(['test', 'report', 'latest', '--to', 'test.xml'], { cwd: world.dir });
    await runHere(['test', 'report', 'latest', '--to', 'test.html'], { cwd: world.dir });
    expect(await readdir(world.dir)).toEqual(expect.arrayContaining(['test.html', 'test.xml']));
  });

  it("tells the excess at the vendor's form endpoint as refused, and nothing as lost", async () => {
    const form = `${world.crm.url}/submissions/v3/integration/submit/${world.crm.portalId}/8f14e45f-ceea-467f-a0f1-0123456789ab`;
    const submit = `{ url: "${form}", environment: sandbox, json: { fields: [{ name: email, value: "{address}" }, { name: lastname, value: "{mark}" }] } }`;
    const { code, result } = await run({ submit, load: '  count: 350\n  at_once: true', expect: '{ within: 2m, refused: 350 }' });
    const totals = result.load.places[0]?.totals;
    expect(totals).toMatchObject({ doubled: 0, lost: 0, late: 0, unknown: 0 });
    expect(totals?.once).toBeGreaterThanOrEqual(50);
    expect((totals?.once ?? 0) + (totals?.refused ?? 0)).toBe(350);
    expect(code).toBe(0);
  });

  it('keeps to the limit of an intake as the intake sees it, however long it takes to answer', async () => {
    const times: number[] = [];
    const answered: number[] = [];
    world.take = (_, fields, response) => {
      times.push(performance.now());
      world.put(fields);
      // Slow for some: what is in time on our side may come together on theirs.
      setTimeout(
        () => {
          answered.push(performance.now());
          response.end('ok');
        },
        times.length <= 4 ? 300 : 0,
      );
    };
    const submit = world.submit.replace('{ url', '{ limit: { count: 4, per: 400ms }, url');
    const { result } = await run({ submit, load: '  count: 10\n  at_once: true', expect: '{ within: 1m }' });
    expect(result.load.places[0]?.totals.once).toBe(10);
    // A place is free again only that long after its own answer; the slow ones of a batch free theirs later.
    for (let n = 4; n < times.length; n += 1) expect((times[n] ?? 0) - (answered[n - 4] ?? 0), `submission ${n + 1}`).toBeGreaterThanOrEqual(390);
  });

  it('sends no secret where it could be read on the way', async () => {
    const submit = world.submit.replace(world.url, 'http://forms.example.com/signup').replace('{ url', '{ headers: { x-api-key: file:crm }, url');
    const { code, stderr } = await run({ submit, load: '  count: 3\n  at_once: true', expect: '{ within: 1m }' });
    expect(code, stderr).toBe(64);
    expect(stderr).not.toContain(world.crm.token);
  });

  it('submits nothing to production, by its account, by its address or by what it answers', async () => {
    world.take = (_, __, response) => void response.end('ok');
    const form = `${world.crm.url}/submissions/v3/integration/submit/256/8f14e45f-ceea-467f-a0f1-0123456789ab`;
    const byAccount = world.submit.replace(world.url, form);
    const byAddress = world.submit.replace(world.url, `${world.production.url}/signup`);
    for (const submit of [byAccount, byAddress]) {
      const { code, stderr } = await run({ submit, load: '  count: 3\n  at_once: true', expect: '{ within: 1m }' });
      expect(code, stderr).toBe(6);
    }
    const other = { load: '  count: 3\n  at_once: true', expect: '{ within: 1m }', place: 'production/contacts' };
    expect((await run(other)).code).toBe(6);
    expect(world.production.writes()).toEqual([]);
    expect(await readdir(join(world.dir, '.runback', 'documents')).catch(() => [])).not.toContain('checks');
  });
});
