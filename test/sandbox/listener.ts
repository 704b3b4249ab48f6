import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was sent to a listener. */
export interface Heard {
  readonly type: string;
  readonly body: string;
}

/** An address on this machine that takes what is sent to it. */
export interface Listener {
  readonly url: string;
  readonly heard: readonly Heard[];
  close(): Promise<void>;
}

/** `answer`: status and body for the nth request, from 0. */
export async function openListener(
  answer: (n: number, heard: Heard) => { readonly status: number; readonly body?: string } = () => ({ status: 200 }),
): Promise<Listener> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one = { type: request.headers['content-type'] ?? '', body: Buffer.concat(parts).toString('utf8') };
      heard.push(one);
      const { status, body = '' } = answer(heard.length - 1, one);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    heard,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a listener of Salesforce has to say to be believed. */
export const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';
