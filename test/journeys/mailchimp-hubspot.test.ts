import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test } from 'vitest';

import { ConsentPair, MEMBERS } from './support/consent-pair.js';
import { openOperator, type Operator } from './support/operator.js';

/**
 * A wrong merge of consent on two platforms, put right in the real program. A user would lose: people who opted out get mail again,
 * on one side or the other, by the restore or by its undo.
 */

let open: { readonly pair: ConsentPair; readonly operator: Operator } | undefined;
afterEach(async () => {
  await open?.operator.close();
  await open?.pair.stop();
  open = undefined;
});

describe('a wrong merge of consent between Mailchimp and HubSpot', () => {
  test.each([11, 4711, 20_261_130])('nobody who opted out ends up mailable, and nobody is opted in unasked (seed %i)', async (seed) => {
    const pair = await ConsentPair.start(seed);
    const operator = await openOperator(config(pair), { 'token-mail': pair.mail.token, 'token-hubspot': pair.hubspot.token }, { processes: true });
    open = { pair, operator };
    const { out, inAgain, lateIn, atHubSpot, lateAtMailchimp, lateAtHubSpot, neverThere } = pair.roles;
    const late = [...lateAtMailchimp, ...lateAtHubSpot];
    const snapshot = async (): Promise<string> =>
      String((await operator.done('snapshot', 'create', '--platform', 'mail', '--platform', 'hubspot'))['id']);

    const base = await snapshot();
    pair.pass();
    pair.peopleDecide();
    const since = pair.pass();
    pair.goWrong();
    pair.pass();
    await operator.done('sync', 'pause', '--writes-to', 'mail');
    const damaged = await snapshot();
    pair.pass();
    pair.peopleGoOn();
    pair.pass();
    expect(pair.mailable(out)).toHaveLength(2 * out.length);

    // What happened: both sides show people who were opted in.
    for (const platform of ['mail', 'hubspot']) {
      const found = await operator.run('investigate', '--platform', platform, '--base', base, '--damaged', damaged);
      expect([platform, found.code]).toEqual([platform, 2]);
      expect(JSON.stringify(found.data), platform).toMatch(/opted in/u);
    }

    // Plans on both sides; on HubSpot a second one, from its history: two snapshots do not see who opted out in between.
    const between = ['--base', base, '--damaged', damaged];
    const onMail = await planned(operator, 'mail', ...between, '--unattributed', 'include', '--delete-created');
    const onHubSpot = await planned(operator, 'hubspot', ...between, '--suspect', 'INTEGRATION:48621');
    const byHistory = await planned(operator, 'hubspot', '--from-history', '--since', since, '--suspect', 'INTEGRATION:48621');
    const byHand = new Set([...(await leftByHand(operator, onHubSpot.id)), ...(await leftByHand(operator, byHistory.id))]);
    const wasOut = [...out.filter((n) => !inAgain.includes(n)), ...neverThere];
    for (const n of [...wasOut, ...atHubSpot]) expect([n, byHand.has(pair.keyOf(n))]).toEqual([n, true]);

    const before = everyone(pair);
    const restores: string[] = [];
    for (const { id, confirm } of [onMail, onHubSpot]) {
      const { data } = await operator.run('restore', 'apply', id, '--confirm', confirm);
      expect(data).toMatchObject({ failed: 0, inDoubt: 0 });
      restores.push(String(data['id']));
    }
    // What only people can set, as the runbook says: on HubSpot by an opt-out list, of the same people on Mailchimp by an import.
    pair.optOutByHand([...byHand]);
    pair.unsubscribeByHand(await addressesOf(operator, base, [...byHand]));
    const opted = new Set(pair.shouldBeOut.filter((n) => !late.includes(n)));
    expect(pair.mailable([...opted])).toEqual([]);
    expect(pair.mailable(late)).toHaveLength(late.length);
    expect(everyone(pair).filter((name) => !before.includes(name))).toEqual([]);
    for (const n of neverThere) expect([n, pair.member(n)]).toEqual([n, undefined]);
    expect((await operator.run('restore', 'verify', onMail.id)).code).toBe(0);
    expect((await operator.run('restore', 'verify', onHubSpot.id)).data).toMatchObject({ remaining: 0, byHand: [] });
    // Who opted in by themselves cannot be told from the damage on Mailchimp: they are out, the safe side.
    for (const n of [...inAgain, ...lateIn]) expect([n, pair.member(n)?.['status']]).toEqual([n, 'unsubscribed']);

    // The mended sync moves consent towards no.
    pair.carryOptOuts();
    expect(pair.mailable(pair.shouldBeOut)).toEqual([]);

    const restored = everyone(pair);
    for (const restore of [...restores].reverse()) expect((await operator.run('restore', 'undo', restore)).data).toMatchObject({ state: 'undone' });
    expect(pair.mailable(pair.shouldBeOut)).toEqual([]);
    expect(everyone(pair).filter((name) => !restored.includes(name))).toEqual([]);
    expect(pair.overwritten()).toBeGreaterThan(10);
    const left = JSON.stringify(await operator.done('restore', 'left', restores[0] ?? ''));
    expect(left).toContain('nobody is opted in again by an undo');
    expect(left).toContain('Mailchimp does not tell whether this person opted out');
    // Nobody was asked or told anything by the restore.
    expect([...pair.mail.effects(), ...pair.hubspot.effects()]).toEqual([]);
  });
});

