import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, refused } from '../failure.js';
import { wideId } from '../state/ids.js';
import { type ApiContext, type Request, type SalesforceRoute, writerOf } from './route.js';

export const SOAP_PATH = /^\/services\/Soap\/[uc]\/\d+\.\d\/?/;
const MOST = 200;
const XML = 'text/xml; charset=utf-8';

/** The calls of the SOAP API that have no REST form: bringing back what was deleted, and emptying the recycle bin. */
export function soapRoute(context: ApiContext): SalesforceRoute {
  return { method: 'POST', pattern: new RegExp(`${SOAP_PATH.source}(?:00D\\w*)?$`), writes: true, handle: (request) => handle(context, request) };
}

/** The session that an envelope names. */
export const sessionOf = (envelope: string): string | undefined => textsOf(envelope, 'sessionId')[0];

/** A failure as the envelope of a fault. */
export function soapFault({ errorCode, message }: { readonly errorCode: string; readonly message: string }): string {
  const told = `${errorCode}: ${errorCode === 'INVALID_SESSION_ID' ? 'Invalid Session ID found in SessionHeader: Illegal Session' : message}`;
  return envelope(
    `<soapenv:Fault><faultcode>sf:${errorCode}</faultcode><faultstring>${escaped(told)}</faultstring><detail><sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>${errorCode}</sf:exceptionCode><sf:exceptionMessage>${escaped(told)}</sf:exceptionMessage></sf:UnexpectedErrorFault></detail></soapenv:Fault>`,
  );
}

function handle(context: ApiContext, request: Request): ApiAnswer {
  const text = String(request.body);
  const call = /<(?:\w+:)?(undelete|emptyRecycleBin)[\s>]/.exec(text)?.[1];
  if (call === undefined) throw new ApiFailure(500, 'INVALID_OPERATION', 'The local sandbox knows undelete and emptyRecycleBin only');
  const ids = textsOf(text, 'ids');
  if (ids.length > MOST)
    throw new ApiFailure(500, 'EXCEEDED_ID_LIMIT', `record limit reached. cannot submit more than ${MOST} records into this call`);
  const { org, usage } = context;
  const writer = writerOf(context, request);
  const allOrNone = textsOf(text, 'allOrNone')[0] === 'true';
  const results: { readonly id: string; readonly error?: ApiFailure }[] = [];
  const run = (): void => {
    for (const id of ids) {
      try {
        if (call === 'undelete') org.bin.restore(id, writer);
        else org.bin.purge(id, writer);
        results.push({ id });
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        results.push({ id, error });
      }
    }
    if (allOrNone && results.some(({ error }) => error !== undefined)) throw new Undone();
  };
  try {
    org.atomically(run);
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    for (const [index, { id, error: own }] of results.entries())
      results[index] = {
        id,
        error:
          own ??
          refused(
            'ALL_OR_NONE_OPERATION_ROLLED_BACK',
            'Record rolled back because not all records were valid and the request was using AllOrNone header',
          ),
      };
  }
  const told = results.map(
    ({ id, error }) => `<result>${error ? errorOf(error) : ''}<id>${escaped(wideId(id) ?? id)}</id><success>${String(!error)}</success></result>`,
  );
  const header = `<soapenv:Header><LimitInfoHeader><limitInfo><current>${usage.used}</current><limit>${usage.settings.perDay}</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>`;
  return { status: 200, text: { type: XML, content: envelope(`<${call}Response>${told.join('')}</${call}Response>`, header) } };
}

class Undone extends Error {}

const errorOf = ({ errorCode, message }: ApiFailure): string =>
  `<errors><message>${escaped(message)}</message><statusCode>${errorCode}</statusCode></errors>`;

function envelope(body: string, header = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${header}<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
}

function textsOf(xml: string, name: string): readonly string[] {
  return Array.from(xml.matchAll(new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</`, 'g')), ([, text = '']) => text.trim());
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
