import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type PeopleDatabase, scoreLine, startPeople, whyNot } from './support/database.js';
import { confirmation, fileSyncs, openOperator, type Operator } from './support/operator.js';

const reason = whyNot();
if (reason !== undefined) console.log(`skipped: the three runbooks on a real PostgreSQL: ${reason}`);

const SYNC = `updated_by = 'sync:feed', updated_at = now()`;
const MAYA = `updated_by = 'person:maya', updated_at = now()`;
/** One row of so many, the same on every run. */
const share = (every: number, salt: string, column = 'rec_id'): string => `abs(hashtext(${column} || '${salt}')) % ${every} = 0`;

let people: Awaited<ReturnType<typeof startPeople>>;

async function open(): Promise<{ readonly db: PeopleDatabase; readonly operator: Operator; readonly base: string }> {
  const db = await people.open();
  const operator = await openOperator(
    `version: 1
platforms:
  warehouse:
    connector: postgres
    environment: sandbox
    url: file:database-url
    objects: [public.people, public.visits]
    modified: { by: updated_by, at: updated_at }
${fileSyncs('warehouse', 'sync:*')}backups: { storage: backups }
`,
    { 'database-url': db.url },
  );
  const made = await operator.done('snapshot', 'create', '--platform', 'warehouse', '--note', 'good');
  expect(await operator.done('snapshot', 'verify', String(made['id']))).toMatchObject({ damage: [] });
  return { db, operator, base: String(made['id']) };
}

/** Every row is as it should be, by SQL; prints the counts. */
async function expectTruth(title: string, db: PeopleDatabase): Promise<void> {
  const score = await db.score();
  console.log(scoreLine(`${title} on PostgreSQL`, score));
  expect(await db.differences('truth')).toEqual([]);
  expect(score).toMatchObject({ damagedLeft: 0, innocentChanged: 0, legitimateLost: 0 });
  expect(Math.min(score.damaged, score.legitimate, score.innocent)).toBeGreaterThan(20);
}

