import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { DRILL_MARK, DRILL_TEXT } from '../../src/lib/index.js';
import type { Channel, Delivery, Page } from '../../src/notify/index.js';
import { sharedDataDir } from '../support/shared-data.js';

/** What can go wrong with a service. A channel names those that it can meet. */
export type Fault = 'busy' | 'busy-until' | 'down' | 'denied' | 'rejected' | 'hang' | 'refused' | 'garbage' | 'redirect' | 'cut';

/** One message as it came in on the other side, decoded. */
export interface Arrived {
  readonly shown: string;
  /** What the service takes as idempotency key or shows as such. */
  readonly key: string | undefined;
}

/** A channel and the service behind it. */
export interface ChannelHarness {
  readonly channel: Channel;
  readonly page: (key: string, more?: Partial<Page>) => Page;
  readonly break: (fault: Fault) => Promise<void> | void;
  readonly arrived: () => Promise<readonly Arrived[]>;
  /** What of all that came in broke the published rules of the service. */
  readonly problems: () => readonly string[];
  /** Secrets the channel was given. */
  readonly canaries: readonly string[];
  readonly close: () => Promise<void>;
}

export interface ChannelContract {
  readonly open: (timeoutMs?: number) => Promise<ChannelHarness>;
  readonly faults: readonly Fault[];
  /** It has no place for the key. */
  readonly keyless?: boolean;
  /** It has room for a subject and no more. */
  readonly subjectOnly?: boolean;
  /** Its harness cannot take two at once. */
  readonly oneAtATime?: boolean;
  /** Whether a 2xx that says nothing sensible counts. */
  readonly garbage?: Delivery['state'];
  /** How many hostile texts are sent at most. Default: all. */
  readonly most?: number;
}

