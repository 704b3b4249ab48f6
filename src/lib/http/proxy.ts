import { BlockList, isIP } from 'node:net';

import { RunbackError } from '../errors.js';

/** What of the environment is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The way out of a network that has only one. */
export interface Proxy {
  /** `http://host:port` or `https://host:port`; without user and password, so it may be shown. */
  readonly address: string;
  /** Value of `Proxy-Authorization`; a secret. */
  readonly authorization: string | undefined;
  /** The variable that names it. */
  readonly variable: string;
}

const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https_proxy', 'HTTPS_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY'],
};

/** Whether a host, as a URL has it, is this machine: `localhost`, names below it, 127.0.0.0/8, `[::1]`. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether a secret may be sent to an address: encrypted, or not beyond this machine. */
export function mayCarrySecrets(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname);
}

/**
 * The proxy that requests to an address go through, by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (small letters go
 * first); undefined where they go straight. `localhost`, `127.0.0.1` and `[::1]` always do. Throws `usage` for a proxy
 * that cannot be used.
 */
export function proxyFor(target: URL, environment: Environment): Proxy | undefined {
  if (/^(localhost|.*\.localhost|127\.0\.0\.1|\[::1\])$/i.test(target.hostname)) return undefined;
  const variable = VARIABLES[target.protocol]?.find((name) => (environment[name] ?? '').trim() !== '');
  if (variable === undefined) return undefined;
  if (isExempt(target, environment['no_proxy'] ?? environment['NO_PROXY'] ?? '')) return undefined;
  const text = (environment[variable] ?? '').trim();
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new RunbackError('usage', `The proxy in ${variable} cannot be used`, {
      // The address may hold a password: it is not repeated.
      why:
        url && url.hostname !== ''
          ? `It is reached by ${url.protocol.replace(':', '')}, and only http and https are supported.`
          : 'It is not a valid address.',
      state: 'Nothing was sent.',
      next: `Set ${variable} to an address such as http://proxy.example.com:3128, or take the host out with NO_PROXY.`,
    });
  return { address: url.origin, authorization: authorizationOf(url), variable };
}

/** The passwords of all proxies that an environment names, as written and as they are: for a redactor. */
export function proxySecrets(environment: Environment): string[] {
  return Object.values(VARIABLES)
    .flat()
    .flatMap((name) => {
      const text = (environment[name] ?? '').trim();
      const written = text.includes('://') ? text : `http://${text}`;
      if (text === '' || !URL.canParse(written)) return [];
      const { password } = new URL(written);
      return password === '' ? [] : [password, decoded(password)];
    });
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * `NO_PROXY`: names and all below them, addresses, address ranges (10.0.0.0/8), each with a port or without; `*` is
 * everything.
 */
function isExempt(target: URL, list: string): boolean {
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  const host = target.hostname
    .toLowerCase()
    .replaceAll(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return inRange(host, entry);
      const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
      if (only !== undefined && only !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      return host === bare || (isIP(host) === 0 && bare !== '' && host.endsWith(`.${bare}`));
    });
}

function inRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
