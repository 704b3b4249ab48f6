import { Webhook } from 'standardwebhooks';

import type { Got, Service } from './http.js';

/** Secrets that the tests use: none of them may ever come back in a delivery. */
export const CANARY = {
  path: '/services/T0CANARY1/B0CANARY2/canarysecretcanarysecret',
  query: '/workflows/canaryflowcanaryflow/triggers?api-version=1&sig=canarysignaturecanary',
  key: 'canary0123456789abcdef0123456789',
  signing: `whsec_${Buffer.from('canary-signing-secret-canary-0123').toString('base64')}`,
  account: `AC${'0123456789abcdef'.repeat(2)}`,
} as const;

type Json = Record<string, unknown>;

/** Collects what is wrong. */
class Rules {
  readonly problems: string[] = [];

  that(holds: boolean, otherwise: string): void {
    if (!holds) this.problems.push(otherwise);
  }

  text(value: unknown, most: number, name: string, least = 1): void {
    this.that(
      typeof value === 'string' && value.length >= least && value.length <= most,
      `${name} has ${typeof value === 'string' ? value.length : 'no'} characters`,
    );
  }
}

function parsed(got: Got): Json {
  return JSON.parse(got.text) as Json;
}

/** Every string in a value. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

function wellFormed(rules: Rules, value: unknown): void {
  rules.that(!strings(value).some((text) => /\p{Surrogate}/u.test(text)), 'half a character');
}

function json(check: (body: Json, rules: Rules, got: Got) => void): (got: Got) => readonly string[] {
  return (got) => {
    const rules = new Rules();
    rules.that(got.headers['content-type'] === 'application/json', 'no JSON');
    const body = parsed(got);
    wellFormed(rules, body);
    check(body, rules, got);
    return rules.problems;
  };
}

const shownJson = (got: Got): string => `${strings(parsed(got)).join('\n')}\n${got.text}`;

/** docs.slack.dev: incoming webhooks, blocks, formatting. */
export const slack: Service = {
  problems: json((body, rules, got) => {
    rules.that(got.path === CANARY.path, 'no_service');
    rules.text(body['text'], 40_000, 'text');
    const markup = (object: Json, most: number): void => {
      rules.text(object['text'], most, `text of ${String(object['type'])}`);
      if (object['type'] !== 'mrkdwn') return;
      const rest = String(object['text']).replaceAll(/<https?:[^<>|]+\|[\w ]+>/g, '');
      rules.that(!/[<>]/.test(rest) && !/&(?!amp;|lt;|gt;)/.test(rest), `not escaped: ${rest.slice(0, 80)}`);
    };
    const blocks = body['blocks'] as Json[];
    rules.that(blocks.length >= 1 && blocks.length <= 50, `${blocks.length} blocks`);
    // In no document: seen by others from about this much on (slackapi/bolt-js issues 2509 and 2867).
    rules.that(JSON.stringify(blocks).length <= 11_000, 'msg_blocks_too_long');
    for (const block of blocks) {
      const fields = block['fields'] as Json[] | undefined;
      const elements = block['elements'] as Json[] | undefined;
      if (block['type'] === 'header') {
        rules.that((block['text'] as Json)['type'] === 'plain_text', 'a header with markup');
        markup(block['text'] as Json, 150);
      } else if (block['type'] === 'section') {
        rules.that(block['text'] !== undefined || fields !== undefined, 'an empty section');
        if (block['text'] !== undefined) markup(block['text'] as Json, 3000);
        rules.that(fields === undefined || (fields.length >= 1 && fields.length <= 10), 'fields');
        for (const field of fields ?? []) markup(field, 2000);
      } else if (block['type'] === 'context') {
        rules.that((elements?.length ?? 0) >= 1 && (elements?.length ?? 0) <= 10, 'elements');
        for (const element of elements ?? []) markup(element, 3000);
      } else rules.that(false, `unsupported block ${String(block['type'])}`);
    }
  }),
  accept: () => ({ status: 200, body: 'ok' }),
  denied: { status: 403, body: 'invalid_token' },
  rejected: { status: 404, body: 'channel_not_found' },
  shown: (got) => shownJson(got).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
};

/** learn.microsoft.com: webhooks in Teams; adaptivecards.io: schema 1.4. */
export const teams: Service = {
  problems: json((body, rules, got) => {
    rules.that(got.path === CANARY.query, 'unknown workflow');
    rules.that(Buffer.byteLength(got.text) <= 28 * 1024, `${Buffer.byteLength(got.text)} bytes`);
    const [attachment] = body['attachments'] as Json[];
    rules.that(body['type'] === 'message' && attachment?.['contentType'] === 'application/vnd.microsoft.card.adaptive', 'no card');
    const card = attachment?.['content'] as Json;
    rules.that(card['type'] === 'AdaptiveCard' && /^1\.[0-5]$/.test(String(card['version'])), 'wrong version');
    for (const block of card['body'] as Json[]) {
      rules.that(block['type'] === 'RichTextBlock', `${String(block['type'])} reads markup`);
      for (const inline of block['inlines'] as Json[]) {
        rules.that(inline['type'] === 'TextRun' && inline['selectAction'] === undefined, 'unknown inline');
        rules.text(inline['text'], 28_000, 'text run');
      }
    }
    for (const action of (card['actions'] ?? []) as Json[])
      rules.that(action['type'] === 'Action.OpenUrl' && /^https?:/.test(String(action['url'])), 'unknown action');
  }),
  accept: () => ({ status: 202, body: '' }),
  denied: { status: 401, body: 'DirectApiAuthorizationRequired' },
  rejected: { status: 404, body: 'WorkflowNotFound' },
  shown: shownJson,
};

