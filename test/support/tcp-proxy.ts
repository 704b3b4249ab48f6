import { createServer, type Socket, connect } from 'node:net';

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
  /** The next connections, so many, are answered as by a PostgreSQL that is starting. */
  starting(connections: number): void;
  heal(): void;
  stop(): Promise<void>;
}

export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let closed = false;
  let notReady = 0;
  let watch: { readonly text: string; readonly passOn: boolean; readonly accept: boolean } | undefined;
  const cut = (refuse = true): void => {
    closed = refuse;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (closed) {
      client.destroy();
      return;
    }
    if (notReady > 0) {
      notReady -= 1;
      answerNotReady(client);
      return;
    }
    const upstream = connect(target);
    let swallow: { readonly accept: boolean } | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data) => {
      if (watch !== undefined && data.includes(watch.text)) {
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
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (swallow !== undefined) cut(!swallow.accept);
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
    starting(connections) {
      closed = false;
      notReady = connections;
    },
    heal() {
      closed = false;
      notReady = 0;
      watch = undefined;
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
  client.on('data', (data) => {
    if (data.length === 8 && data.readInt32BE(4) === TLS) {
      client.write('N');
      return;
    }
    const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
    const head = Buffer.alloc(5, 'E');
    head.writeInt32BE(fields.length + 4, 1);
    client.end(Buffer.concat([head, fields]));
  });
}
