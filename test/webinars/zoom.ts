// A webinar tool by the rules of Zoom's documents: registrations of one webinar and the report of who was there.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Clock } from '../../src/lib/index.js';

export const WEBINAR = '98765432100';
const LONGEST: Readonly<Record<string, number>> = { email: 128, first_name: 64, last_name: 64 };
const TEXTS = ['email', 'first_name', 'last_name', 'org', 'job_title', 'city', 'country', 'phone', 'comments'] as const;
const MOST_A_DAY = 3;
const TOKEN_LIVES_MS = 15 * 60_000;
const REPORT_AFTER_MS = 30_000;
const DAY_MS = 86_400_000;

type Values = Readonly<Record<string, string>>;

/** One registration. */
interface Registrant {
  readonly id: string;
  values: Values;
  status: 'approved' | 'pending' | 'denied';
  readonly created: number;
}

interface Participant {
  readonly userId: string;
  readonly address: string;
  readonly registrant?: string;
  readonly name: string;
  readonly joined: number;
  readonly minutes: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ZoomOptions {
  readonly clock: Clock;
  /** Requests a second. */
  readonly perSecond?: number;
}

const refusal = (status: number, code: number, message: string): Answer => ({ status, body: { code, message } });

/** One account with one webinar. What is written past the API is what people do on its pages. */
export class ZoomStub {
  readonly account = 'EabCDEFghiLHMA';
  readonly token = `eyJ.${randomUUID()}.sig`;
  readonly registrants = new Map<string, Registrant>();
  /** Requests, by method and path. */
  readonly requests: string[] = [];
  /** The next answer to such a request is not sent, and nothing is answered from then on until this is set to undefined. */
  dropAnswerOf: string | undefined;
  silent = false;
  /** So many records go, or come where it is less than 0, before each page but the first: who was at its edge is on none, or on two. */
  shiftBy = 0;
  readonly #participants: Participant[] = [];
  readonly #pages = new Map<string, { readonly offset: number; readonly until: number }>();
  readonly #tries = new Map<string, number>();
  #ended: number | undefined;
  #second = { at: 0, count: 0 };
  #next = 0;
  #server: ReturnType<typeof createServer> | undefined;
  url = '';

  constructor(private readonly options: ZoomOptions) {}

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Somebody comes, stays so long and leaves; each coming is told on its own. */
  join(address: string, minutes: number): void {
    const registrant = this.#byAddress(address);
    this.#next += 1;
    this.#participants.push({
      userId: String(16_778_240 + this.#next),
      address,
      ...(registrant && { registrant: registrant.id }),
      name: registrant?.values['first_name'] ?? address,
      joined: this.options.clock.now().getTime(),
      minutes,
    });
  }

  /** The webinar ends: some time later there is a report. */
  end(): void {
    this.#ended = this.options.clock.now().getTime();
  }

  get reported(): boolean {
    return this.#ended !== undefined && this.options.clock.now().getTime() - this.#ended >= REPORT_AFTER_MS;
  }

  attended(address: string): boolean {
    return this.reported && this.#participants.some((each) => each.address === address);
  }

  /** Registers somebody on a page of the webinar. */
  register(values: Values): string {
    const id = randomUUID().replaceAll('-', '').slice(0, 22);
    this.registrants.set(id, { id, values, status: 'approved', created: this.options.clock.now().getTime() });
    return id;
  }

