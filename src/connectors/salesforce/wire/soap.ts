import type { CallOptions, HttpResult } from '../../../lib/index.js';
import { isSuccess } from '../../http/api.js';
import { WRITES } from '../../http/gate.js';
import type { SalesforceApi } from './api.js';
import type { WireError } from './errors.js';

/** What became of one id of a SOAP call. */
export interface SoapResult {
  readonly id: string | undefined;
  readonly success: boolean;
  readonly errors: readonly WireError[];
}

/** How a SOAP call ended. */
export type SoapAnswer =
  | { readonly kind: 'told'; readonly results: readonly SoapResult[] }
  /** Refused as a whole: nothing was done. */
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'other'; readonly result: HttpResult };

/** Ids of one call (SOAP guide: undelete). */
export const SOAP_BATCH = 200;

/** `undelete` of the partner API. REST has no such call. A session that is over is renewed once: the call carries it in its body. */
export async function undeleteCall(api: SalesforceApi, ids: readonly string[], call: CallOptions): Promise<SoapAnswer> {
  for (let tries = 1; ; tries += 1) {
    const token = await api.token();
    const result = await api.exchange(
      {
        method: 'POST',
        path: `/services/Soap/u/${api.version}`,
        headers: { soapaction: '""' },
        raw: { type: 'text/xml; charset=UTF-8', text: envelopeOf(token, ids) },
        anyAnswer: true,
        repeatable: false,
        lane: WRITES,
      },
      call,
    );
    const text = result.kind === 'answered' && typeof result.body === 'string' ? result.body : '';
    const fault = faultIn(text);
    if (fault?.code === 'INVALID_SESSION_ID' && tries === 1 && (await api.renew(token))) continue;
    if (fault !== undefined) return { kind: 'refused', error: fault };
    if (!isSuccess(result)) return { kind: 'other', result };
    const results = resultsIn(text);
    if (results.length === ids.length) return { kind: 'told', results };
    return {
      kind: 'other',
      result: { kind: 'lost', nonsense: true, message: 'Unexpected response from Salesforce: it does not tell of each record' },
    };
  }
}

function envelopeOf(token: string, ids: readonly string[]): string {
  const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
  const session = `<u:SessionHeader><u:sessionId>${escaped(token)}</u:sessionId></u:SessionHeader>`;
  const all = ids.map((id) => `<u:ids>${escaped(id)}</u:ids>`).join('');
  const body = `<s:Header>${session}</s:Header><s:Body><u:undelete>${all}</u:undelete></s:Body>`;
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${soap}" xmlns:u="urn:partner.soap.sforce.com">${body}</s:Envelope>`;
}

function faultIn(text: string): WireError | undefined {
  const code = elementIn(text, 'faultcode');
  if (code === undefined) return undefined;
  return { code: code.slice(code.indexOf(':') + 1), message: elementIn(text, 'faultstring') ?? code, fields: [] };
}

function resultsIn(text: string): readonly SoapResult[] {
  return elementsIn(text, 'result').map((result) => ({
    id: elementIn(result, 'id'),
    success: elementIn(result, 'success') === 'true',
    errors: elementsIn(result, 'errors').map((error) => ({
      code: elementIn(error, 'statusCode') ?? 'UNKNOWN',
      message: elementIn(error, 'message') ?? '',
      fields: elementsIn(error, 'fields'),
    })),
  }));
}

/** The text of each element of a name, whatever its prefix. The two answers that are read here hold no others inside of the same name. */
function elementsIn(text: string, name: string): readonly string[] {
  const element = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*[^/])?>([\\s\\S]*?)</(?:\\w+:)?${name}>`, 'gu');
  return [...text.matchAll(element)].map(([, inner = '']) => unescaped(inner));
}

function elementIn(text: string, name: string): string | undefined {
  return elementsIn(text, name)[0];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Only of texts without elements of their own: others are taken apart first. */
function unescaped(text: string): string {
  return text.includes('<') ? text : text.replaceAll(/&(amp|lt|gt|quot|apos);/gu, (whole, name: string) => ENTITIES[name] ?? whole);
}