interface Planned {
  readonly id: string;
  readonly confirm: string;
}

async function planned(operator: Operator, platform: string, ...how: readonly string[]): Promise<Planned> {
  const { data } = await operator.run('restore', 'plan', '--platform', platform, ...how);
  const { records } = data['counts'] as { readonly records: number };
  return { id: String(data['id']), confirm: `sandbox:${String(records)}` };
}

/** Keys of the people whose opt-out a plan leaves for people, from the file that is made for them. */
async function leftByHand(operator: Operator, plan: string): Promise<readonly string[]> {
  const file = `${plan}.csv`;
  await operator.done('restore', 'left', plan, '--to', file);
  const lines = parse(await readFile(join(operator.dir, file), 'utf8'), { columns: true, bom: true }) as Record<string, string>[];
  return lines.flatMap(({ key = '', field }) => (field === 'hs_email_optout' ? [key] : []));
}

/** Addresses of contacts as the base has them: a plan from history names nobody. */
async function addressesOf(operator: Operator, base: string, keys: readonly string[]): Promise<readonly string[]> {
  const addresses: string[] = [];
  for (const key of keys) {
    const { stdout } = await operator.run('snapshot', 'cat', base, 'contacts', key);
    addresses.push(/"email":"([^"]+)"/u.exec(stdout)?.[1] ?? `no address of ${key}`);
  }
  return addresses;
}

/** Everybody who gets mail, by platform and number. */
function everyone(pair: ConsentPair): readonly string[] {
  return pair.mailable(Array.from({ length: 200 }, (_, n) => n));
}

function config({ mail, hubspot }: ConsentPair): string {
  return `version: 1
platforms:
  mail:
    connector: mailchimp
    environment: sandbox
    account: ${JSON.stringify(mail.account)}
    url: ${mail.url}
    credentials: { token: file:token-mail }
    objects: [${MEMBERS}]
    options: { settle: 0s }
  hubspot:
    connector: hubspot
    environment: sandbox
    account: ${JSON.stringify(hubspot.account)}
    url: ${hubspot.url}
    credentials: { token: file:token-hubspot }
    objects: [contacts]
    limits: { requests_per_10s: 10000 }
    options: { search_lag: 1s, settle: 0s }
syncs:
  merge:
    controller: command
    writes_to: [mail, hubspot]
    writes_as: ["INTEGRATION:48621"]
    status: { run: [sh, -c, 'printf "{\\"state\\":\\"%s\\"}" "$(cat sync-feed)"'], paused: json.state == "paused" }
    pause: { run: [sh, -c, "printf paused >sync-feed"] }
    resume: { run: [sh, -c, "printf running >sync-feed"] }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}
