import type { Socket } from 'node:net';

import { type CallOptions, type Clock, inOrder, messageOf, parseDuration, type SendGuard } from '../../lib/index.js';
import type { TestDocument } from '../document/schema.js';
import { connect, type Exchange, type IntakeRequest, send } from './connection.js';
import type { Answer } from './facts.js';
import { type Burst, type Limit, scheduleOf } from './schedule.js';

/** How submissions are let go. */
export interface Release {
  /** From the first to the last, milliseconds; 0: all at once. */
  readonly overMs: number;
  /** Longest wait for an answer, milliseconds. */
  readonly answerMs: number;
  /** What the intake allows. */
  readonly limit?: Limit;
  /** Whether an answer with this status means that it was taken. */
  readonly acknowledges: (status: number) => boolean;
  /** Called once for each that is answered, or never will be. */
  readonly answered?: () => void;
}

/** How a test lets its submissions go, over a time in milliseconds. */
export function releaseAs(
  { acknowledged, answer_within: answerWithin, limit }: NonNullable<TestDocument['load']>['submit'],
  overMs: number,
): Release {
  return {
    overMs,
    answerMs: parseDuration(answerWithin),
    acknowledges: (status) => (acknowledged === undefined ? status >= 200 && status < 300 : acknowledged.includes(status)),
    ...(limit && { limit: { count: limit.count, perMs: parseDuration(limit.per) } }),
  };
}

/** What came of letting them go. */
export interface Released {
  /** One for each body, in order. Times by `clock.monotonicMs()`. */
  readonly answers: readonly Answer[];
  /** From the first to the last that left this machine, milliseconds. */
  readonly spanMs: number;
}

const CONNECT_MS = 10_000;
const CONNECTING_AT_ONCE = 50;
/** Connections are opened so long before they are needed. */
const AHEAD_MS = 2000;

/** What submissions are sent with. */
export interface Releasing {
  readonly clock: Clock;
  readonly call: CallOptions;
  /** What has to hold when the first byte of each goes out. */
  readonly guard: SendGuard;
}

/**
 * Sends each body to the intake once, each at its own time whatever became of the others (an open model: a slow intake does
 * not slow its visitors down). Connections of a burst are open before the first of it is sent. Nothing is ever sent a
 * second time. Throws what the guard throws where it holds no longer: then nothing more is sent.
 */
export async function release(
  request: IntakeRequest,
  bodies: readonly Buffer[],
  { overMs, answerMs, limit, acknowledges, answered }: Release,
  { clock, call: { signal }, guard }: Releasing,
): Promise<Released> {
  const bursts = scheduleOf(bodies.length, overMs, limit);
  const exchanges: Promise<Exchange>[] = [];
  const give = async (burst: Burst, n: number, socket: Socket | string): Promise<Exchange> =>
    typeof socket === 'string'
      ? unsent(socket)
      : await send(request, bodies[burst.from + n] ?? Buffer.alloc(0), { socket, limitMs: answerMs, guard });
  const keep = (exchange: Promise<Exchange>): void => {
    exchanges.push(exchange);
    if (answered !== undefined) void exchange.then(answered);
  };
  const sockets = new Set<Socket>();
  const stop = (): void => sockets.forEach((socket) => socket.destroy());
  signal?.addEventListener('abort', stop, { once: true });
  let opening: Promise<readonly (Socket | string)[]> = Promise.resolve([]);
  let startedMs: number | undefined;
  try {
    for (const burst of bursts) {
      if (startedMs !== undefined) await waitUntil(startedMs + burst.atMs - AHEAD_MS, clock, signal);
      opening = opened(request, burst.to - burst.from, sockets);
      // One alone is not waited for: it would hold up those behind it.
      const isAlone = burst.to - burst.from === 1;
      if (!isAlone) await opening;
      await guard.confirm();
      startedMs ??= clock.monotonicMs();
      await waitUntil(startedMs + burst.atMs, clock, signal);
      guard.left();
      if (limit !== undefined)
        await freed(exchanges.slice(Math.max(0, burst.from - limit.count), Math.max(0, burst.to - limit.count)), limit, clock, signal);
      if (isAlone) keep(opening.then(async ([socket = '']) => await give(burst, 0, socket)));
      else for (const [n, socket] of (await opening).entries()) keep(give(burst, n, socket));
    }
    const refused = (await Promise.all(exchanges)).find((exchange) => exchange.refused !== undefined);
    if (refused !== undefined) throw refused.refused;
    signal?.throwIfAborted();
  } finally {
    await opening;
    stop();
    signal?.removeEventListener('abort', stop);
  }
  const ended = await Promise.all(exchanges);
  // Both only grow, from different moments.
  const shift = clock.monotonicMs() - performance.now();
  const sent = ended.flatMap(({ sentMs }) => sentMs ?? []);
  const spanMs = sent.length === 0 ? 0 : Math.max(...sent) - Math.min(...sent);
  return { answers: ended.map((exchange) => answerOf(exchange, shift, acknowledges)), spanMs };
}

/** So many connections, or why there is none, in the order in which they were asked for. They are among `all` too. */
async function opened(request: IntakeRequest, count: number, all: Set<Socket>): Promise<readonly (Socket | string)[]> {
  const made: (Socket | string)[] = [];
  const one = async (): Promise<Socket | string> => await connect(request, CONNECT_MS).catch(messageOf);
  for await (const socket of inOrder(Array.from({ length: count }), CONNECTING_AT_ONCE, one)) {
    if (typeof socket !== 'string') all.add(socket);
    made.push(socket);
  }
  return made;
}

/** Waits until those have their answers and the time of the limit has passed since: when they arrived there, nobody here knows. */
async function freed(before: readonly Promise<Exchange>[], { perMs }: Limit, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const ended = (await Promise.all(before)).map(({ endedMs }) => endedMs);
  if (ended.length > 0) await waitUntil(clock.monotonicMs() - performance.now() + Math.max(...ended) + perMs, clock, signal);
}

const unsent = (why: string): Exchange => ({ sentMs: undefined, endedMs: performance.now(), status: undefined, text: why });

async function waitUntil(atMs: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const left = atMs - clock.monotonicMs();
  if (left > 0) await clock.sleep(left, signal);
}

/** Answers of servers that say themselves that they did nothing: the request is at fault, or there were too many. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

function answerOf({ sentMs, endedMs, status, text }: Exchange, shift: number, acknowledges: (status: number) => boolean): Answer {
  const times = { sentMs: (sentMs ?? endedMs) + shift, endedMs: endedMs + shift };
  if (status === undefined)
    return sentMs === undefined ? { outcome: 'refused', ...times, why: `it was not sent: ${text}` } : { outcome: 'unanswered', ...times, why: text };
  const why = `answer ${status}`;
  if (acknowledges(status)) return { outcome: 'acknowledged', ...times, why };
  return { outcome: isRefusal(status) ? 'refused' : 'unanswered', ...times, why };
}
