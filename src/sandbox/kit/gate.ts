import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What a server on loopback lets in: programs of this machine that know its token, and no web page that a browser here
 * has open.
 */

/** Bytes that HubSpot's API takes in one request are far fewer. */
export const LARGEST_BODY = 10 * 1024 * 1024;
/** Room for a whole account to be loaded, by whoever knows the token. */
export const LARGEST_LOAD = 256 * 1024 * 1024;

const DISCARDED = 64 * 1024 * 1024;
const NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Why a request is not let in, by its headers alone; undefined where it is. A name in `Host` that is not this machine's
 * own was made to lead here (DNS rebinding), and an `Origin` that is not this very server is a page of somebody else's.
 */
export function strangerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host, origin } = headers;
  const name = host === undefined ? undefined : hostnameOf(`http://${host}`);
  if (name === undefined || !NAMES.has(name)) return 'This server answers to 127.0.0.1, localhost and [::1] only';
  if (origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase() ?? ''}`) return 'This server takes no requests from web pages';
  return undefined;
}

/** Answers a request without its body. */
export function turnAway(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ status: 'error', message });
  // A client that still sends would see a broken connection and never the answer: some of it is let through, and thrown
  // away.
  let passed = 0;
  request.on('data', (part: Buffer) => {
    passed += part.length;
    if (passed > DISCARDED) request.socket.destroy();
  });
  response.writeHead(status, { 'Content-Type': 'application/json;charset=utf-8', 'Content-Length': String(Buffer.byteLength(body)) });
  response.end(body);
}

/** The body of a request as text; undefined where it is longer than `limit` bytes, of which no more are kept. */
export async function readText(request: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const take = (part: Buffer): void => {
      size += part.length;
      if (size <= limit) return void parts.push(part);
      request.off('data', take);
      resolve(undefined);
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client went away')));
  });
}

function hostnameOf(address: string): string | undefined {
  try {
    return new URL(address).hostname;
  } catch {
    return undefined;
  }
}
