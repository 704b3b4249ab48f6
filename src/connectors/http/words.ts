import { defined, didYouMean, type HttpAnswer, type HttpResult, RunbackError, type Trouble } from '../../lib/index.js';

/** How a vendor is spoken of, and where its answers keep their words. */
export interface Words {
  /** For people: `HubSpot`. */
  readonly name: string;
  /** Name in runback.yml. */
  readonly platform: string;
  /** What the vendor says of an error. */
  messageIn(answer: HttpAnswer): string | undefined;
  /** The id that the vendor's support asks for. */
  idIn?(answer: HttpAnswer): string | undefined;
  /** Permissions that an answer of 403 names as missing. */
  scopesIn?(answer: HttpAnswer): readonly string[];
  /** What to do, each a sentence: about a refused token, a missing permission, a limit that lasts, a lock. */
  readonly next: { readonly token: string; readonly scope: string; readonly limit: string; readonly locked: string };
}

/** The error for an object type that the account does not have; `known`: those it has. */
export function unknownObject({ name, platform }: Pick<Words, 'name' | 'platform'>, object: string, known: readonly string[]): RunbackError {
  return new RunbackError('object-unsupported', `Platform ${platform}: ${name} has no object type ${object}${didYouMean(object, known)}`, {
    why: `It has ${known.join(', ')}.`,
    state: 'Nothing was read or written.',
    next: `Write one of these under objects of platform ${platform} in runback.yml.`,
    data: { known },
  });
}

/** The words of an error answer, or its status. */
export function messageOf(answer: HttpAnswer, words: Pick<Words, 'name' | 'messageIn'>): string {
  return words.messageIn(answer) ?? `${words.name} answered status ${String(answer.status)}`;
}

/** Turns a request that did not succeed into our error. For answers of 2xx it is a `bug`. */
export function failureOf(result: HttpResult, words: Words, troubleOf: (answer: HttpAnswer) => Trouble | undefined): RunbackError {
  const { platform, name, next } = words;
  const state = 'Nothing was written by this request.';
  const again = `When ${name} answers again, run the same command again or resume.`;
  const error = (...[code, says, details]: ConstructorParameters<typeof RunbackError>): RunbackError =>
    new RunbackError(code, `Platform ${platform}: ${says}`, details);
  if (result.kind === 'not_sent') return error('platform-unreachable', result.message, { state, next: again });
  if (result.kind === 'lost') {
    if (result.nonsense !== true) return error('platform-unreachable', result.message, { next: again });
    const address = `Check the address of platform ${platform} in runback.yml, then run the same command again or resume.`;
    return error('platform-nonsense', result.message, { next: address });
  }
  const why = messageOf(result, words);
  const correlationId = words.idIn?.(result);
  const status = String(result.status);
  const data = { status: result.status, ...defined({ correlationId }) };
  const told = { why, state, data };
  if (result.status === 401) return error('auth-refused', `${name} refuses the token`, { ...told, next: next.token });
  const trouble = troubleOf(result);
  if (trouble?.lasting === true) return error('platform-limit', `${name} is locked for now (status ${status})`, { ...told, next: next.locked });
  if (trouble) {
    const page = result.page === true ? 'a web page came instead of an answer of its API, ' : '';
    const known = trouble.mayHaveHappened ? {} : { state };
    return error('platform-unreachable', `${name} reports a problem (${page}status ${status})`, { why, ...known, next: again, data });
  }
  if (result.status === 403) {
    const scopes = words.scopesIn?.(result) ?? [];
    const lacks = scopes.length === 0 ? 'a permission' : `the scope ${scopes.join(', ')}`;
    return error('scope-missing', `the token lacks ${lacks}`, { why, state, next: next.scope, data: { ...data, scopes } });
  }
  if (result.status === 429) return error('platform-limit', `${name} accepts no more requests`, { ...told, next: next.limit });
  return error('platform-rejected', `${name} refuses the request: ${why}`, { state, data });
}
