import { type HttpAnswer, type HttpResult, RunbackError } from '../../lib/index.js';
import type { RejectReason } from '../connector.js';
import { troubleOf } from './trouble.js';
import { contextTexts, errorBody, isObject, textIn, type WireError } from './wire.js';

/** How the platform is called in messages, and where its token comes from. */
export interface Naming {
  /** Name in runback.yml. */
  readonly platform: string;
  /** The secret reference of the token: shown, never resolved. */
  readonly tokenRef: string;
}

/** The id HubSpot's support asks for. */
export function correlationIdOf(answer: HttpAnswer): string | undefined {
  return errorBody(answer.body).correlationId ?? answer.headers['x-hubspot-correlation-id'];
}

/** The words of an error answer. */
export function messageIn(answer: HttpAnswer): string {
  return errorBody(answer.body).message ?? `HubSpot answered status ${String(answer.status)}`;
}

/** Turns a request that did not succeed into our error. For answers of 2xx it is a `bug`. */
export function failureOf(result: HttpResult, naming: Naming): RunbackError {
  const state = 'Nothing was written by this request.';
  const again = 'When HubSpot answers again, run the same command again or resume.';
  const { platform } = naming;
  if (result.kind === 'not_sent') return new RunbackError('platform-unreachable', `Platform ${platform}: ${result.message}`, { state, next: again });
  if (result.kind === 'lost')
    return result.nonsense === true
      ? new RunbackError('platform-nonsense', `Platform ${platform}: ${result.message}`, {
          next: `Check the address of platform ${platform} in runback.yml, then run the same command again or resume.`,
        })
      : new RunbackError('platform-unreachable', `Platform ${platform}: ${result.message}`, { next: again });
  const why = messageIn(result);
  const correlationId = correlationIdOf(result);
  const data = { status: result.status, ...(correlationId === undefined ? {} : { correlationId }) };
  if (result.status === 401)
    return new RunbackError('auth-refused', `Platform ${platform}: HubSpot refuses the token`, {
      why,
      state,
      next: `Copy a new token from Settings > Integrations > Private apps in HubSpot to ${naming.tokenRef}, then run the same command again or resume.`,
      data,
    });
  const trouble = troubleOf(result);
  if (trouble?.lasting === true)
    return new RunbackError('platform-limit', `Platform ${platform}: HubSpot is locked for now (status ${String(result.status)})`, {
      why,
      state,
      next: 'Wait until HubSpot is done, then resume; limits.wait in runback.yml sets how long to wait.',
      data,
    });
  if (trouble)
    return new RunbackError(
      'platform-unreachable',
      `Platform ${platform}: HubSpot has trouble (${result.page === true ? 'a page came instead of an answer of its API, ' : ''}status ${String(result.status)})`,
      { why, ...(trouble.mayHaveHappened ? {} : { state }), next: again, data },
    );
  if (result.status === 403) {
    const scopes = scopesIn(errorBody(result.body));
    return new RunbackError(
      'scope-missing',
      `Platform ${platform}: the token lacks ${scopes.length === 0 ? 'a permission' : `the scope ${scopes.join(', ')}`}`,
      {
        why,
        state,
        next: `Add it to the private app in HubSpot (Settings > Integrations > Private apps > Scopes), then run the same command again or resume.`,
        data: { ...data, scopes },
      },
    );
  }
  if (result.status === 429)
    return new RunbackError('platform-limit', `Platform ${platform}: HubSpot lets no more requests through`, {
      why,
      state,
      next: 'Wait (a daily limit ends at midnight in the time zone of the account), then resume; limits.wait in runback.yml sets how long to wait.',
      data,
    });
  return new RunbackError('platform-rejected', `Platform ${platform}: HubSpot refuses the request: ${why}`, { state, data });
}

function scopesIn(error: WireError): string[] {
  const names = ['requiredGranularScopes', 'requiredScopes', 'missingScopes', 'scopes'];
  const all = [error, ...(error.errors ?? [])].flatMap((one) => names.flatMap((name) => contextTexts(one, name)));
  return [...new Set(all)];
}

/** One property of one or more records that HubSpot refuses. */
export interface PropertyProblem {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/**
 * The properties a 400 complains about. HubSpot puts them into `errors[]`, or as JSON text into the message
 * (`Property values were not valid: [{"isValid":false,…}]`); both are read.
 */
export function propertyProblems(error: WireError): readonly PropertyProblem[] {
  const problems: PropertyProblem[] = [];
  for (const one of error.errors ?? []) {
    const name = contextTexts(one, 'propertyName')[0] ?? contextTexts(one, 'name')[0] ?? one.name;
    if (name !== undefined) problems.push({ name, code: one.code ?? one.subCategory ?? '', message: one.message ?? '' });
  }
  const start = error.message?.indexOf('[{') ?? -1;
  if (start >= 0) {
    for (const one of parseList(error.message?.slice(start) ?? '')) {
      if (isObject(one) && typeof one['name'] === 'string')
        problems.push({ name: one['name'], code: textIn(one, 'error') ?? '', message: textIn(one, 'message') ?? '' });
    }
  }
  if (problems.length > 0) return problems;
  const message = error.message ?? '';
  return WORDS.flatMap(({ pattern, code, name }) => {
    const found = pattern.exec(message);
    return found ? [{ name: name ?? found[1] ?? '', code, message }] : [];
  });
}

/** Refusals that name the property in their words only. */
const WORDS: readonly { readonly pattern: RegExp; readonly code: string; readonly name?: string }[] = [
  { pattern: /propertyName=(\w+), value=/, code: 'CONFLICTING_UNIQUE_VALUE' },
  { pattern: /^Contact already exists/, code: 'CONFLICTING_UNIQUE_VALUE', name: 'email' },
  { pattern: /Email address .* is invalid/, code: 'INVALID_EMAIL', name: 'email' },
  { pattern: /Property "?(\w+)"? does not exist/, code: 'PROPERTY_DOESNT_EXIST' },
];

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text.slice(0, text.lastIndexOf(']') + 1));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

const CODES: readonly (readonly [RegExp, RejectReason])[] = [
  [/PROPERTY_DOESNT_EXIST/, 'field-removed'],
  [/INVALID_OPTION|INVALID_OWNER/, 'option-removed'],
  [/READ_ONLY/, 'read-only'],
  [/INVALID_(INTEGER|LONG|NUMBER|DATE|DATETIME|BOOLEAN|NUMERIC)/, 'type-changed'],
  [/GDPR|BLOCKED/, 'irreversible'],
  [/CONFLICT|UNIQUE|ALREADY_EXISTS/, 'unique-taken'],
  [/OBJECT_NOT_FOUND/, 'deleted-later'],
];

/** Why HubSpot refuses, from a code, category or sub-category. */
export function reasonOf(...codes: readonly (string | undefined)[]): RejectReason {
  const text = codes.filter((code) => code !== undefined).join(' ');
  return CODES.find(([pattern]) => pattern.test(text))?.[1] ?? 'rejected';
}

/** The same for an error body: the first property it names decides, else its category. */
export function reasonIn(error: WireError): RejectReason {
  const problem = propertyProblems(error)[0];
  return reasonOf(problem?.code, error.category, error.subCategory, error.code);
}
