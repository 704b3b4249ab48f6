import { z } from 'zod';

import type { Clock } from '../../lib/index.js';
import type { LateRequests } from '../kit/late.js';
import { RollingWindow } from '../kit/window.js';
import { ApiFailure, badRequest, tooManyRequests } from './failure.js';
import { readBody } from './routes/inputs.js';
import type { ApiAnswer } from './routes/route.js';
import type { Portal } from './state/portal.js';
import type { Writer } from './state/record.js';

const PATH = /^\/submissions\/v3\/integration\/submit\/(\d+)\/([\da-f-]{36})\/?$/i;
const LIMIT = 50;
const WINDOW_MS = 10_000;
const REFUSALS_UNTIL_BLOCKED = 10;
const BLOCKED_MS = 60_000;

const submission = z.object({
  fields: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number(), z.boolean()]).transform(String) })),
});

/**
 * The endpoint that takes forms without a key: 50 submissions in ten seconds, then 429. Who goes on and gets ten of
 * those within a second is blocked for a minute, with a body that is plain text.
 */
export class Forms {
  private readonly taken: RollingWindow;
  private readonly refusals: RollingWindow;
  private blockedUntil = Number.NEGATIVE_INFINITY;

  /** `lagMs`: so long after its answer a submission is in the contacts; `late` does it then. */
  constructor(
    private readonly portal: Portal,
    private readonly clock: Clock,
    private readonly late: LateRequests,
    private readonly lagMs: number,
  ) {
    this.taken = new RollingWindow(clock, WINDOW_MS);
    this.refusals = new RollingWindow(clock, 1000);
  }

  takes(method: string, path: string): boolean {
    return method === 'POST' && PATH.test(path);
  }

  /**
   * Puts a submission into the contact of its address, or a new one. Throws 429, and 400 for fields that are not
   * accepted.
   */
  submit(path: string, body: unknown, correlationId: string): ApiAnswer {
    this.admit();
    const [, portalId, form = ''] = PATH.exec(path) ?? [];
    if (portalId !== String(this.portal.portalId)) throw new ApiFailure(404, `No form ${form} in portal ${portalId ?? ''}`);
    const sent = Object.fromEntries(readBody(submission, body).fields.map(({ name, value }) => [name, value]));
    if (!sent.email) throw badRequest('The request is not valid: email is missing');
    const type = this.portal.types.get('contacts');
    const writer: Writer = { source: { type: 'FORM', id: form }, request: correlationId };
    const { email, ...others } = sent;
    const put = (): void => {
      const id = this.portal.table(type).holder('email', email);
      if (id === undefined) this.portal.create(type, sent, writer);
      else this.portal.update(type, this.portal.record(type, id), others, writer);
    };
    // Its contact comes later than its answer, and what is wrong with its other values nobody is told then.
    if (this.lagMs > 0) this.late.add(this.lagMs, put);
    else put();
    return { status: 200, body: { inlineMessage: 'Thanks for submitting the form.' } };
  }

  private admit(): void {
    const now = this.clock.monotonicMs();
    if (now < this.blockedUntil) throw new ApiFailure(429, 'error code: 1015', {}, 'text');
    if (this.taken.used() < LIMIT) {
      this.taken.enter();
      return;
    }
    this.refusals.enter();
    if (this.refusals.used() >= REFUSALS_UNTIL_BLOCKED) this.blockedUntil = now + BLOCKED_MS;
    throw tooManyRequests('TEN_SECONDLY_ROLLING', 'forms');
  }
}