  #byAddress(address: string): Registrant | undefined {
    return [...this.registrants.values()].find(({ values }) => values['email']?.toLowerCase() === address.toLowerCase());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = `${request.method ?? ''} ${url.pathname}`;
    this.requests.push(name);
    if (this.silent) return void request.socket.destroy();
    const answer = this.#answered(request, url, Buffer.concat(chunks).toString('utf8'));
    if (this.dropAnswerOf === request.method && answer.status < 300) {
      this.silent = true;
      return void request.socket.destroy();
    }
    response.writeHead(answer.status, {
      'content-type': 'application/json;charset=UTF-8',
      date: this.options.clock.now().toUTCString(),
      ...answer.headers,
    });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }

  #answered(request: IncomingMessage, url: URL, text: string): Answer {
    if (request.headers.authorization !== `Bearer ${this.token}`) return refusal(401, 124, 'Invalid access token.');
    if (this.#isTooMany())
      return {
        ...refusal(429, 429, 'You have reached the maximum per-second rate limit for this API. Try again later.'),
        headers: { 'x-ratelimit-type': 'QPS' },
      };
    const method = request.method ?? '';
    if (method === 'GET' && url.pathname === '/v2/users/me')
      return { status: 200, body: { id: 'z8yCxjabcdEFGHfp8uQ', account_id: this.account, display_name: 'Test account', type: 2 } };
    const [, id, rest = ''] = /^\/v2\/webinars\/(\d+)\/registrants(?:\/(.+))?$/u.exec(url.pathname) ?? [];
    if (id === WEBINAR) return this.#registrants(method, rest === '' ? undefined : decodeURIComponent(rest), url.searchParams, text);
    if (method === 'GET' && url.pathname === `/v2/report/webinars/${WEBINAR}/participants`) return this.#report(url.searchParams);
    return id === undefined ? refusal(404, 2300, 'This API endpoint is not recognized.') : refusal(404, 3001, `Webinar does not exist: ${id}.`);
  }

  #isTooMany(): boolean {
    const at = Math.floor(this.options.clock.now().getTime() / 1000);
    this.#second = this.#second.at === at ? { at, count: this.#second.count + 1 } : { at, count: 1 };
    return this.options.perSecond !== undefined && this.#second.count > this.options.perSecond;
  }

  #registrants(method: string, id: string | undefined, query: URLSearchParams, text: string): Answer {
    if (id === undefined && method === 'GET') {
      const status = query.get('status') ?? 'approved';
      const all = [...this.registrants.values()].filter((each) => each.status === status);
      return this.#paged(all.map(shown), 'registrants', query);
    }
    if (id === undefined && method === 'POST') return this.#add(text);
    const registrant = id === undefined ? undefined : this.registrants.get(id);
    if (registrant === undefined) return refusal(404, 3001, `Registrant ${id ?? ''} was not found.`);
    if (method === 'GET') return { status: 200, body: shown(registrant) };
    if (method !== 'DELETE') return refusal(405, 405, 'The method is not allowed.');
    this.registrants.delete(registrant.id);
    return { status: 204 };
  }

  #add(text: string): Answer {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return refusal(400, 300, 'Request Body should be a valid JSON object.');
    }
    if (typeof given !== 'object' || given === null) return refusal(400, 300, 'Request Body should be a valid JSON object.');
    const values: Record<string, string> = {};
    const errors: { readonly field: string; readonly message: string }[] = [];
    for (const [field, value] of Object.entries(given)) {
      if (value === null || value === '') continue;
      // Names that it does not know are left out without a word.
      if (!(TEXTS as readonly string[]).includes(field)) continue;
      if (typeof value !== 'string' || value.length > (LONGEST[field] ?? 1024)) errors.push({ field, message: 'Invalid field.' });
      else values[field] = value;
    }
    for (const field of ['email', 'first_name']) if (values[field] === undefined) errors.push({ field, message: 'Invalid field.' });
    if (errors.length > 0) return { status: 400, body: { code: 300, message: 'Validation Failed.', errors } };
    const address = values['email'] ?? '';
    const known = this.#byAddress(address);
    const day = `${address.toLowerCase()} ${String(Math.floor(this.options.clock.now().getTime() / DAY_MS))}`;
    const tries = (this.#tries.get(day) ?? 0) + 1;
    this.#tries.set(day, tries);
    if (tries > MOST_A_DAY)
      return refusal(
        429,
        429,
        `You have exceeded the daily rate limit of (${String(MOST_A_DAY)}) for Add a webinar registrant API requests for the registrant (${address}). You can resume these API requests at GMT 00:00:00.`,
      );
    const id = known?.id ?? this.register(values);
    return {
      status: 201,
      body: {
        registrant_id: id,
        id: Number(WEBINAR),
        topic: 'How we test',
        start_time: '2026-12-01T15:00:00Z',
        join_url: `https://example.com/w/${WEBINAR}?tk=${id}`,
      },
    };
  }

  #report(query: URLSearchParams): Answer {
    if (!this.reported) return refusal(404, 3001, `This webinar is not available or ID ${WEBINAR} is not valid.`);
    const all = this.#participants.map(({ userId, address, registrant, name, joined, minutes }) => ({
      id: '',
      user_id: userId,
      name,
      user_email: address,
      join_time: new Date(joined).toISOString().replace(/\.\d+Z$/u, 'Z'),
      leave_time: new Date(joined + minutes * 60_000).toISOString().replace(/\.\d+Z$/u, 'Z'),
      duration: minutes * 60,
      registrant_id: registrant ?? '',
      status: 'in_meeting',
    }));
    return this.#paged(all, 'participants', query);
  }

  #paged(all: readonly unknown[], name: string, query: URLSearchParams): Answer {
    const size = Number(query.get('page_size') ?? '30');
    if (!(size >= 1 && size <= 300)) return refusal(400, 300, 'The value of page_size is invalid.');
    const now = this.options.clock.now().getTime();
    const token = query.get('next_page_token') ?? '';
    const page = token === '' ? { offset: 0, until: now + 1 } : this.#pages.get(token);
    if (page === undefined || page.until < now) return refusal(400, 300, 'The next page token is invalid or expired.');
    const end = page.offset + size;
    let next = '';
    if (end < all.length) {
      next = randomUUID().replaceAll('-', '');
      this.#pages.set(next, { offset: Math.max(0, end + this.shiftBy), until: now + TOKEN_LIVES_MS });
    }
    return {
      status: 200,
      body: {
        page_count: Math.ceil(all.length / size),
        page_size: size,
        total_records: all.length,
        next_page_token: next,
        [name]: all.slice(page.offset, end),
      },
    };
  }
}

function shown({ id, values, status, created }: Registrant): Readonly<Record<string, unknown>> {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, values[name] ?? '']));
  return {
    id,
    ...texts,
    status,
    create_time: new Date(created).toISOString().replace(/\.\d+Z$/u, 'Z'),
    join_url: `https://example.com/w/${WEBINAR}?tk=${id}`,
    custom_questions: [],
  };
}
