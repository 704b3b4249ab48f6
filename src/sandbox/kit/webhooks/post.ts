import { request } from 'node:http';

/** Sends one request to this machine; undefined where no answer came. */
export async function post(
  url: string,
  { type, headers = {}, body }: { readonly type: string; readonly headers?: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string } | undefined> {
  return await new Promise((resolve) => {
    const given = () => resolve(undefined);
    const sent = request(url, { method: 'POST', signal, headers: { ...headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) } });
    sent.on('error', given);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', given);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }));
    });
    sent.end(body);
  });
}
