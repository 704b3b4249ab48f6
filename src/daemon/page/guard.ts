import { STYLE_SOURCE } from './layout.js';

/** Headers of every answer: nothing is loaded, framed, kept or told to others. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `default-src 'none'; style-src ${STYLE_SOURCE}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // Nobody else hears of the addresses here. With no-referrer a browser would say `Origin: null` even to ourselves, and
  // over plain http, where it says nothing of where a form comes from, our own button could not be told from that of
  // another page.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'X-Robots-Tag': 'noindex, nofollow',
};

/** Names under which the page may be asked for. */
export class Names {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(port: number, publicUrl: string | undefined) {
    const own = ['127.0.0.1', 'localhost'].map((host) => new URL(`http://${host}:${port}`));
    const all = publicUrl === undefined ? own : [...own, new URL(publicUrl)];
    this.#hosts = new Set(all.map(({ host }) => host));
    this.#origins = new Set(all.map(({ origin }) => origin));
  }

  /** False for a page elsewhere whose name was made to lead to this machine (DNS rebinding). */
  isHost(host: string | undefined): boolean {
    return host !== undefined && this.#hosts.has(host.toLowerCase());
  }

  /**
   * False where a browser sends a form of another page. Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`;
   * what sends neither is no browser, so nobody's cookies or network can be misused through it, and it still has to
   * know the secret word.
   */
  isOwnForm(site: string | undefined, origin: string | undefined): boolean {
    if (site !== undefined) return site === 'same-origin';
    return origin === undefined || this.#origins.has(origin.toLowerCase());
  }
}
