import jsforce from 'jsforce';
import { afterEach } from 'vitest';

import { type SalesforceSandbox, type SalesforceSandboxOptions, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { standing } from '../../contracts/sandbox/platform.js';

/** An answer with its body parsed, or as it is where it is no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any; // oxlint-disable-line typescript/no-explicit-any -- whatever the vendor answers
}

/** A sandbox, Salesforce's usual npm client for it, and a plain way to call it. */
export interface Bench {
  readonly sandbox: SalesforceSandbox;
  readonly clock: ReturnType<typeof standing>;
  readonly conn: jsforce.Connection;
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export const V = '62.0';
export const PERSON = { kind: 'person', id: '7' } as const;

/** Starts a sandbox that is stopped after the test. `path` of a call is below `/services/data/vXX.0` unless it begins with `/services` or `/id`. */
export async function bench(options: SalesforceSandboxOptions = {}): Promise<Bench> {
  const clock = standing();
  const sandbox = await startSalesforceSandbox({ clock, ...options });
  started.push(sandbox);
  const conn = new jsforce.Connection({ instanceUrl: sandbox.url, accessToken: sandbox.token, version: V });
  return {
    sandbox,
    clock,
    conn,
    call: async (method, path, body, headers = {}) => {
      const isText = typeof body === 'string';
      const response = await fetch(sandbox.url + (/^\/(?:services|id)\b/.test(path) ? path : `/services/data/v${V}${path}`), {
        method,
        headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': isText ? 'text/xml' : 'application/json', ...headers },
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
    },
  };
}

/** What a call that Salesforce refuses says: the code of its first error. */
export async function codeOf(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as { errorCode?: string }).errorCode ?? String(error);
  }
  throw new Error('It was not refused');
}

/** The sandbox's address in SOAP, with ids for a call. */
export const envelope = (call: string, ids: readonly string[], session: string, more = ''): string =>
  `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader><urn:sessionId>${session}</urn:sessionId></urn:SessionHeader>${more}</soapenv:Header><soapenv:Body><urn:${call}>${ids.map((id) => `<urn:ids>${id}</urn:ids>`).join('')}</urn:${call}></soapenv:Body></soapenv:Envelope>`;

const started: SalesforceSandbox[] = [];
afterEach(async () => {
  for (const sandbox of started.splice(0)) await sandbox.stop();
});
