import { type CallOptions, type Clock, HttpClient, isLoopback, RunbackError } from '../lib/index.js';

/** A fault as the control routes of every sandbox take it. */
export interface NamedFault {
  readonly kind: 'drop-request' | 'delay' | 'rate-limit' | 'server-error' | 'unauthorized';
  /** Who armed it: under that name it is taken away. */
  readonly name: string;
  readonly ms?: number;
  readonly status?: number;
}

/** The fault switches of a local sandbox that another process started. */
export interface RemoteFaults {
  /** From now on every request is struck, until it is taken away. One of that name is replaced. */
  add(fault: NamedFault, call: CallOptions): Promise<void>;
  /** True where there is nothing of that name any longer, also where the sandbox has ended: its faults ended with it. */
  remove(name: string, call: CallOptions): Promise<void>;
}

/**
 * Speaks to the control routes of a local sandbox. Throws `fault-impossible` for an address that is not on this machine, and where no sandbox
 * answers that a fault is to be armed in.
 */
export function sandboxFaults({ url, token }: { readonly url: string; readonly token: string }, clock: Clock): RemoteFaults {
  const { origin, hostname } = new URL(url);
  if (!isLoopback(hostname)) throw impossible(origin, 'It is not on this machine, so it is no local sandbox.');
  const ask = async (method: 'POST' | 'DELETE', path: string, body: unknown, call: CallOptions): ReturnType<HttpClient['request']> => {
    const headers = { authorization: `Bearer ${token}` };
    const http = new HttpClient({ origin, name: 'the sandbox', headers, clock, environment: {}, maxTries: 1 });
    try {
      return await http.request({ method, path: `/__sandbox/faults${path}`, ...(body !== undefined && { body }), repeatable: true }, call);
    } finally {
      await http.close();
    }
  };
  return {
    add: async (fault, call) => {
      const result = await ask('POST', '', { ...fault, times: null }, call);
      if (result.kind !== 'answered') throw impossible(origin, result.message);
      if (result.status >= 400) throw impossible(origin, `What answers there is no local sandbox, or refuses the fault (status ${result.status}).`);
    },
    remove: async (name, call) => {
      const result = await ask('DELETE', `/${encodeURIComponent(name)}`, undefined, call);
      if (result.kind === 'not_sent' || (result.kind === 'answered' && result.status < 400)) return;
      throw impossible(origin, result.kind === 'answered' ? `The sandbox answers with status ${result.status}.` : result.message);
    },
  };
}

function impossible(origin: string, why: string): RunbackError {
  return new RunbackError('fault-impossible', `Faults of ${origin} cannot be switched`, { why });
}
