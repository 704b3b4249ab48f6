import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request a fake got. */
export interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a service is like: its rules, and what it says. */
export interface Service {
  /** What of a request breaks the published rules; empty where it is right. */
  readonly problems: (got: Got) => readonly string[];
  readonly accept: (got: Got) => Answer;
  /** The answer to wrong credentials, and to a message that it refuses for good. */
  readonly denied: Answer;
  readonly rejected: Answer;
  /** Everything in the message that people or programs read, decoded. */
  readonly shown: (got: Got) => string;
}

export type HttpFault = 'busy' | 'busy-until' | 'down' | 'denied' | 'rejected' | 'hang' | 'garbage' | 'redirect' | 'cut';

/** A service on loopback. A request that breaks a rule is answered with 400, as the real one does, and remembered. */
export interface HttpFake {
  readonly url: string;
  readonly got: Got[];
  readonly problems: string[];
  fault: HttpFault | undefined;
  /** Stops listening, so that connections are refused. */
  refuse(): Promise<void>;
  close(): Promise<void>;
}

export async function startHttpFake(service: Service): Promise<HttpFake> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got: Got = { path: request.url ?? '', headers: request.headers, text: Buffer.concat(chunks).toString('utf8') };
      fake.got.push(got);
      if (fake.fault === 'hang') return;
      const broken = request.method === 'POST' ? service.problems(got) : [`the method is ${request.method ?? ''}`];
      fake.problems.push(...broken);
      const answer = broken.length > 0 ? { status: 400, body: broken.join('; ') } : answerOf(service, got, fake.fault);
      // What servers do in error pages: repeat the address and the credentials they were asked with.
      const echo = answer.status >= 300 ? ` ${request.url ?? ''} ${request.headers.authorization ?? ''} ${got.text.slice(0, 200)}` : '';
      response.writeHead(answer.status, { 'content-type': 'text/plain', ...answer.headers });
      if (fake.fault === 'cut') {
        response.write('{"half');
        setTimeout(() => response.destroy(), 20);
      } else response.end((answer.body ?? '') + (answer.body?.startsWith('{') === true ? '' : echo));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const fake: HttpFake = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: [],
    problems: [],
    fault: undefined,
    refuse: stop,
    close: stop,
  };
  return fake;
}

function answerOf(service: Service, got: Got, fault: HttpFault | undefined): Answer {
  switch (fault) {
    case 'busy':
      return { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' };
    case 'busy-until':
      return { status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }, body: 'slow down' };
    case 'down':
      return { status: 503, body: 'try later' };
    case 'denied':
      return service.denied;
    case 'rejected':
      return service.rejected;
    case 'garbage':
      return { status: 200, body: '<html>Sign in to the guest network' };
    case 'redirect':
      return { status: 302, headers: { location: 'https://elsewhere.example.com/' } };
    default:
      return service.accept(got);
  }
}
