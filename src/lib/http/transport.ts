import type { Agent, Dispatcher, Pool, ProxyAgent } from 'undici';

import { defined } from '../defined.js';
import type { Proxy } from './proxy.js';

/** How requests to one origin get there: straight, or through a proxy. */
export interface Transport {
  /** `sending` is called just before the first byte goes to a connection that stands; nothing is sent where it throws. */
  request(options: Dispatcher.RequestOptions, sending?: () => void): Promise<Dispatcher.ResponseData>;
  /** Closes idle connections; requests under way end first. */
  close(): Promise<void>;
}

/** The proxy would not connect us: nothing came near the other side. */
export class ProxyRefused extends Error {
  constructor(readonly status: number) {
    super(status === 407 ? 'the proxy asks for a user and a password, or other ones (status 407)' : `the proxy answered with status ${status}`);
    this.name = 'ProxyRefused';
  }
}

const CONNECT_MS = 10_000;

/**
 * Opens a transport for so many connections at once. Loads undici: without a proxy only what that takes, a third of the
 * time.
 */
export async function openTransport(connections: number, proxy: Proxy | undefined): Promise<Transport> {
  const keep = { connections, keepAliveTimeout: 4000 };
  return proxy === undefined ? await openDirect({ ...keep, connect: { timeout: CONNECT_MS } }) : await openThrough(proxy, keep);
}

async function openDirect(options: Agent.Options): Promise<Transport> {
  const [{ default: DirectAgent }, { default: request }] = await Promise.all([
    import('undici/lib/dispatcher/agent.js'),
    import('undici/lib/api/api-request.js'),
  ]);
  const agent = new DirectAgent(options);
  return closable(agent, async (one, sending) => await request.call(looking(agent, sending), one));
}

async function openThrough(proxy: Proxy, keep: Pool.Options): Promise<Transport> {
  const [undici, { default: request }] = await Promise.all([import('undici'), import('undici/lib/api/api-request.js')]);
  const agent = new undici.ProxyAgent({ ...keep, ...through(proxy, undici.Pool) });
  return closable(agent, async (one, sending) => await request.call(looking(agent, sending), one));
}

/** A dispatcher that looks once more when a request is about to be written: until then it may have waited for a connection. */
function looking(agent: Dispatcher, sending: (() => void) | undefined): Dispatcher {
  if (sending === undefined) return agent;
  const dispatch: Dispatcher['dispatch'] = (options, handler) => {
    const connected = handler.onConnect?.bind(handler);
    handler.onConnect = (abort) => {
      connected?.(abort);
      try {
        sending();
      } catch (error) {
        abort(error instanceof Error ? error : new Error(String(error)));
      }
    };
    return agent.dispatch(options, handler);
  };
  return Object.create(agent, { dispatch: { value: dispatch } }) as Dispatcher;
}

function closable(agent: Dispatcher, request: Transport['request']): Transport {
  let closing: Promise<void> | undefined;
  return { request, close: async () => await (closing ??= agent.close()) };
}

function through(proxy: Proxy, Connections: typeof Pool): ProxyAgent.Options {
  return {
    uri: proxy.address,
    ...defined({ token: proxy.authorization }),
    // Proxies refuse to connect to port 80, and take requests to it as they are.
    proxyTunnel: false,
    proxyTls: { timeout: CONNECT_MS },
    requestTls: { timeout: CONNECT_MS },
    clientFactory: (origin, options) => {
      const pool = new Connections(origin, options);
      const connect = pool.connect.bind(pool);
      const checked = async (given: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
        const connected = await connect(given);
        if (connected.statusCode === 200) return connected;
        connected.socket.on('error', () => undefined).destroy();
        throw new ProxyRefused(connected.statusCode);
      };
      return Object.assign(pool, { connect: checked });
    },
  };
}
