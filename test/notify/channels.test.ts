import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { CHANNEL_TRAITS, openChannel, type ChannelDeps, type Page } from '../../src/notify/index.js';
import { resolveSecret } from '../../src/workspace/index.js';
import { channelContract, type ChannelHarness, type Fault } from '../contracts/channel.js';
import { startHttpFake, type Got, type HttpFake, type HttpFault, type Service } from './fakes/http.js';
import { CANARY, opsgenie, pagerduty, slack, teams, twilio, webhook } from './fakes/services.js';
import { startSmtpFake, type SmtpFake, type SmtpFault } from './fakes/smtp.js';
import { aPage } from './support.js';

/** What drivers get, with secrets that come from a real environment through the real resolver and redactor. */
function depsWith(env: Readonly<Record<string, string>>, more: Partial<ChannelDeps> = {}): ChannelDeps {
  const redactor = new Redactor();
  return {
    secret: async (ref) => await resolveSecret(ref, { env, redactor, root: process.cwd() }),
    redact: (text) => redactor.text(text),
    clock: systemClock,
    root: process.cwd(),
    environment: process.env,
    ...more,
  };
}

const HTTP_FAULTS = ['busy', 'busy-until', 'down', 'denied', 'rejected', 'hang', 'refused', 'garbage', 'redirect', 'cut'] as const;

