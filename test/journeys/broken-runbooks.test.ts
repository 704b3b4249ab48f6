import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, test } from 'vitest';

import { CHECKS } from '../../src/drills/verdict/checks.js';
import { lintRunbook, loadRunbook } from '../../src/runbooks/index.js';
import { type Account, openAccount } from './support/account.js';

const folder = fileURLToPath(new URL('../../drills/broken/', import.meta.url));
const shippedFolder = fileURLToPath(new URL('../../runbooks/', import.meta.url));
/** Those that restore something; the others have nothing that a restore could get wrong. */
const restoring = (await readdir(shippedFolder)).filter((name) => readFileSync(join(shippedFolder, name), 'utf8').includes('action: restore.apply'));
const names = (await readdir(folder)).sort();

/** Damage by the sync, and what is wrong after a runbook that is wrong on purpose. */
interface Story {
  damage(account: Account): void;
  /** Steps that ended well, in order. */
  readonly steps: readonly string[];
  wrong(account: Account, good: readonly string[]): void;
}

const overwrite = ({ contacts, feed }: Account): void => {
  for (const id of contacts.slice(0, 4)) feed.update('contacts', id, { jobtitle: 'Wrong', hs_lead_status: 'OPEN_DEAL' });
};
const repaired = (account: Account, good: readonly string[]): void => expect(account.lines()).toEqual(good);
const notRepaired = (account: Account, good: readonly string[]): void => expect(account.lines()).not.toEqual(good);
const linksOf = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith('{'));
const linksMissing = (account: Account, good: readonly string[]): void => expect(linksOf(account.lines()).length).toBeLessThan(linksOf(good).length);
const cutLinks = ({ sandbox, feed }: Account): void => {
  const links = [...sandbox.truth().links()].filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies');
  for (const { from, to } of links.slice(0, 4)) feed.unlink('contacts', from, 'companies', to);
};
/** Contacts that are linked to a company. */
const linked = ({ sandbox }: Account): readonly string[] => [
  ...new Set([...sandbox.truth().links()].filter(({ toObject }) => toObject === 'companies').map(({ from }) => from)),
];

const STORIES: Readonly<Record<string, Story>> = {
  'mass-overwrite-resume-first': {
    damage: overwrite,
    steps: ['pause', 'evidence', 'plan', 'apply', 'resume', 'verify'],
    wrong: repaired,
  },
  'bad-import-keeps-created': {
    damage: (account) => {
      overwrite(account);
      account.feed.create('contacts', { email: 'created@example.com' });
    },
    steps: ['pause', 'evidence', 'plan', 'apply', 'verify', 'resume'],
    wrong: (account, good) => expect(account.lines()).toHaveLength(good.length + 1),
  },
  'accidental-delete-no-links': {
    damage: (account) => {
      cutLinks(account);
      for (const id of linked(account).slice(-3)) account.feed.remove('contacts', id);
    },
    steps: ['pause', 'evidence', 'plan', 'apply', 'verify', 'resume'],
    wrong: linksMissing,
  },
  'sync-storm-never-pauses': { damage: overwrite, steps: ['writers', 'evidence', 'plan', 'apply', 'verify'], wrong: repaired },
  'consent-corruption-sends-last': {
    damage: overwrite,
    steps: ['writers', 'evidence', 'plan', 'apply', 'freeze', 'verify', 'resume'],
    wrong: repaired,
  },
  'wrong-send-sends-on': { damage: overwrite, steps: ['writers', 'evidence', 'plan', 'apply', 'verify'], wrong: repaired },
  'associations-lost-fields-only': { damage: cutLinks, steps: ['pause', 'evidence', 'plan', 'verify', 'resume'], wrong: linksMissing },
  'schema-drift-wrong-option': { damage: overwrite, steps: ['pause', 'evidence', 'plan', 'resume'], wrong: notRepaired },
  'misrouting-all-fields': {
    damage: (account) => {
      overwrite(account);
      account.maya.update('contacts', account.contacts[9] ?? '', { jobtitle: 'Edited by hand' });
    },
    steps: ['pause', 'evidence', 'plan', 'apply', 'verify', 'resume'],
    // What the colleague had edited is gone.
    wrong: repaired,
  },
  'credentials-outage-resumes-first': {
    damage: () => {},
    steps: ['pause', 'access', 'evidence', 'plan', 'verify', 'resume', 'backfill', 'filled', 'plan_filled', 'verify_filled'],
    wrong: repaired,
  },
};

describe('the runbooks that are wrong on purpose', () => {
  let it: Account | undefined;
  afterEach(async () => {
    await it?.close();
    it = undefined;
  });

  test('there is one for each that ships and restores', () => {
    expect(restoring.length).toBeGreaterThanOrEqual(10);
    expect(
      Object.keys(STORIES)
        .map((id) => `${id}.yml`)
        .sort(),
    ).toEqual(names);
    for (const name of restoring)
      expect(
        names.filter((broken) => broken.startsWith(name.replace('.yml', ''))),
        name,
      ).toHaveLength(1);
  });

  test.each(names)('%s says what is wrong and which check has to notice it, and lint does not', async (name) => {
    const runbook = await loadRunbook(join(folder, name));
    expect(`${runbook.id}.yml`).toBe(name);
    expect(lintRunbook(runbook)).toEqual([]);
    const [, check] = /^# Wrong on purpose: .+ Must be noticed by: (\w+)\b/u.exec(runbook.text) ?? [];
    expect(CHECKS).toContain(check);
  });

  test.each(Object.entries(STORIES))('%s runs to its end, and leaves it wrong', async (id, { damage, steps, wrong }) => {
    it = await openAccount();
    const good = it.lines();
    damage(it);
    const { ended } = await it.follow(join(folder, `${id}.yml`), {}, { resume: () => 'resume-unverified' });
    expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 0, data: { state: 'succeeded' } });
    expect(await stepsThatEnded(it.operator.dir)).toEqual(steps);
    wrong(it, good);
  });
});

/** The steps of the only run that succeeded, in the order in which they did, by its journal. */
async function stepsThatEnded(dir: string): Promise<readonly string[]> {
  const runs = join(dir, '.runback', 'runs');
  const [run = ''] = await readdir(runs);
  const lines = (await readFile(join(runs, run, 'journal.ndjson'), 'utf8')).trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { type: string; step?: string; data: { state?: string; kind?: string } });
  return entries.flatMap(({ type, step = '', data }) =>
    (type === 'step.outcome' && data.state === 'succeeded') || (type === 'decision' && data.kind === 'manual') ? [step] : [],
  );
}
