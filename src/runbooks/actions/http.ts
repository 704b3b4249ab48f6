import { z } from 'zod';

import { defined, type HttpAnswer, HttpClient, mayCarrySecrets, RunbackError } from '../../lib/index.js';
import type { SecretRef } from '../../workspace/index.js';
import type { EffectClass } from '../types.js';
import { defineAction, type ActionContext, type AnyAction } from './action.js';
import { FailedAttempt } from './failed-attempt.js';
import { standInOf } from './stand-ins.js';

const input = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: z.url({ protocol: /^https?$/, error: 'expected an address beginning with https:// or http://' }),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  body: z.unknown().optional(),
  expect: z.array(z.int()).optional(),
});
type Input = z.infer<typeof input>;

/** Characters of an answer that are shown. */
const SHOWN = 500;
/** Headers that hold a secret whatever their value comes from. */
const CREDENTIALS = /^(authorization|cookie|x-api-key|api-key|x-auth-token)$/i;
const NONE: ReadonlySet<string> = new Set();

const actions = new Map<EffectClass, AnyAction>();

/**
 * The action behind `http` steps. The author of the runbook says what the request may do to the world. `references`:
 * names of headers whose text in the file is a reference to a secret; all others are values, whatever they look like.
 */
export function httpAction(effect: EffectClass, references: ReadonlySet<string> = NONE): AnyAction {
  const known = references.size === 0 ? actions.get(effect) : undefined;
  if (known) return known;
  const made = defineAction<Input>({
    name: 'http',
    summary: 'Send a request',
    input,
    outputs: { status: 'int', body: 'any' },
    effect,
    run: (request, context) => send(request, { effect, references }, context),
    manual: (values) => [`Send \`${values['method'] ?? ''} ${values['url'] ?? ''}\` with the headers and body of the runbook.`],
  });
  if (references.size === 0) actions.set(effect, made);
  return made;
}

/** Sends one request. A lost answer is in doubt; requests that may be repeated are tried again by the client itself. */
async function send(
  request: Input,
  { effect, references }: { readonly effect: EffectClass; readonly references: ReadonlySet<string> },
  context: ActionContext,
): Promise<Record<string, unknown>> {
  const url = new URL(request.url);
  const standIn = await standInOf(context, 'http');
  if (standIn !== undefined)
    return accept(request, url, { kind: 'answered', headers: {}, status: standIn.status ?? 200, body: standIn.body }, context);
  const secret = Object.keys(request.headers).find((name) => references.has(name) || CREDENTIALS.test(name));
  if (secret !== undefined && !mayCarrySecrets(url))
    throw new RunbackError('file-invalid', `${url.host} is not sent a secret without encryption`, {
      why: `The header ${secret} holds a secret, and ${url.protocol}// would send it readable over the network.`,
      state: 'The request was not sent.',
      next: 'Use https. Only to this machine (127.0.0.1, localhost) secrets go over http.',
    });
  const headers: Record<string, string> = { 'idempotency-key': context.step.key };
  for (const [name, value] of Object.entries(request.headers))
    headers[name.toLowerCase()] = references.has(name) ? await context.secret(value as SecretRef) : value;
  const client = new HttpClient({
    origin: url.origin,
    name: url.host,
    headers,
    clock: context.clock,
    environment: context.environment,
    redact: (text) => context.redactor.text(text),
  });
  try {
    const result = await client.request(
      {
        method: request.method,
        path: `${url.pathname}${url.search}`,
        repeatable: effect === 'read' || effect === 'idempotent',
        ...defined({ body: request.body }),
      },
      context.options,
    );
    if (result.kind === 'not_sent')
      throw new RunbackError('platform-unreachable', `${url.host} cannot be reached`, { why: result.message, state: 'The request was not sent.' });
    if (result.kind === 'lost')
      throw new RunbackError('in-doubt', `The answer of ${url.host} was lost`, {
        why: result.message,
        state: 'The request was sent; it is not known whether it took effect.',
      });
    return accept(request, url, result, context);
  } finally {
    await client.close();
  }
}

function accept(request: Input, url: URL, answer: HttpAnswer, context: ActionContext): Record<string, unknown> {
  const { status, body } = answer;
  const fine = request.expect === undefined ? status >= 200 && status < 300 : request.expect.includes(status);
  const outputs = { status, body: context.redactor.value(body) ?? null };
  if (fine) return outputs;
  const code =
    status === 401 || status === 403
      ? 'auth-refused'
      : status === 429
        ? 'platform-limit'
        : status >= 500
          ? 'platform-unreachable'
          : 'platform-rejected';
  throw new FailedAttempt(code, `${request.method} ${url.host}${url.pathname} answered ${status}`, outputs, {
    why: context.redactor.text(JSON.stringify(context.redactor.value(body) ?? '')).slice(0, SHOWN),
    data: { status },
  });
}