interface Overhttp {
  readonly service: Service;
  readonly type: string;
  /** Options of the channel, and its secrets, for a service at that address. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly env: (url: string) => Readonly<Record<string, string>>;
  readonly address?: (url: string) => Readonly<Record<string, unknown>>;
  readonly to?: Partial<Page['to']>;
  readonly key?: (got: Got) => string | undefined;
}

/** Where no time limit is to be met. */
const LONG_MS = 120_000;

async function overHttp(over: Overhttp, timeoutMs = LONG_MS): Promise<ChannelHarness & { fake: HttpFake }> {
  const fake = await startHttpFake(over.service);
  const env = over.env(fake.url);
  const options = { ...over.options, ...over.address?.(fake.url) };
  return {
    fake,
    channel: await openChannel({ name: 'ops', type: over.type, options }, depsWith(env, { timeoutMs })),
    page: (key, more) => ({ ...aPage(key, { ...more, to: { channel: 'ops', ...over.to } }) }),
    break: async (fault: Fault) => {
      if (fault === 'refused') await fake.refuse();
      else fake.fault = fault as HttpFault;
    },
    arrived: () => Promise.resolve(fake.got.map((got) => ({ shown: over.service.shown(got), key: (over.key ?? over.service.shown)(got) }))),
    problems: () => fake.problems,
    canaries: [
      ...Object.values(env),
      ...Object.values(CANARY).filter((secret) => secret !== CANARY.account),
      'canarysecretcanarysecret',
      'canarysignaturecanary',
    ],
    close: fake.close,
  };
}

const bySlack: Overhttp = { service: slack, type: 'slack', options: { url: 'env:HOOK' }, env: (url) => ({ HOOK: url + CANARY.path }) };
const byTeams: Overhttp = { service: teams, type: 'teams', options: { url: 'env:HOOK' }, env: (url) => ({ HOOK: url + CANARY.query }) };
const address = (url: string) => ({ url });
const env = () => ({ KEY: CANARY.key, SIGNING: CANARY.signing });
const byPagerduty: Overhttp = { service: pagerduty, type: 'pagerduty', options: { routing_key: 'env:KEY' }, env, address };
const byOpsgenie: Overhttp = { service: opsgenie, type: 'opsgenie', options: { api_key: 'env:KEY' }, env, address };
const byWebhook: Overhttp = {
  service: webhook,
  type: 'webhook',
  options: { secret: 'env:SIGNING' },
  env: (url) => ({ SIGNING: CANARY.signing, URL: url + CANARY.path }),
  address: () => ({ url: 'env:URL' }),
  key: (got) => got.headers['webhook-id'] as string,
};
const numbers = () => ({ ...env(), MAYA_PHONE: '+1 (555) 010-0199' });
const byTwilio = (medium: 'sms' | 'voice'): Overhttp => ({
  service: twilio,
  type: 'twilio',
  options: { account: CANARY.account, token: 'env:KEY', from: '+15550100100' },
  env: numbers,
  address,
  to: { medium, person: 'maya', value: 'env:MAYA_PHONE' },
});

channelContract('slack', { open: async (ms) => await overHttp(bySlack, ms), faults: HTTP_FAULTS });
channelContract('teams', { open: async (ms) => await overHttp(byTeams, ms), faults: HTTP_FAULTS, garbage: 'accepted' });
channelContract('pagerduty', { open: async (ms) => await overHttp(byPagerduty, ms), faults: HTTP_FAULTS });
channelContract('opsgenie', { open: async (ms) => await overHttp(byOpsgenie, ms), faults: HTTP_FAULTS });
channelContract('twilio sms', { open: async (ms) => await overHttp(byTwilio('sms'), ms), faults: HTTP_FAULTS, keyless: true });
channelContract('twilio voice', { open: async (ms) => await overHttp(byTwilio('voice'), ms), faults: HTTP_FAULTS, keyless: true });
channelContract('webhook', { open: async (ms) => await overHttp(byWebhook, ms), faults: HTTP_FAULTS, garbage: 'accepted' });

async function byMail(timeoutMs = LONG_MS, tls = 'none'): Promise<ChannelHarness & { fake: SmtpFake }> {
  const fake = await startSmtpFake();
  const options = { host: '127.0.0.1', port: fake.port, tls, user: 'runback', password: 'env:KEY', from: 'runback@alerts.example.com' };
  return {
    fake,
    channel: await openChannel({ name: 'mail', type: 'email', options }, depsWith({ KEY: CANARY.key }, { timeoutMs })),
    page: (key, more) =>
      aPage(key, { ...more, to: { channel: 'mail', medium: 'email', person: 'maya', name: 'Maya Ortiz', value: 'maya@example.com' } }),
    break: async (fault) => {
      if (fault === 'refused') await fake.close();
      else fake.fault = fault as SmtpFault;
    },
    arrived: () =>
      Promise.resolve(
        fake.mails.map(({ parsed }) => ({
          shown: `${parsed.subject ?? ''}\n${parsed.text ?? ''}`,
          key: `${parsed.messageId ?? ''} ${String(parsed.headers.get('x-runback-page'))}`,
        })),
      ),
    problems: () =>
      fake.mails.flatMap(({ parsed, raw, to }) => {
        const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
        return [
          ...(parsed.bcc !== undefined || /^bcc:/im.test(head) || to.join() !== 'maya@example.com' ? ['somebody else gets it'] : []),
          ...(raw.split('\r\n').some((line) => line.length > 998) ? ['a line beyond 998 octets'] : []),
          ...(/\p{Cc}/u.test(parsed.subject ?? '') ? ['control characters in the subject'] : []),
          ...(parsed.headers.get('auto-submitted') === 'auto-generated' ? [] : ['may be answered by a machine']),
        ];
      }),
    canaries: [CANARY.key],
    close: fake.close,
  };
}
channelContract('email', { open: async (ms) => await byMail(ms), faults: ['busy', 'down', 'denied', 'rejected', 'hang', 'refused'], most: 80 });

async function byCommand(): Promise<ChannelHarness & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-channel-'));
  const script = fileURLToPath(new URL('fakes/command.mjs', import.meta.url));
  const opened = async (seconds: number): ReturnType<typeof openChannel> =>
    await openChannel(
      {
        name: 'script',
        type: 'command',
        options: { run: [process.execPath, script, folder, '$(touch never)'], env: { TOKEN: 'env:KEY' }, timeout_seconds: seconds },
      },
      depsWith({ KEY: CANARY.key }),
    );
  // Only what hangs is waited for: how long the others take depends on the machine.
  const [patient, hasty] = [await opened(300), await opened(2)];
  let hangs = false;
  const lines = async () => (await readFile(join(folder, 'pages.ndjson'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  return {
    folder,
    channel: { ...patient, send: async (...given) => await (hangs ? hasty : patient).send(...given) },
    page: (key, more) => aPage(key, more),
    break: async (fault) => {
      hangs = fault === 'hang';
      await writeFile(join(folder, 'fault'), fault);
    },
    arrived: async () =>
      (await lines()).map((line) => {
        const { page, key } = JSON.parse(line) as { page: Page; key: string };
        return { shown: JSON.stringify(page), key };
      }),
    problems: () => [],
    canaries: [CANARY.key],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
channelContract('command', { open: byCommand, faults: ['busy', 'rejected', 'hang'], most: 12 });

async function byBell(): Promise<ChannelHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bell-'));
  const terminal = join(folder, 'terminal');
  const shown: string[] = [];
  const channel = await openChannel({ name: 'bell', type: 'bell', options: {} }, depsWith({}, { terminal }));
  return {
    channel: {
      ...channel,
      send: async (page, options) => {
        await writeFile(terminal, '');
        const delivery = await channel.send(page, options);
        shown.push(await readFile(terminal, 'utf8'));
        return delivery;
      },
    },
    page: (key, more) => aPage(key, more),
    break: () => undefined,
    arrived: () => Promise.resolve(shown.map((text) => ({ shown: text, key: undefined }))),
    problems: () => shown.filter((text) => !text.startsWith('\u0007\r\n') || !/^\P{Cc}{1,200}\r\n$/u.test(text.slice(3))),
    canaries: [],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
channelContract('bell', { open: byBell, faults: [], keyless: true, oneAtATime: true, subjectOnly: true });

const now = { signal: new AbortController().signal, attempt: 1 };

describe('mails of an incident', () => {
  it('hang together, keep their ids over attempts, and let nobody write headers', async () => {
    const harness = await byMail();
    const incident = { ...aPage('x').incident, id: 'inc-1' };
    const alert = { ...harness.page('page-1'), incident, subject: 'Overwritten\r\nBcc: everyone@example.com' };
    await harness.channel.send(alert, now);
    await harness.channel.send(alert, { ...now, attempt: 2 });
    await harness.channel.send({ ...harness.page('page-2', { kind: 'resolved' }), incident }, now);
    const [first, again, resolved] = harness.fake.mails.map(({ parsed }) => parsed);
    expect(first?.messageId).toBe('<page-1@alerts.example.com>');
    expect(again?.messageId).toBe(first?.messageId);
    expect(resolved?.messageId).toBe('<page-2@alerts.example.com>');
    expect(new Set([first, again, resolved].map((mail) => `${String(mail?.inReplyTo)} ${String(mail?.references)}`))).toEqual(
      new Set(['<incident-inc-1@alerts.example.com> <incident-inc-1@alerts.example.com>']),
    );
    expect(first?.subject).toBe('Overwritten Bcc: everyone@example.com');
    expect(first?.to).toMatchObject({ text: '"Maya Ortiz" <maya@example.com>' });
    await harness.close();
  });

  it('go to one address or to none', async () => {
    const harness = await byMail();
    for (const value of ['maya@example.com, lee@example.com', 'maya@example.com\r\nRCPT TO:<lee@example.com>', '<maya@example.com>', 'maya'])
      expect(await harness.channel.send({ ...harness.page('p'), to: { channel: 'mail', medium: 'email', value } }, now)).toMatchObject({
        state: 'permanent',
      });
    expect(harness.fake.mails).toEqual([]);
    await harness.close();
  });

  it('are not sent in clear where TLS is asked for', async () => {
    const harness = await byMail(2000, 'starttls');
    expect(await harness.channel.send(harness.page('p'), now)).toMatchObject({ state: 'permanent' });
    expect(harness.fake.mails).toEqual([]);
    await harness.close();
  });
});

describe('a mail server whose certificate is refused', () => {
  for (const tls of ['starttls', 'implicit'])
    it(`is given up for good, over ${tls}: nobody answers for it by trying again`, async () => {
      const { SMTPServer } = await import('smtp-server');
      // It has a certificate that is known to everybody and has expired.
      const server = new SMTPServer({ secure: tls === 'implicit', disableReverseLookup: true, closeTimeout: 10 });
      server.on('error', () => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
      onTestFinished(async () => await new Promise<void>((resolve) => server.close(() => resolve())));
      const { port } = server.server.address() as AddressInfo;
      const options = { host: '127.0.0.1', port, tls, from: 'runback@example.com', to: 'crm@example.com' };
      const channel = await openChannel({ name: 'mail', type: 'email', options }, depsWith({}));
      expect(await channel.send(aPage('p'), now)).toMatchObject({ state: 'permanent', why: expect.stringContaining('certificate') as string });
      await channel.close();
    });
});

describe('services keep one alert an incident', () => {
  it('PagerDuty and Opsgenie are told of acknowledgement and end under the id of the incident', async () => {
    const pd = await overHttp(byPagerduty);
    const og = await overHttp(byOpsgenie);
    for (const kind of ['alert', 'acknowledged', 'resolved'] as const)
      for (const { channel, page } of [pd, og]) await channel.send({ ...page(`p-${kind}`, { kind }), incident: aPage('one').incident }, now);
    const events = pd.fake.got.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    expect(events.map((event) => [event['event_action'], event['dedup_key']])).toEqual([
      ['trigger', 'inc-one'],
      ['acknowledge', 'inc-one'],
      ['resolve', 'inc-one'],
    ]);
    expect(og.fake.got.map(({ path }) => path)).toEqual([
      '/v2/alerts',
      '/v2/alerts/inc-one/acknowledge?identifierType=alias',
      '/v2/alerts/inc-one/close?identifierType=alias',
    ]);
    await Promise.all([pd.channel.close(), og.channel.close(), pd.close(), og.close()]);
  });

  it('an acknowledged alert is closed before it is opened again, so that it rings; a failure of either is tried again', async () => {
    const pd = await overHttp(byPagerduty);
    const og = await overHttp(byOpsgenie);
    for (const { channel, page, fake } of [pd, og]) {
      const anew = { ...page('p', { anew: true }), incident: aPage('one').incident };
      expect(await channel.send(anew, now)).toMatchObject({ state: 'accepted' });
      fake.fault = 'down';
      expect(await channel.send(anew, now)).toMatchObject({ state: 'transient' });
      fake.fault = undefined;
    }
    expect(pd.fake.got.slice(0, 2).map(({ text }) => JSON.parse(text) as Record<string, unknown>)).toMatchObject([
      { event_action: 'resolve', dedup_key: 'inc-one' },
      { event_action: 'trigger', dedup_key: 'inc-one' },
    ]);
    expect(og.fake.got.slice(0, 2).map(({ path }) => path)).toEqual(['/v2/alerts/inc-one/close?identifierType=alias', '/v2/alerts']);
    expect([...pd.fake.problems, ...og.fake.problems]).toEqual([]);
    await Promise.all([pd.channel.close(), og.channel.close(), pd.close(), og.close()]);
  });

  it('severities become those of the service', async () => {
    const pd = await overHttp(byPagerduty);
    const og = await overHttp(byOpsgenie);
    for (const severity of ['sev1', 'sev2', 'sev3', 'sev4'])
      for (const { channel, page } of [pd, og]) await channel.send({ ...page('p'), incident: { ...aPage('one').incident, severity } }, now);
    const bodies = (harness: typeof pd) =>
      harness.fake.got.map(({ text }) => JSON.parse(text) as { priority: string; payload: { severity: string } });
    expect(bodies(pd).map(({ payload }) => payload.severity)).toEqual(['critical', 'error', 'warning', 'info']);
    expect(bodies(og).map(({ priority }) => priority)).toEqual(['P1', 'P2', 'P3', 'P4']);
    await Promise.all([pd.channel.close(), og.channel.close(), pd.close(), og.close()]);
  });
});

describe('settings of channels', () => {
  it('an unknown type is named, with the nearest known one', async () => {
    await expect(openChannel({ name: 'ops', type: 'slak', options: {} }, depsWith({}))).rejects.toMatchObject({
      code: 'file-invalid',
      next: 'Did you mean "slack"?',
    });
    await expect(openChannel({ name: 'ops', type: 'constructor', options: {} }, depsWith({}))).rejects.toMatchObject({ code: 'file-invalid' });
  });

  it('a secret in clear is refused and not repeated', async () => {
    const opening = openChannel(
      { name: 'ops', type: 'slack', options: { url: `https://hooks.slack.com${CANARY.path}`, colour: 'red' } },
      depsWith({}),
    );
    const error = (await opening.catch((caught: unknown) => caught)) as { code: string; why: string };
    expect(error).toMatchObject({ code: 'file-invalid', why: expect.stringMatching(/channels\.ops\.url: expected a reference.*colour/s) as string });
    expect(JSON.stringify(error)).not.toContain('CANARY');
  });

  it('a secret that leads nowhere fails the page for good, with where it was looked for', async () => {
    const channel = await openChannel({ name: 'ops', type: 'slack', options: { url: 'env:NO_HOOK' } }, depsWith({}));
    expect(await channel.send(aPage('p'), now)).toMatchObject({ state: 'permanent', why: expect.stringContaining('env:NO_HOOK') as string });
  });

  it('every type has traits and a driver', async () => {
    for (const type of Object.keys(CHANNEL_TRAITS))
      await expect(openChannel({ name: 'x', type, options: { nonsense: 1 } }, depsWith({}))).rejects.toMatchObject({
        code: 'file-invalid',
        why: expect.stringContaining('nonsense') as string,
      });
  });
});

describe('programs and terminals', () => {
  it('a program gets its words as a list and its secrets as environment (G22, G25)', async () => {
    const harness = await byCommand();
    await harness.channel.send(harness.page('p1'), now);
    const [line = ''] = (await readFile(join(harness.folder, 'pages.ndjson'), 'utf8')).split('\n');
    expect(JSON.parse(line)).toMatchObject({ key: 'p1', secret: CANARY.key, arguments: ['$(touch never)'], page: { key: 'p1', attempt: 1 } });
    await harness.close();
  });

  it('without a terminal there is no bell, and it says so', async () => {
    const channel = await openChannel({ name: 'bell', type: 'bell', options: {} }, depsWith({}, { terminal: '/nowhere/tty' }));
    expect(await channel.send(aPage('p'), now)).toEqual({ state: 'permanent', why: 'no terminal' });
  });

  it('numbers that Twilio will never take are for good', async () => {
    const harness = await overHttp(byTwilio('sms'));
    for (const value of ['0123', 'maya', '+1555;DROP'])
      expect(await harness.channel.send({ ...harness.page('p'), to: { channel: 'ops', medium: 'sms', value } }, now)).toMatchObject({
        state: 'permanent',
      });
    expect(harness.fake.got).toEqual([]);
    await harness.close();
  });

  it.each([
    ['slack', { url: 'env:URL' }],
    ['teams', { url: 'env:URL' }],
    ['webhook', { url: 'env:URL' }],
    ['opsgenie', { api_key: 'env:KEY', url: 'http://pages.example.com' }],
    ['pagerduty', { routing_key: 'env:KEY', url: 'http://pages.example.com' }],
    ['email', { host: 'mail.example.com', tls: 'none', from: 'a@example.com', to: 'b@example.com', password: 'env:KEY' }],
  ])('%s sends no secret to another machine without encryption', async (type, options) => {
    const channel = await openChannel({ name: 'ops', type, options }, depsWith({ URL: 'http://pages.example.com/x/secret-path', KEY: CANARY.key }));
    const ended = await channel.send(aPage('p'), now);
    expect(ended).toMatchObject({ state: 'permanent', why: expect.stringMatching(/without encryption|begins with http:/) as string });
    expect(JSON.stringify(ended)).not.toContain('secret-path');
    await channel.close();
  });

  it('what a program says when it fails is redacted before it is shortened', async () => {
    // 400 characters are shown: they begin in the middle of the secret.
    const script = `process.stderr.write(process.env.TOKEN + 'x'.repeat(395)); process.exit(1)`;
    const options = { run: [process.execPath, '-e', script], env: { TOKEN: 'env:KEY' } };
    const channel = await openChannel({ name: 'script', type: 'command', options }, depsWith({ KEY: CANARY.key }));
    const ended = await channel.send(aPage('p'), now);
    expect('why' in ended && ended.why).toContain('xxx');
    expect(JSON.stringify(ended)).not.toContain(CANARY.key.slice(-5));
  });
});
