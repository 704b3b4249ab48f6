import { createServer, type Socket, connect } from 'node:net';

interface Target {
  readonly host: string;
  readonly port: number;
}

/** A proxy in front of a server that cuts connections where a test wants it. */
export interface TcpProxy {
  readonly port: number;
  /**
   * The next time a client sends this text: it is passed on, its answer is thrown away, and everything is cut until
   * `heal`.
   */
  dropAnswerTo(text: string, after?: 'refuse' | 'accept'): void;
  /**
   * As {@link dropAnswerTo}, but the server does not even see it. `accept`: new connections are let through at once.
   */
  dropRequest(text: string, after?: 'refuse' | 'accept'): void;
  /** Every connection is cut and new ones are closed at once, until `heal`. */
  cutOff(): void;
  /** Nothing is passed on any more, in neither direction, and nothing is closed, until `heal`; new connections are taken, and hear nothing. */
  blackHole(): void;
  /** What goes over the connections that there are is lost in both directions, and nothing is closed: new ones work. */
  forget(): void;
  /** Every answer takes so long on its way; one that is on its way when the server ends never arrives. */
  slowAnswers(ms: number): void;
  /** The next time a client sends this text, what is answered takes so long on its way. */
  slowAnswerTo(text: string, ms: number): void;
  /** The next connections, so many, are answered as by a PostgreSQL that is starting. */
  starting(connections: number): void;
  heal(): void;
  /** New connections lead to another server. */
  lead(to: Target): void;
  stop(): Promise<void>;
}

/** Of a text that is waited for, bytes. */
const LONGEST_TEXT = 1024;

export async function startProxy(first: Target): Promise<TcpProxy> {
  let target = first;
  const sockets = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  let closed = false;
  let notReady = 0;
  let silent = false;
  let slowMs = 0;
  let slow: { readonly text: string; readonly ms: number } | undefined;
  let watch: { readonly text: string; readonly passOn: boolean; readonly accept: boolean } | undefined;
  const cut = (refuse = true): void => {
    closed = refuse;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer({ noDelay: true }, (client) => {
    if (closed) {
      client.destroy();
      return;
    }
    if (notReady > 0) {
      notReady -= 1;
      answerNotReady(client);
      return;
    }
    const upstream = connect({ ...target, noDelay: true });
    let lateMs = 0;
    /** The end of what came before: a text may come in two pieces. */
    let before = Buffer.alloc(0);
    let swallow: { readonly accept: boolean } | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (forgotten.has(socket)) return;
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data) => {
      if (silent || forgotten.has(client)) return;
      lateMs = 0;
      const sends = (text: string): boolean => Buffer.concat([before.subarray(Math.max(0, before.length - text.length + 1)), data]).includes(text);
      if (slow !== undefined && sends(slow.text)) {
        lateMs = slow.ms;
        slow = undefined;
      }
      if (watch !== undefined && sends(watch.text)) {
        const { passOn, accept } = watch;
        watch = undefined;
        if (!passOn) {
          cut(!accept);
          return;
        }
        swallow = { accept };
        // The server's answer shows that it has done its work; until then nobody new is let in.
        closed = true;
      }
      before = Buffer.concat([before, data]).subarray(-LONGEST_TEXT);
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (silent || forgotten.has(upstream)) return;
      if (swallow !== undefined) cut(!swallow.accept);
      else if (slowMs + lateMs > 0) setTimeout(() => void (client.destroyed || client.write(data)), slowMs + lateMs);
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    dropAnswerTo(text, after) {
      watch = { text, passOn: true, accept: after === 'accept' };
    },
    dropRequest(text, after) {
      watch = { text, passOn: false, accept: after === 'accept' };
    },
    cutOff: () => cut(),
    forget() {
      for (const socket of sockets) forgotten.add(socket);
    },
    slowAnswers(ms) {
      slowMs = ms;
    },
    slowAnswerTo(text, ms) {
      slow = { text, ms };
    },
    blackHole() {
      silent = true;
    },
    starting(connections) {
      closed = false;
      notReady = connections;
    },
    heal() {
      // What went into the hole never comes out: connections from then are of no use to anybody.
      if (silent) cut(false);
      silent = false;
      closed = false;
      notReady = 0;
      watch = undefined;
    },
    lead(to) {
      target = to;
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a PostgreSQL says that is starting, after its start packet; asked for TLS, it has none. */
function answerNotReady(client: Socket): void {
  const TLS = 80_877_103;
  client.on('error', () => {});
  let packet = Buffer.alloc(0);
  client.on('data', (data) => {
    packet = Buffer.concat([packet, data]);
    if (packet.length < 8 || packet.length < packet.readInt32BE(0)) return;
    if (packet.readInt32BE(4) === TLS) {
      packet = packet.subarray(8);
      client.write('N');
      return;
    }
    const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
    const head = Buffer.alloc(5, 'E');
    head.writeInt32BE(fields.length + 4, 1);
    client.end(Buffer.concat([head, fields]));
  });
}
