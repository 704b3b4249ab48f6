import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Sends text as it is to the server at an address, and gives the first line of the answer, in however many pieces it comes. */
export async function firstLineOf(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) });
  try {
    await once(socket, 'connect');
    const answer = once(createInterface({ input: socket }), 'line') as Promise<[string]>;
    const failed = once(socket, 'close').then(() => ['']);
    socket.write(text);
    const [line] = await Promise.race([answer, failed]);
    return line ?? '';
  } finally {
    socket.destroy();
  }
}