/** developer.pagerduty.com: Events API v2. */
export const pagerduty: Service = {
  problems: json((body, rules, got) => {
    rules.that(got.path === '/v2/enqueue', 'unknown path');
    rules.that(Buffer.byteLength(got.text) <= 512 * 1024, 'too large');
    rules.that(body['routing_key'] === CANARY.key, 'invalid routing key');
    rules.text(body['dedup_key'], 255, 'dedup_key');
    rules.that(['trigger', 'acknowledge', 'resolve'].includes(String(body['event_action'])), 'event_action');
    if (body['event_action'] !== 'trigger') return;
    const payload = body['payload'] as Json;
    rules.text(payload['summary'], 1024, 'summary');
    rules.text(payload['source'], 1024, 'source');
    rules.that(['critical', 'error', 'warning', 'info'].includes(String(payload['severity'])), 'severity');
    rules.that(!Number.isNaN(Date.parse(String(payload['timestamp']))), 'timestamp');
    for (const link of (body['links'] ?? []) as Json[]) rules.that(/^https?:/.test(String(link['href'])), 'href');
  }),
  accept: (got) => ({ status: 202, body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key: parsed(got)['dedup_key'] }) }),
  denied: { status: 403, body: '{"status":"Forbidden"}' },
  rejected: {
    status: 400,
    body: '{"status":"invalid event","message":"Event object is invalid","errors":["Length of \'routing_key\' is incorrect"]}',
  },
  shown: shownJson,
};

/** docs.opsgenie.com: Alert API. */
export const opsgenie: Service = {
  problems: json((body, rules, got) => {
    rules.that(got.headers.authorization === `GenieKey ${CANARY.key}`, 'Could not authenticate');
    const act = /^\/v2\/alerts\/([^/]+)\/(acknowledge|close)\?identifierType=alias$/.exec(got.path);
    rules.that(act !== null || got.path === '/v2/alerts', 'unknown path');
    rules.text(body['source'], 100, 'source');
    rules.text(body['user'], 100, 'user');
    if (act) return rules.text(body['note'], 25_000, 'note', 0);
    rules.text(body['message'], 130, 'message');
    rules.text(body['alias'], 512, 'alias');
    rules.text(body['description'], 15_000, 'description', 0);
    rules.that(!/[<>]/.test(String(body['description'])), 'HTML in the description');
    rules.text(body['entity'], 512, 'entity', 0);
    rules.that(/^P[1-5]$/.test(String(body['priority'])), 'priority');
    const tags = body['tags'] as string[];
    rules.that(tags.length <= 20 && tags.every((tag) => tag.length <= 50), 'tags');
    rules.that(
      Object.entries(body['details'] as Json)
        .flat()
        .join('').length <= 8000,
      'details',
    );
  }),
  accept: () => ({ status: 202, body: '{"result":"Request will be processed","took":0.1,"requestId":"43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}' }),
  denied: { status: 401, body: '{"message":"Could not authenticate","took":0.0}' },
  rejected: { status: 422, body: '{"message":"Request body is not processable","errors":{"message":"Message can not be empty."}}' },
  shown: (got) => shownJson(got).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
};

/** twilio.com/docs: Message and Call resources. */
export const twilio: Service = {
  problems: (got) => {
    const rules = new Rules();
    const form = new URLSearchParams(got.text);
    rules.that(got.headers['content-type'] === 'application/x-www-form-urlencoded', 'no form');
    rules.that(got.headers.authorization === `Basic ${Buffer.from(`${CANARY.account}:${CANARY.key}`).toString('base64')}`, 'Authenticate');
    rules.that(/^\+[1-9]\d{6,14}$/.test(form.get('To') ?? ''), '21211');
    rules.that(/^\+[1-9]\d{6,14}$/.test(form.get('From') ?? ''), '21212');
    if (got.path.endsWith('/Messages.json')) rules.text(form.get('Body'), 1600, '21617 Body');
    else {
      rules.that(got.path.endsWith('/Calls.json'), 'unknown path');
      const twiml = form.get('Twiml') ?? '';
      rules.text(twiml, 4000, 'Twiml');
      rules.that(
        /^<Response>(<Say>[^<>]*<\/Say>(<Pause length="1"\/>)?)+<\/Response>$/.test(twiml) && !/&(?!amp;|lt;|gt;|quot;|apos;)/.test(twiml),
        'Twiml is no XML',
      );
      for (const [, said = ''] of twiml.matchAll(/<Say>([^<]*)<\/Say>/g)) rules.that(encodeURIComponent(said).length <= 4500, '13521 Say');
    }
    rules.that(got.path.startsWith(`/2010-04-01/Accounts/${CANARY.account}/`), 'unknown account');
    wellFormed(rules, [...form.values()]);
    return rules.problems;
  },
  accept: () => ({ status: 201, body: '{"sid":"SM0123456789","status":"queued"}' }),
  denied: { status: 401, body: '{"code":20003,"message":"Authenticate","status":401}' },
  rejected: { status: 400, body: '{"code":21211,"message":"Invalid \'To\' Phone Number","status":400}' },
  shown: (got) => [...new URLSearchParams(got.text).values()].join('\n'),
};

/** github.com/standard-webhooks/standard-webhooks, checked with the published package. */
export const webhook: Service = {
  problems: json((_, rules, got) => {
    try {
      new Webhook(CANARY.signing).verify(got.text, got.headers as Record<string, string>);
    } catch (error) {
      rules.that(false, `signature: ${String(error)}`);
    }
    rules.that(Buffer.byteLength(got.text) <= 64 * 1024, 'too large');
  }),
  accept: () => ({ status: 204, body: '' }),
  denied: { status: 401, body: 'who are you' },
  rejected: { status: 410, body: 'gone' },
  shown: (got) => `${String(got.headers['webhook-id'])}\n${shownJson(got)}`,
};
