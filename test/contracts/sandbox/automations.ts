import { describe, expect, test } from 'vitest';

import type { Automation, Effect, Sandbox } from '../../../src/sandbox/index.js';
import { type Answer, type ApiCall, control, type SandboxUnderTest, type standing } from './platform.js';

/** What the tests of automations work with. */
interface Account {
  readonly sandbox: Sandbox;
  readonly clock: ReturnType<typeof standing>;
  start(): Promise<Sandbox>;
  call(call: ApiCall): Promise<Answer>;
}

const HOUR = 3_600_000;
const PERSON = { kind: 'person', id: '7' } as const;
const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;

/**
 * The promises of `src/sandbox/automation.ts`. What a user would lose: a rehearsal that says a restore mailed nobody,
 * because the account it was tried on does nothing by itself.
 */
export function automationPromises(platform: SandboxUnderTest, account: () => Account): void {
  const { object, text, address, consent } = platform;
  const automation = (more: Partial<Automation> = {}): Automation => ({
    id: '101',
    name: 'Welcome',
    object,
    enabled: true,
    when: { on: 'change', field: text, becomes: 'start' },
    does: [{ do: 'mail', to: address, subject: 'Hello' }],
    ...more,
  });
  const made = (values: Readonly<Record<string, string>> = {}): string =>
    account()
      .sandbox.writeAs(PERSON)
      .create(object, { ...platform.needs, ...values });
  const change = (key: string, value: string | null): void =>
    account()
      .sandbox.writeAs(PERSON)
      .update(object, key, { [text]: value });
  const kinds = (): string[] =>
    account()
      .sandbox.effects()
      .map(({ kind }) => kind);
  const textOf = (key: string): string | undefined => account().sandbox.truth().record(object, key)?.[text];
  const mails = (): Extract<Effect, { kind: 'mail' }>[] =>
    account()
      .sandbox.effects()
      .filter((each) => each.kind === 'mail');

  describe('automations', () => {
    test('a write through the API sets one off, which says whose app it was, and leaves the answer as it was', async () => {
      const { sandbox, call } = account();
      sandbox.automate(
        automation({
          does: [
            { do: 'set', values: { [text]: 'done' } },
            { do: 'mail', to: address, subject: 'Hello' },
          ],
        }),
      );
      const key = made({ [address]: 'a@example.com' });
      sandbox.resetCounts();
      const { status, body } = await call(platform.set(key, 'start'));
      expect(platform.done(status, body)).toBe(true);
      expect(JSON.stringify(body)).not.toContain('"done"');
      expect(textOf(key)).toBe('done');
      const of = { automation: '101', object, key, at: sandbox.now().getTime(), because: { by: 'api', app: sandbox.app } };
      expect(sandbox.effects()).toEqual([
        { kind: 'enrolment', ...of },
        { kind: 'write', ...of, field: text, value: 'done' },
        { kind: 'mail', ...of, to: 'a@example.com', subject: 'Hello', sort: 'marketing' },
      ]);
      // What the account wrote by itself is no write that was asked for.
      expect(sandbox.counts().writesPerRecord).toEqual({ [`${object}/${key}`]: 1 });
    });

    test('what people and other integrations set off is not taken for the doing of the app', () => {
      const { sandbox } = account();
      sandbox.automate(automation({ when: { on: 'create' } }));
      made();
      sandbox.writeAs(SYNC).create(object, { ...platform.needs });
      expect(sandbox.effects().map(({ because }) => because)).toEqual([PERSON, PERSON, SYNC, SYNC].map(({ kind: by, id }) => ({ by, id })));
    });

    test('a chain keeps who began it', async () => {
      const { sandbox, call } = account();
      sandbox.automate(automation({ does: [{ do: 'set', values: { [text]: 'second' } }] }));
      sandbox.automate(automation({ id: '102', when: { on: 'change', field: text, becomes: 'second' } }));
      const key = made({ [address]: 'a@example.com' });
      await call(platform.set(key, 'start'));
      expect(sandbox.effects().map((each) => [each.automation, each.kind])).toEqual([
        ['101', 'enrolment'],
        ['101', 'write'],
        ['102', 'enrolment'],
        ['102', 'mail'],
      ]);
      expect(new Set(sandbox.effects().map(({ because }) => JSON.stringify(because)))).toEqual(
        new Set([JSON.stringify({ by: 'api', app: sandbox.app })]),
      );
    });

    test('only what it waits for sets one off: not another value, the same again, a value emptied, nor what was back-dated', () => {
      const { sandbox } = account();
      const key = made({ [text]: 'start' });
      sandbox.automate(automation({ repeats: true }));
      const writer = sandbox.writeAs(PERSON);
      for (const value of ['start', 'other', null]) writer.update(object, key, { [text]: value });
      writer.update(object, key, { [text]: 'start' }, sandbox.now().getTime() - HOUR);
      writer.create(object, { ...platform.needs, [text]: 'start' }, sandbox.now().getTime() - HOUR);
      expect(sandbox.effects()).toEqual([]);
      made({ [text]: 'start' });
      expect(kinds()).toEqual(['enrolment', 'mail']);
    });

    test('a record goes through once, and again only where it is said so', () => {
      const { sandbox } = account();
      sandbox.automate(automation());
      sandbox.automate(automation({ id: '102', repeats: true }));
      const key = made();
      for (const value of ['start', 'other', 'start', 'other', 'start']) change(key, value);
      const taken = sandbox.effects().filter(({ kind }) => kind === 'enrolment');
      expect(taken.map((each) => each.automation)).toEqual(['101', '102', '102', '102']);
    });

    test('two that set each other off come to an end', () => {
      const { sandbox } = account();
      const set = (value: string): Automation['does'] => [{ do: 'set', values: { [text]: value } }];
      sandbox.automate(automation({ repeats: true, does: set('back') }));
      sandbox.automate(automation({ id: '102', repeats: true, when: { on: 'change', field: text, becomes: 'back' }, does: set('start') }));
      const key = made({ [text]: 'start' });
      expect(textOf(key)).toBe('start');
      expect(kinds()).toEqual(['enrolment', 'write', 'enrolment', 'write']);
    });

    test('what is switched off takes nobody', async () => {
      const { sandbox, call } = account();
      sandbox.automate(automation());
      sandbox.automate(automation({ enabled: false }));
      expect(sandbox.automations()).toMatchObject([{ id: '101', enabled: false }]);
      await call(platform.set(made(), 'start'));
      expect(sandbox.effects()).toEqual([]);
    });

    test('a mail for many respects the opt-out, one to one does not, and nothing goes to no address', () => {
      const { sandbox } = account();
      sandbox.automate(
        automation({
          when: { on: 'create' },
          does: [
            { do: 'mail', to: address, subject: 'Offer' },
            { do: 'mail', to: address, subject: 'Reply', sort: 'one-to-one' },
          ],
        }),
      );
      made({ [address]: 'out@example.com', [consent.field]: consent.optedOut });
      made();
      expect(mails().map(({ to, subject, withheld }) => [to, subject, withheld])).toEqual([
        ['out@example.com', 'Offer', 'opted-out'],
        ['out@example.com', 'Reply', undefined],
        [null, 'Offer', 'no-address'],
        [null, 'Reply', 'no-address'],
      ]);
    });

    test('a wait runs out by the clock: at the next look, at the time it was due, once', () => {
      const { sandbox, clock } = account();
      const began = sandbox.now().getTime();
      const mail = (subject: string) => ({ do: 'mail', to: address, subject }) as const;
      const wait = { do: 'wait', ms: HOUR } as const;
      sandbox.automate(automation({ does: [wait, mail('one'), wait, mail('two'), wait, mail('three')] }));
      made({ [text]: 'start' });
      expect(mails()).toEqual([]);
      clock.move(2.5 * HOUR);
      const two = [
        ['one', began + HOUR],
        ['two', began + 2 * HOUR],
      ];
      expect(mails().map(({ subject, at }) => [subject, at])).toEqual(two);
      sandbox.elapse(HOUR);
      expect(mails().map(({ subject, at }) => [subject, at])).toEqual([...two, ['three', began + 3 * HOUR]]);
      expect(sandbox.now().getTime()).toBe(began + 2.5 * HOUR);
    });

    test('what was switched off meanwhile, or is gone, is mailed no more', () => {
      const { sandbox } = account();
      const later = automation({
        does: [
          { do: 'wait', ms: HOUR },
          { do: 'mail', to: address, subject: 'Later' },
        ],
      });
      sandbox.automate(later);
      const key = made({ [text]: 'start' });
      sandbox.writeAs(PERSON).remove(object, key);
      made({ [text]: 'start', [address]: 'b@example.com' });
      sandbox.automate({ ...later, enabled: false });
      sandbox.elapse(2 * HOUR);
      expect(mails()).toEqual([]);
    });

    test('effects can be forgotten; what is not there cannot be automated', () => {
      const { sandbox } = account();
      sandbox.automate(automation());
      made({ [text]: 'start' });
      sandbox.resetEffects();
      expect(sandbox.effects()).toEqual([]);
      expect(() => sandbox.automate(automation({ object: 'no such thing' }))).toThrow(Error);
      expect(() => sandbox.automate(automation({ when: { on: 'change', field: 'no_such_field' } }))).toThrow(Error);
    });

    test('they are in a dump, with who is on the way; an account from before has none', async () => {
      const { sandbox, start } = account();
      sandbox.automate(
        automation({
          does: [
            { do: 'wait', ms: HOUR },
            { do: 'mail', to: address, subject: 'Later' },
          ],
        }),
      );
      const key = made({ [text]: 'start', [address]: 'a@example.com' });
      const dump = JSON.parse(JSON.stringify(sandbox.dump())) as Record<string, unknown>;
      const other = await start();
      other.load(dump);
      expect(other.automations()).toEqual(sandbox.automations());
      expect(other.effects()).toEqual(sandbox.effects());
      other.elapse(HOUR);
      expect(other.effects().at(-1)).toMatchObject({ kind: 'mail', key, to: 'a@example.com', because: { by: 'person', id: '7' } });
      const { automations: _, ...older } = dump;
      other.load(older);
      expect([other.automations(), other.effects()]).toEqual([[], []]);
      expect(other.truth().record(object, key)).toEqual(sandbox.truth().record(object, key));
    });

    test('another process sets them up and reads what they did', async () => {
      const { sandbox } = account();
      expect((await control(sandbox, 'POST', 'automations', automation())).status).toBe(204);
      expect((await control(sandbox, 'POST', 'automations', { id: 'half' })).status).toBe(400);
      expect((await control(sandbox, 'GET', 'automations')).body).toEqual(JSON.parse(JSON.stringify(sandbox.automations())));
      made({ [text]: 'start' });
      expect((await control(sandbox, 'GET', 'effects')).body).toEqual(JSON.parse(JSON.stringify(sandbox.effects())));
      expect((await control(sandbox, 'POST', 'elapse', { ms: 1 })).status).toBe(204);
      await control(sandbox, 'DELETE', 'effects');
      expect(sandbox.effects()).toEqual([]);
    });
  });
}
