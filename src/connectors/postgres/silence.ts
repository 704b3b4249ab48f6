import type { Socket } from 'node:net';

import type { Client } from 'pg';

/** What another connection tells of one on which an answer is waited for. */
export type Heard =
  /** The server works on it, or nothing can be said of it. */
  | 'works'
  /** The server waits for the next request: its answer is on its way, or lost. */
  | 'answered'
  /** The server has no such connection any more. */
  | 'ended'
  /** Nobody answers there either. */
  | 'nothing';

/** So often in turn it was not said that the server works on it, until the connection is given up. */
const TRIES = 3;
/** Between two looks, milliseconds, however short a silence is allowed. */
const LEAST_MS = 100;
/** Tries to end at the server what was given up while nobody answered, and the time between them, milliseconds. */
const LATER = { tries: 30, everyMs: 2000 } as const;

/** What the driver knows of its connection, and has in no type. */
interface Known {
  /** No request is under way. */
  readonly readyForQuery: boolean | null;
}

/** What is done on another connection. `ask` never throws. */
interface Elsewhere {
  readonly ask: () => Promise<Heard>;
  /** Throws where the server cannot be reached. */
  readonly end: () => Promise<void>;
}

/**
 * Ends a connection whose answer will never come. A network that lets a connection fall (an address translation, a firewall,
 * a tunnel, a laptop that slept) tells neither end of it, and the system would wait for hours. So where nothing came for
 * `afterMs` milliseconds (0: this is never done) while an answer is waited for, `ask` is asked, on another connection. `end` ends it at the
 * server, which would keep its transaction open and its locks.
 */
export function endWhereSilent(client: Client, afterMs: number, { ask, end }: Elsewhere): void {
  if (afterMs === 0) return;
  const socket = (): Socket => client.connection.stream as Socket;
  // Who takes nothing in hears nothing.
  const isDeaf = (): boolean => (client as unknown as Known).readyForQuery === true || socket().isPaused();
  let bytes = -1;
  let since = performance.now();
  let tries = 0;
  let asking = false;
  const hasNews = (): boolean => {
    if (!isDeaf() && socket().bytesRead === bytes) return false;
    bytes = socket().bytesRead;
    since = performance.now();
    tries = 0;
    return true;
  };
  const look = async (): Promise<void> => {
    if (hasNews() || asking || performance.now() - since < afterMs) return;
    asking = true;
    const heard = await ask();
    asking = false;
    if (hasNews()) return;
    if (heard === 'works') {
      tries = 0;
      since = performance.now();
      return;
    }
    tries += 1;
    if (heard !== 'ended' && tries < TRIES) return;
    if (heard === 'answered') await end().catch(() => undefined);
    socket().destroy(new Error(WORDS[heard]));
    if (heard === 'nothing') endLater(end, LATER.tries);
  };
  const timer = setInterval(() => void look(), Math.max(LEAST_MS, afterMs / 3));
  timer.unref();
  client.once('end', () => clearInterval(timer));
}

/** Ends it once the server can be reached again, as long as this process has anything else to do. */
function endLater(end: () => Promise<void>, tries: number): void {
  if (tries === 0) return;
  setTimeout(() => void end().catch(() => endLater(end, tries - 1)), LATER.everyMs).unref();
}

const WORDS: Readonly<Record<Exclude<Heard, 'works'>, string>> = {
  answered: 'an answer was lost on its way',
  ended: 'the server has ended the connection, and the news was lost on its way',
  nothing: 'nothing came any longer, on this connection or another one',
};
