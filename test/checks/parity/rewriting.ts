import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { request } from 'undici';

/** What an answer becomes on its way: by path, the JSON that came and what is passed on. */
export type Rewrite = (path: string, body: unknown) => unknown;

/** An address that leads to a sandbox and passes its answers on, changed. */
export async function rewriting(url: string, rewrite: Rewrite): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const { host: _host, connection: _connection, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
      const answer = await request(`${url}${incoming.url ?? ''}`, {
        method: (incoming.method ?? 'GET') as 'GET',
        headers: headers as Record<string, string>,
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const text = await answer.body.text();
      const isJson = String(answer.headers['content-type']).includes('json') && text !== '';
      const passed = isJson ? JSON.stringify(rewrite((incoming.url ?? '').split('?')[0] ?? '', JSON.parse(text))) : text;
      const { 'content-length': _length, 'transfer-encoding': _te, connection: _c, ...back } = answer.headers;
      response.writeHead(answer.statusCode, back as Record<string, string>);
      response.end(passed);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