/** Every channel passes these: a page believed to be sent that was not leaves an incident with nobody awake. */
export function channelContract(name: string, contract: ChannelContract): void {
  const using = async (body: (harness: ChannelHarness) => Promise<void>, timeoutMs?: number): Promise<void> => {
    const harness = await contract.open(timeoutMs);
    try {
      await body(harness);
    } finally {
      await harness.channel.close();
      await harness.close();
    }
  };
  const send = async ({ channel, canaries }: ChannelHarness, page: Page, attempt = 1): Promise<Delivery> => {
    const delivery = await channel.send(page, { signal: new AbortController().signal, attempt });
    for (const canary of canaries) expect(JSON.stringify(delivery)).not.toContain(canary);
    return delivery;
  };
  const failing = (fault: Fault, title: string, expected: object): void => {
    it.runIf(contract.faults.includes(fault))(`${fault}: ${title}`, () =>
      using(
        async (harness) => {
          await harness.break(fault);
          expect(await send(harness, harness.page('p1'))).toMatchObject({ why: expect.stringMatching(/\S/) as string, ...expected });
        },
        // Only one that says nothing is waited for: a busy machine answers late.
        fault === 'hang' ? 400 : undefined,
      ),
    );
  };

  describe(`channel: ${name}`, () => {
    it('says that the service has it, with what the service gave, and the key goes with it', () =>
      using(async (harness) => {
        const delivery = await send(harness, harness.page('page-key-1'));
        expect(delivery).toMatchObject({ state: 'accepted' });
        expect(Object.keys((delivery as Extract<Delivery, { state: 'accepted' }>).receipt).length).toBeGreaterThan(0);
        expect(harness.problems()).toEqual([]);
        const [arrived] = await harness.arrived();
        expect(arrived?.shown).toContain('E-mail addresses overwritten');
        if (!contract.keyless) expect(arrived?.key).toContain('page-key-1');
      }));

    it('a second attempt has the same key and says that it may be a repetition', () =>
      using(async (harness) => {
        const page = harness.page('page-key-1');
        await send(harness, page);
        expect(await send(harness, page, 2)).toMatchObject({ state: 'accepted' });
        const [first, second] = await harness.arrived();
        if (!contract.keyless) for (const arrived of [first, second]) expect(arrived?.key).toContain('page-key-1');
        expect(first?.shown).not.toMatch(/again|before|attempt\W{1,4}2/i);
        expect(second?.shown).toMatch(/again|before|attempt\W{1,4}2/i);
        expect(harness.problems()).toEqual([]);
      }));

    for (const kind of ['acknowledged', 'resolved', 'update-due', 'follow-up', 'test', 'bundle'] as const)
      it(`a page of kind ${kind} keeps the rules of the service`, () =>
        using(async (harness) => {
          expect(await send(harness, harness.page(`p-${kind}`, { kind }))).toMatchObject({ state: 'accepted' });
          expect(harness.problems()).toEqual([]);
        }));

    for (const kind of ['alert', 'update-due', 'bundle'] as const)
      it(`a page of a drill says so first, however long it is: ${kind}`, () =>
        using(async (harness) => {
          const page = harness.page('p-drill', {
            kind,
            drill: true,
            subject: `${DRILL_MARK}${'x'.repeat(5000)}`,
            text: `${DRILL_TEXT}\n${'y'.repeat(50_000)}`,
          });
          expect(await send(harness, page)).toMatchObject({ state: 'accepted' });
          expect(harness.problems()).toEqual([]);
          const [arrived] = await harness.arrived();
          expect(arrived?.shown).toContain(DRILL_MARK);
          if (contract.subjectOnly !== true) expect(arrived?.shown).toContain(DRILL_TEXT);
        }));

    failing('busy', 'told that it is too fast, it says how long to wait', { state: 'transient' });
    it.runIf(contract.faults.includes('busy-until'))('understands how long it has to wait, in seconds and as a date', () =>
      using(async (harness) => {
        await harness.break('busy');
        expect(await send(harness, harness.page('p1'))).toMatchObject({ state: 'transient', retryAfterMs: 7000 });
        await harness.break('busy-until');
        const delivery = await send(harness, harness.page('p1'));
        // A minute, give or take what the clock of the machine was set by since.
        expect((delivery as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(45_000);
        expect((delivery as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(75_000);
      }),
    );
    failing('down', 'a service in trouble may take it later', { state: 'transient' });
    failing('refused', 'a refused connection may work later', { state: 'transient' });
    failing('cut', 'a lost answer may have been a yes: it is tried again', { state: 'transient' });
    failing('hang', 'a service that says nothing is left after the time limit', { state: 'transient' });
    failing('denied', 'refused credentials are for good', { state: 'permanent' });
    failing('rejected', 'a refused message or address is for good', { state: 'permanent' });
    failing('redirect', 'a redirection is not followed and is for good', { state: 'permanent' });
    it.runIf(contract.faults.includes('garbage'))('a yes that makes no sense counts only where the service has no other', () =>
      using(async (harness) => {
        await harness.break('garbage');
        expect((await send(harness, harness.page('p1'))).state).toBe(contract.garbage ?? 'transient');
      }),
    );

    it.runIf(contract.faults.includes('hang'))('stops when it is told to, with the reason it was told', () =>
      using(async (harness) => {
        await harness.break('hang');
        const stop = new AbortController();
        const reason = new Error('stopped by a person');
        const sending = harness.channel.send(harness.page('p1'), { signal: stop.signal, attempt: 1 });
        setTimeout(() => stop.abort(reason), 50);
        await expect(sending).rejects.toBe(reason);
        await expect(harness.channel.send(harness.page('p1'), { signal: stop.signal, attempt: 1 })).rejects.toBe(reason);
      }, 5000),
    );

    it('texts without end and texts that want to be something else stay within the limits, escaped and whole', () =>
      using(async (harness) => {
        const texts = hostile();
        const shared = await naughty();
        if (shared === undefined) console.log('no shared test data: the naughty strings are skipped');
        const all = [...texts, ...(shared ?? [])];
        const some = contract.most === undefined ? all : all.slice(0, contract.most);
        const sendOne = async (text: string, index: number): Promise<void> => {
          const page = harness.page(`p-${index}`, {
            subject: text,
            text: `${text}\n${text}`,
            facts: [
              [text, text] as const,
              ...Array.from({ length: index < 8 ? 60 : 0 }, (_, n): [string, string] => [`fact ${n}`, text.slice(0, n === 0 ? undefined : 3000)]),
            ],
          });
          const incident = { ...page.incident, title: text, means: text };
          expect(await send(harness, { ...page, incident }), JSON.stringify(text.slice(0, 80))).toMatchObject({ state: 'accepted' });
        };
        const atOnce = contract.oneAtATime === true ? 1 : 16;
        for (let from = 0; from < some.length; from += atOnce)
          await Promise.all(some.slice(from, from + atOnce).map((text, n) => sendOne(text, from + n)));
        expect(harness.problems()).toEqual([]);
        expect(await harness.arrived()).toHaveLength(some.length);
      }));
  });
}

function hostile(): string[] {
  return [
    'x'.repeat(100_000),
    '<'.repeat(5000),
    '&'.repeat(5000),
    '😀'.repeat(20_000),
    `a${'😀'.repeat(5000)}`,
    `${'\u0301'.repeat(3000)}e`,
    '👩‍👩‍👧‍👦'.repeat(800),
    'lone \ud83d surrogate \ude00 and NUL \0 and bell \u0007 and escape \u001b[2J',
    'subject\r\nBcc: everyone@example.com\r\n\r\nbody of my own',
    '<!channel> <@U123> <https://evil.example.com|click> *bold* `code`',
    '</Say><Dial>+15550001111</Dial><Say>',
    '[click](https://evil.example.com) ![x](https://evil.example.com/x.png) <at>everyone</at>',
    '"><script>alert(1)</script>',
    '$(reboot) `reboot` ; reboot #',
    '',
    '   ',
    '\n\n\n',
    'line\n'.repeat(5000),
  ];
}

async function naughty(): Promise<string[] | undefined> {
  const folder = sharedDataDir();
  return folder === undefined ? undefined : (JSON.parse(await readFile(join(folder, 'naughty-strings.json'), 'utf8')) as string[]);
}
