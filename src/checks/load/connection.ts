import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

import { atLimit, GuardedSend, messageOf, type SendGuard } from '../../lib/index.js';

/** Where submissions go. */
export interface IntakeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came back for one request, times by `performance.now()`. */
export interface Exchange {
  /** When the last byte was given to the system; undefined where it never was. */
  readonly sentMs: number | undefined;
  readonly endedMs: number;
  /** Undefined where no whole answer came. */
  readonly status: number | undefined;
  /** The first of the body, or why no answer came. */
  readonly text: string;
  /** What its guard threw, so that nothing was sent. */
  readonly refused?: unknown;
}

const KEPT_CHARACTERS = 200;

/** A connection that is open before anything is sent over it. Throws an Error that says why it cannot be. */
export async function connect({ url }: IntakeRequest, limitMs: number): Promise<net.Socket> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replaceAll(/^\[|\]$/gu, '');
  const port = Number(url.port || (isTls ? 443 : 80));
  const socket = isTls
    ? tls.connect({ host, port, servername: net.isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] })
    : net.connect({ host, port });
  // Whole requests go out as they are, not when the system thinks that more may follow.
  socket.setNoDelay(true);
  return await new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off('error', onError);
      settle();
    };
    const onError = (error: Error): void => end(() => reject(error));
    const timer = setTimeout(() => {
      socket.destroy();
      end(() => reject(new Error(`no connection within ${limitMs / 1000} s`)));
    }, limitMs);
    socket.once('error', onError);
    socket.once(isTls ? 'secureConnect' : 'connect', () =>
      end(() => {
        // What breaks before anything is sent is told when it is sent.
        socket.on('error', () => {});
        resolve(socket);
      }),
    );
  });
}

/** What one request is sent with. */
interface Sending {
  readonly socket: net.Socket;
  readonly limitMs: number;
  /** Looked at by the connection itself, when the first byte is given to the system. */
  readonly guard: SendGuard;
}

/** Sends one request over an open connection, in this turn of the program. Never throws: what went wrong is in the exchange. */
export async function send({ url, method, headers }: IntakeRequest, body: Buffer, { socket, limitMs, guard }: Sending): Promise<Exchange> {
  return await new Promise((resolve) => {
    let sentMs: number | undefined;
    let said = '';
    const guarded = new GuardedSend(guard);
    const end = (status: number | undefined, text: string): void => {
      inTime();
      guarded.end();
      socket.destroy();
      const { refused } = guarded;
      resolve({ sentMs, endedMs: performance.now(), status, text: text.slice(0, KEPT_CHARACTERS), ...(refused !== undefined && { refused }) });
    };
    guarded.signal.addEventListener('abort', () => end(undefined, 'it was given up: the lock of this test was lost'), { once: true });
    const inTime = atLimit(limitMs, () => end(undefined, `no answer within ${limitMs / 1000} s`));
    if (socket.destroyed) return end(undefined, 'the connection was closed before anything was sent');
    lookAtFirstByte(socket, guarded);
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, { method, headers: { ...headers, 'content-length': body.length }, createConnection: () => socket });
    request.once('finish', () => (sentMs = performance.now()));
    request.once('error', (error) => end(undefined, messageOf(error)));
    request.once('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => (said = (said + text).slice(0, KEPT_CHARACTERS)));
      response.once('error', (error) => end(undefined, `its answer broke off: ${messageOf(error)}`));
      response.once('end', () => (response.complete ? end(response.statusCode, said) : end(undefined, 'its answer broke off')));
    });
    request.end(body);
  });
}

/** Nothing is written to a connection whose guard does not hold at its first byte: it is closed instead. */
function lookAtFirstByte(socket: net.Socket, guarded: GuardedSend): void {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]): boolean => {
    try {
      guarded.look();
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    socket.write = write;
    return write(...given);
  };
}
