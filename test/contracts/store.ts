import { describe, expect, it } from 'vitest';

import { agendaContract } from './store/agenda.js';
import { documentContract } from './store/documents.js';
import { lee, type StartState } from './store/harness.js';
import { journalContract } from './store/journals.js';
import { ledgerContract } from './store/ledgers.js';
import { lockContract } from './store/locks.js';

export type { Holder, StartState, StoreState } from './store/harness.js';

/**
 * The promises of `src/store/store.ts`: every driver passes these. What only one driver can get wrong (modes of files,
 * every byte of a line, kill -9 at every operation, a full disk) is tried beside it.
 */
export function storeContract(name: string, start: StartState): void {
  describe(`store contract: ${name}`, () => {
    describe('a document', () => {
      documentContract(start);
    });
    describe('a journal', () => {
      journalContract(start);
    });
    describe('a ledger', () => {
      ledgerContract(start);
    });
    describe('an agenda', () => {
      agendaContract(start);
    });
    describe('a lock', () => {
      lockContract(start);
    });

    // A user would lose: a file anywhere on the disk, to a name that came with an incident.
    it('takes no name that leads anywhere else', async () => {
      const store = await (await start()).open();
      const bad = ['..', '../x', 'a/b', 'a\\b', '', '.hidden', 'a\u0000b', 'x'.repeat(200), 'a..b', 'ü'];
      for (const given of bad) {
        for (const attempt of [
          () => store.document('notes', given),
          () => store.document(given, 'a'),
          () => store.journal('runs', given),
          () => store.journal(given, 'a'),
          () => store.ledger('plans', given),
          () => store.ledger(given, 'a'),
          () => store.agenda(given),
        ])
          expect(attempt, given).toThrow(expect.objectContaining({ code: 'usage' }));
        for (const attempt of [
          store.agenda('pages').add(new Date(0), given),
          store.lock(given, lee),
          store.lockHolder(given),
          store.list(given),
          store.journals(given),
          store.ledgers(given),
        ])
          await expect(attempt, given).rejects.toMatchObject({ code: 'usage' });
      }
    });

    it('says where people find the state', async () => {
      expect((await (await start()).open()).location).toMatch(/\S/);
    });

    it('that is new holds nothing, and asking changes nothing', async () => {
      const state = await start();
      for (const store of [await state.open(), await state.open()]) {
        expect(await store.document('notes', 'a').read()).toBeUndefined();
        expect(await store.journal('runs', 'run-1').exists()).toBe(false);
        expect(await store.ledger('plans', 'plan-1').exists()).toBe(false);
        expect(await store.agenda('pages').next()).toBeUndefined();
        expect(await store.agenda('pages').due(new Date('2100-01-01'))).toEqual([]);
        expect(await store.lockHolder('platform-crm')).toBeUndefined();
        expect([await store.list('notes'), await store.journals('runs'), await store.ledgers('plans'), await store.locks()]).toEqual([
          [],
          [],
          [],
          [],
        ]);
      }
    });
  });
}
