import type { Escalation } from '../../escalation/index.js';
import { type Clock, messageOf, newId } from '../../lib/index.js';
import type { Address, Channel, Delivery, Page } from '../../notify/index.js';
import type { Store } from '../../store/index.js';
import { addressOf } from './planned.js';

/** What became of a test message to one address. */
export interface ContactResult {
  readonly to: Address | { readonly person: string; readonly medium: string };
  readonly state: Delivery['state'];
  readonly why?: string;
  readonly receipt?: Readonly<Record<string, string>>;
  readonly ms: number;
}

/** A test of the contacts, as it is kept. */
export interface ContactTest {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly results: readonly ContactResult[];
}

export interface ContactTestDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly channel: (name: string) => Promise<Channel>;
}

/**
 * Sends one message, marked as a test, to every contact of the people and to every channel, and keeps what came back
 * (document `contact-tests`). All at once: one that hangs holds up no other. Only people and channels in `only`, where
 * given.
 */
export async function testContacts(
  file: Escalation,
  by: string,
  { people, channels }: { readonly people?: readonly string[]; readonly channels?: readonly string[] },
  deps: ContactTestDeps,
): Promise<ContactTest> {
  const { clock, store } = deps;
  const all = people === undefined && channels === undefined;
  const wantedPeople = all ? Object.keys(file.people) : (people ?? []);
  const carriers = new Set(['email', 'twilio']);
  const wantedChannels = all ? Object.values(file.channels).flatMap(({ name, type }) => (carriers.has(type) ? [] : [name])) : (channels ?? []);
  const id = newId('contact-test', clock);
  const addresses = [
    ...wantedPeople.flatMap((person) =>
      (file.people[person]?.contact ?? []).map(({ kind }, step) => ({
        to: addressOf(file, { ref: `person:${person}`, person }, step, {}),
        missing: { person, medium: kind },
      })),
    ),
    ...wantedChannels.map((channel) => ({
      to: addressOf(file, { ref: `channel:${channel}`, channel }, 0, {}),
      missing: { person: channel, medium: 'channel' },
    })),
  ];
  const results = await Promise.all(
    addresses.map(async ({ to, missing }, n): Promise<ContactResult> => {
      if (typeof to === 'string') return { to: missing, state: 'permanent', why: to, ms: 0 };
      const started = clock.monotonicMs();
      const delivery = await deliver(testPage(`${id}.${n}`, to, by, clock.now().toISOString()), deps);
      return { to, ...delivery, ms: Math.round(clock.monotonicMs() - started) };
    }),
  );
  const test: ContactTest = { id, at: clock.now().toISOString(), by, results };
  await store.document<ContactTest>('contact-tests', id).update(() => test);
  return test;
}

async function deliver(page: Page, { channel, signal }: ContactTestDeps): Promise<Delivery> {
  let opened: Channel | undefined;
  try {
    opened = await channel(page.to.channel);
    return await opened.send(page, { signal, attempt: 1 });
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'permanent', why: messageOf(error) };
  } finally {
    await opened?.close();
  }
}

function testPage(key: string, to: Address, by: string, at: string): Page {
  return {
    key,
    kind: 'test',
    incident: { id: key.split('.')[0] ?? key, title: 'A test of the contacts', severity: 'test', means: 'Nothing has happened', openedAt: at },
    to,
    subject: '[test] Nothing has happened: runback tests whether this contact works',
    text: `${by} tests whether messages of runback reach you. Nothing has happened, and there is nothing to do.`,
    facts: [['Test', key]],
    links: {},
    at,
  };
}
