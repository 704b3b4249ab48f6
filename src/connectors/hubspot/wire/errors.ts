import type { HttpAnswer } from '../../../lib/index.js';
import type { RejectReason } from '../../connector.js';
import type { Words } from '../../http/words.js';
import { contextTexts, errorBody, isObject, textIn, type WireError } from './shapes.js';

/** How the platform is called in messages, and where its token comes from. */
export interface Naming {
  /** Name in runback.yml. */
  readonly platform: string;
  /** The secret reference of the token: shown, never resolved. */
  readonly tokenRef: string;
}

/** The id HubSpot's support asks for. */
function correlationIdOf(answer: HttpAnswer): string | undefined {
  return errorBody(answer.body).correlationId ?? answer.headers['x-hubspot-correlation-id'];
}

/** The words of an error answer. */
export function messageIn(answer: HttpAnswer): string {
  return errorBody(answer.body).message ?? `HubSpot answered status ${String(answer.status)}`;
}

/** How HubSpot is spoken of. */
export function hubspotWords({ platform, tokenRef }: Naming): Words {
  const settings = 'Settings > Integrations > Private apps';
  return {
    name: 'HubSpot',
    platform,
    messageIn: ({ body }) => errorBody(body).message,
    idIn: correlationIdOf,
    scopesIn: ({ body }) => scopesIn(errorBody(body)),
    next: {
      token: `Copy a new token from ${settings} in HubSpot to ${tokenRef}, then run the same command again or resume.`,
      scope: `Add it to the private app in HubSpot (${settings} > Scopes), then run the same command again or resume.`,
      limit: 'Wait (a daily limit ends at midnight in the time zone of the account), then resume; limits.wait in runback.yml sets how long to wait.',
      locked: 'Wait until HubSpot is done, then resume; limits.wait in runback.yml sets how long to wait.',
    },
  };
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
