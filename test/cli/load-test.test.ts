import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';

/** What a web form of a customer makes of a submission, by its number. */
type Intake = (n: number, fields: { readonly email: string; readonly mark: string }, response: ServerResponse) => void;

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
  let dir: string;
  let crm: HubSpotSandbox;
  let production: HubSpotSandbox;
  let intake: Server;
  let take: Intake;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'runback-load-'));
    crm = await startHubSpotSandbox({ seed: 5 });
    production = await startHubSpotSandbox({ seed: 6, portalId: 256, accountType: 'STANDARD' });
    seedMessy(crm, { contacts: 40, companies: 3, deals: 2, seed: 5 });
    seedMessy(production, { contacts: 10, companies: 1, deals: 1, seed: 6 });
    intake = createServer((request, response) => void taken(request, response));
    await new Promise<void>((resolve) => void intake.listen(0, '127.0.0.1', resolve));
    await mkdir(join(dir, 'tests'));
    for (const [name, { token }] of Object.entries({ crm, production })) await writeFile(join(dir, name), token, { mode: 0o600 });
    const entry = (name: string, sandbox: HubSpotSandbox, environment: string): string =>
      `  ${name}: { connector: hubspot, environment: ${environment}, account: "${sandbox.portalId}", url: "${sandbox.url}", credentials: { token: file:${name} }, objects: [contacts], limits: { requests_per_10s: 1000 }, options: { search_lag: 0s } }\n`;
    await writeFile(
      join(dir, 'runback.yml'),
      `version: 1\nplatforms:\n${entry('crm', crm, 'sandbox')}${entry('production', production, 'production')}`,
    );
  });

  afterEach(async () => {
    intake.closeAllConnections();
    await new Promise((resolve) => intake.close(resolve));
    await Promise.all([crm.stop(), production.stop()]);
    await rm(dir, { recursive: true, force: true });
  });

  const taken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { email, mark, n } = JSON.parse(text) as { readonly email: string; readonly mark: string; readonly n: string };
    take(Number(n), { email, mark }, response);
  };

  /** The engine of the customer: writes a contact, the one that is there where there is one. */
  const put = ({ email, mark }: { readonly email: string; readonly mark: string }): void => {
    const writer = crm.writeAs(integration('77', 'Forms'));
    const there = crm.records('contacts').find(({ properties }) => properties['email'] === email);
    if (there === undefined) writer.create('contacts', { email, lastname: mark });
    else writer.update('contacts', there.id, { lastname: mark });
  };

  const intakeUrl = (): string => `http://127.0.0.1:${(intake.address() as AddressInfo).port}/signup`;

  const test = (parts: { readonly submit: string; readonly load: string; readonly expect: string; readonly settle?: string }): string =>
    `version: 1\nid: signups\ntitle: Many people sign up\nload:\n  submit: ${parts.submit}\n${parts.load}\narrives:\n  - { in: crm/contacts, address: email, mark: lastname }\nsettle: ${parts.settle ?? '100ms'}\nexpect: ${parts.expect}\n`;

  const ownIntake = (): string =>
    `{ url: "${intakeUrl()}", environment: staging, answer_within: 1s, json: { email: "{address}", mark: "{mark}", n: "{n}" } }`;

  const run = async (text: string): Promise<{ readonly code: number | null; readonly result: Result; readonly stderr: string }> => {
    await writeFile(join(dir, 'tests', 'signups.yml'), text);
    const { code, stdout, stderr } = await runHere(['test', 'run', 'signups', '--json', '--no-input'], { cwd: dir });
    return { code, stderr, result: jsonLines(stdout).at(-1)?.['data'] as Result };
  };
  const addresses = (): readonly string[] =>
    crm
      .records('contacts')
      .filter(({ archived }) => !archived)
      .map(({ properties }) => properties['email'] ?? '');

  it('350 at once, some of them the same people: each arrives once, and a clean-up leaves what was there', async () => {
    take = (_, fields, response) => {
      put(fields);
      response.end('ok');
    };
    const before = [...addresses()].sort();
    const { code, result } = await run(
      test({ submit: ownIntake(), load: '  count: 350\n  at_once: true\n  same_person_twice: 5%', expect: '{ within: 2m }' }),
    );
    expect(result.load.places[0]?.totals).toEqual({ once: 350, doubled: 0, lost: 0, refused: 0, late: 0, unknown: 0 });
    expect(code).toBe(0);
    expect(addresses()).toHaveLength(40 + 350 - 17);
    // A person corrects one of them: it is theirs now.
    const kept = crm.records('contacts').find(({ properties }) => properties['email']?.startsWith('rb'));
    crm.writeAs(person(7)).update('contacts', kept?.id ?? '', { city: 'Bergen' });
    const cleaned = await runHere(['test', 'cleanup', '--json', '--no-input'], { cwd: dir });
    expect(cleaned.code).toBe(0);
    expect([...addresses()].sort()).toEqual([...before, kept?.properties['email'] ?? ''].sort());
    const again = await runHere(['test', 'cleanup'], { cwd: dir });
    expect(again.stdout).toContain('Nothing is left of any test.');
  });

  it('finds what is lost, doubled, late, refused and unanswered, and accuses nobody else', async () => {
    /** Once the account was read after so many milliseconds, and is left alone. */
    const onceReadAfter = async (ms: number): Promise<void> => {
      await pause(ms);
      const before = crm.counts().requests;
      for (let [seen, quiet] = [before, 0]; seen === before || quiet < 6; quiet += 1) {
        await pause(50);
        const now = crm.counts().requests;
        if (now !== seen) [seen, quiet] = [now, 0];
      }
    };
    take = (n, fields, response) => {
      const ok = (): void => void response.end('ok');
      if (n < 3) return ok();
      if (n < 5) {
        // Two records of one person: a platform keeps an address once, so that the second one has none.
        put(fields);
        crm.writeAs(integration('77', 'Forms')).create('contacts', { lastname: fields.mark });
        return ok();
      }
      if (n < 6) {
        ok();
        void onceReadAfter(3100).then(() => put(fields));
        return;
      }
      if (n < 10) {
        response.statusCode = 429;
        return ok();
      }
      if (n < 12) {
        // Taken, and told as an error.
        put(fields);
        response.statusCode = 500;
        return ok();
      }
      if (n < 13) {
        response.statusCode = 500;
        return ok();
      }
      if (n < 14) {
        // Taken, and the answer is lost.
        put(fields);
        response.destroy();
        return;
      }
      if (n < 15) return;
      put(fields);
      ok();
    };
    const { code, result } = await run(
      test({ submit: ownIntake(), load: '  count: 40\n  at_once: true', expect: '{ within: 3s, refused: 4, unknown: 2 }', settle: '3s' }),
    );
    expect(result.load.answers).toEqual({ acknowledged: 31, refused: 4, unanswered: 5 });
    // 25 that nothing was done to, two told as errors and one unanswered that are there.
    expect(result.load.places[0]?.totals).toEqual({ once: 28, doubled: 2, lost: 3, refused: 4, late: 1, unknown: 2 });
    expect(code).toBe(2);
    expect(result.passed).toBe(false);
    const { stdout } = await runHere(['test', 'report', 'latest'], { cwd: dir });
    expect(stdout).toContain('crm/contacts: lost');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    await runHere(['test', 'report', 'latest', '--to', 'test.xml'], { cwd: dir });
    await runHere(['test', 'report', 'latest', '--to', 'test.html'], { cwd: dir });
    expect(await readdir(dir)).toEqual(expect.arrayContaining(['test.html', 'test.xml']));
  }, 60_000);

  it("tells the excess at the vendor's form endpoint as refused, and nothing as lost", async () => {
    const form = `${crm.url}/submissions/v3/integration/submit/${crm.portalId}/8f14e45f-ceea-467f-a0f1-0123456789ab`;
    const submit = `{ url: "${form}", environment: sandbox, json: { fields: [{ name: email, value: "{address}" }, { name: lastname, value: "{mark}" }] } }`;
    const { code, result } = await run(test({ submit, load: '  count: 350\n  at_once: true', expect: '{ within: 2m, refused: 350 }' }));
    const totals = result.load.places[0]?.totals;
    expect(totals).toMatchObject({ doubled: 0, lost: 0, late: 0, unknown: 0 });
    expect(totals?.once).toBeGreaterThanOrEqual(50);
    expect((totals?.once ?? 0) + (totals?.refused ?? 0)).toBe(350);
    expect(code).toBe(0);
  });

  it('keeps to the limit of an intake, and then nothing is refused', async () => {
    const times: number[] = [];
    take = (_, fields, response) => {
      times.push(performance.now());
      put(fields);
      response.end('ok');
    };
    const submit = ownIntake().replace('{ url', '{ limit: { count: 4, per: 400ms }, url');
    const { result } = await run(test({ submit, load: '  count: 10\n  at_once: true', expect: '{ within: 1m }' }));
    expect(result.load.places[0]?.totals.once).toBe(10);
    expect((times[4] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(350);
  });

  it('submits nothing to production, by its account, by its address or by what it answers', async () => {
    take = (_, __, response) => void response.end('ok');
    const form = `${crm.url}/submissions/v3/integration/submit/256/8f14e45f-ceea-467f-a0f1-0123456789ab`;
    const byAccount = ownIntake().replace(intakeUrl(), form);
    const byAddress = ownIntake().replace(intakeUrl(), `${production.url}/signup`);
    for (const submit of [byAccount, byAddress]) {
      const { code, stderr } = await run(test({ submit, load: '  count: 3\n  at_once: true', expect: '{ within: 1m }' }));
      expect(code, stderr).toBe(6);
    }
    const other = test({ submit: ownIntake(), load: '  count: 3\n  at_once: true', expect: '{ within: 1m }' }).replace(
      'crm/contacts',
      'production/contacts',
    );
    expect((await run(other)).code).toBe(6);
    expect(production.writes()).toEqual([]);
    expect(await readdir(join(dir, '.runback', 'documents')).catch(() => [])).not.toContain('checks');
  });
});