describe.skipIf(reason !== undefined)('the shipped runbooks on a real PostgreSQL full of real people', () => {
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people.server.stop());

  test('mass-overwrite: every damaged cell is repaired, nothing else is touched, and restore undo brings the damage back', async () => {
    const { db, operator } = await open();
    try {
      // Before the damage a colleague works on, rows that will be damaged among them.
      await db.rightful(`UPDATE {s}.people SET suburb = 'Springfield', ${MAYA} WHERE ${share(40, 'early')} AND NOT ${share(20, 'name')}`);
      await db.sql(`UPDATE people SET given_name = 'Valued Customer', ${SYNC} WHERE ${share(20, 'name')}`);
      await db.sql(`UPDATE people SET address_2 = NULL, notes = NULL, ${SYNC} WHERE ${share(25, 'empty')} AND address_2 IS NOT NULL`);
      // And goes on after it, before anybody noticed: on damaged rows, on other columns of them, and elsewhere.
      await db.rightful(`UPDATE {s}.people SET surname = surname || ' (checked)', ${MAYA} WHERE ${share(200, 'mid')}`);
      await db.rightful(`UPDATE {s}.visits SET amount = amount + 1, ${MAYA} WHERE ${share(50, 'mid', 'person')}`);
      await db.rightful(`INSERT INTO {s}.people (rec_id, given_name, updated_by) VALUES ('new-1', 'Newcomer', 'person:maya')`);

      let atReview = 0;
      const ended = await operator.follow(['runbook', 'run', 'mass-overwrite', '--input', 'platform=warehouse'], async (question, times) => {
        if (question === 'review') {
          atReview = times;
          if (times > 1) return 'yes';
          expect(await operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
          await db.keep('bad');
          // While the person reads: more edits, some of them on cells that the plan is about.
          await db.rightful(`UPDATE {s}.people SET given_name = 'Corrected by hand', ${MAYA} WHERE ${share(20, 'name')} AND ${share(7, 'late')}`);
          await db.rightful(`UPDATE {s}.people SET state = 'late', ${MAYA} WHERE ${share(20, 'name')} AND ${share(9, 'late2')}`);
          await db.rightful(`DELETE FROM {s}.people WHERE ${share(500, 'left')}`);
          // The damage by its looks, since one column for the last writer cannot tell two writers of one row apart.
          const looks = `(field == "given_name" && damaged.given_name == "Valued Customer") || ((field == "address_2" || field == "notes") && damaged.address_2 == null && damaged.notes == null)`;
          return { choice: 'narrow', inputs: { filter: { where: looks, unattributed: 'include' } } };
        }
        if (question === 'apply' || question === 'apply_created') {
          await db.keep('before_apply');
          return confirmation(operator);
        }
        return question === 'allow' ? 'approve' : 'done';
      });
      expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 0, data: { state: 'succeeded' } });
      expect(atReview).toBe(2);
      await expectTruth('mass-overwrite', db);
      expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
      expect(await operator.done('runbook', 'evidence', 'latest')).toMatchObject({ ok: true });

      const runs = (await operator.done('restore', 'undo', 'latest')) as { state: string };
      expect(runs.state).toBe('undone');
      expect(await db.differences('before_apply')).toEqual([]);
    } finally {
      await operator.close();
    }
  });

  test('bad-import: what it changed and what it created are taken back apart, and what others built on it stays', async () => {
    const { db, operator } = await open();
    try {
      await db.rightful(
        `UPDATE {s}.people SET suburb = 'Shelbyville', updated_by = 'person:maya', updated_at = now() - interval '3 hours' WHERE ${share(60, 'early')}`,
      );
      // The columns of the import were shifted by one; it also brought people and visits that are none.
      await db.sql(`UPDATE people SET address_1 = suburb, suburb = postcode, postcode = state, updated_by = 'import', updated_at = now()
        WHERE ${share(25, 'import')} AND NOT ${share(60, 'early')}`);
      await db.sql(
        `INSERT INTO people (rec_id, given_name, surname, updated_by) SELECT 'import-' || i, 'Imported', e'it''s "no" one\\n', 'import' FROM generate_series(1, 120) i`,
      );
      await db.sql(
        `INSERT INTO visits (person, day, reason, amount, updated_by) SELECT 'import-' || i, date '2026-02-01' + i, 'imported', 1, 'import' FROM generate_series(1, 80) i`,
      );
      // Before the evidence somebody already works with two of them: they are people now, and stay.
      await db.sql(`INSERT INTO truth.people SELECT * FROM people WHERE rec_id IN ('import-119', 'import-120')`);
      await db.rightful(
        `INSERT INTO {s}.visits (person, day, reason, updated_by, updated_at) SELECT 'import-119', '2026-03-01', 'really came', 'person:maya', now() - interval '2 hours'`,
      );
      const ended = await operator.follow(
        ['runbook', 'run', 'bad-import', '--input', 'platform=warehouse', '--input', 'since=1h'],
        async (question) => {
          if (question === 'review') {
            await db.keep('bad');
            // Between evidence and restore: an imported record is corrected into a real one, and innocent rows are
            // edited.
            await db.rightful(`UPDATE {s}.people SET given_name = 'Real', surname = 'Person', ${MAYA} WHERE rec_id = 'import-120'`);
            await db.rightful(
              `UPDATE {s}.visits SET reason = reason || ' (noted)', ${MAYA} WHERE ${share(90, 'late', 'person')} AND person NOT LIKE 'import-%'`,
            );
            return 'yes';
          }
          if (question === 'review_created') return 'delete';
          if (question === 'apply' || question === 'apply_created') return confirmation(operator);
          return question.startsWith('allow') ? 'approve' : 'done';
        },
      );
      expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 0, data: { state: 'succeeded' } });
      await expectTruth('bad-import', db);
      expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
    } finally {
      await operator.close();
    }
  });

  test('accidental-delete: what was deleted is back with what belonged to it, and nothing else is touched', async () => {
    const { db, operator } = await open();
    try {
      await db.rightful(`UPDATE {s}.people SET surname = 'Before', ${MAYA} WHERE ${share(70, 'early')} AND NOT ${share(30, 'gone')}`);
      // Parents, which take their visits along; and visits whose people stay.
      await db.sql(`DELETE FROM people WHERE ${share(30, 'gone')}`);
      await db.sql(`DELETE FROM visits WHERE ${share(33, 'visit', 'person')} AND day = '2026-01-02'`);
      const ended = await operator.follow(['runbook', 'run', 'accidental-delete', '--input', 'platform=warehouse'], async (question, times) => {
        if (question === 'review') {
          if (times > 1) return 'yes';
          await db.keep('bad');
          // Somebody misses one of them and enters it again, otherwise than it was: that one is theirs now.
          const [gone] = await db.sql(`SELECT rec_id FROM truth.people EXCEPT SELECT rec_id FROM people ORDER BY 1 LIMIT 1`);
          const again = gone?.['rec_id'] ?? '';
          await db.sql(`INSERT INTO people (rec_id, given_name, updated_by) VALUES ('${again}', 'Entered again', 'person:maya')`);
          await db.sql(`UPDATE truth.people SET given_name = 'Entered again', surname = NULL, street_number = NULL, address_1 = NULL, address_2 = NULL, suburb = NULL,
            postcode = NULL, state = NULL, date_of_birth = NULL, soc_sec_id = NULL, notes = NULL, tags = NULL, score = NULL WHERE rec_id = '${again}'`);
          await db.rightful(`UPDATE {s}.people SET state = 'kept', ${MAYA} WHERE ${share(80, 'late')} AND NOT ${share(30, 'gone')}`);
          // Planned again, now that the account has changed.
          return { choice: 'narrow', inputs: { filter: {} } };
        }
        if (question === 'apply') return confirmation(operator);
        return question.startsWith('allow') ? 'approve' : 'done';
      });
      expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 0, data: { state: 'succeeded' } });
      await expectTruth('accidental-delete', db);
      expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
    } finally {
      await operator.close();
    }
  });

  test('by single commands: plan writes nothing, apply repairs, verify proves it, undo brings back exactly what was there', async () => {
    const { db, operator, base } = await open();
    try {
      await db.sql(`UPDATE people SET soc_sec_id = 1, score = 0, tags = NULL, date_of_birth = '1900-01-01', ${SYNC} WHERE ${share(20, 'single')}`);
      await db.sql(`DELETE FROM visits WHERE ${share(40, 'single', 'person')}`);
      await db.sql(`INSERT INTO visits (person, day, updated_by) SELECT rec_id, '1999-01-01', 'sync:feed' FROM people WHERE ${share(60, 'single')}`);
      await db.keep('bad');
      const plan = await operator.done('restore', 'plan', '--platform', 'warehouse', '--base', base, '--unattributed', 'include', '--delete-created');
      expect(await db.differences('bad')).toEqual([]);
      const confirm = await confirmation(operator);
      const id = String(plan['id']);
      expect(await operator.run('restore', 'verify', id)).toMatchObject({ code: 2 });
      const applied = await operator.run('restore', 'apply', id, '--confirm', confirm);
      expect(applied, applied.stdout.slice(-2000)).toMatchObject({ code: 0 });
      await db.rightful(`UPDATE {s}.people SET notes = '{"after": true}', ${MAYA} WHERE ${share(100, 'after')} AND NOT ${share(20, 'single')}`);
      await db.sql(`UPDATE bad.people b SET notes = p.notes FROM people p WHERE p.rec_id = b.rec_id`);
      await expectTruth('plan and apply', db);
      expect(await operator.done('restore', 'verify', id)).toMatchObject({ remaining: 0 });
      expect(await operator.done('restore', 'undo', 'latest')).toMatchObject({ state: 'undone' });
      expect(await db.differences('bad')).toEqual([]);
    } finally {
      await operator.close();
    }
  });
});
