import { z } from 'zod';

import type { Automated, Automation } from '../automation.js';
import { automationForm } from './automations/forms.js';
import { Failure } from './failure.js';
import type { FaultSwitches, When } from './faults.js';
import type { Disturbance, Webhooks } from './webhooks/webhooks.js';
import { jsonAnswer, type WireAnswer, type WireRequest } from './wire.js';

/** Where the control routes begin; requests there are neither counted nor limited. */
export const CONTROL_PATH = '/__sandbox';

/**
 * What a control route does: gets the parsed body, and the words of the path after its name; gives what is told,
 * undefined for nothing.
 */
export type Control = (body: unknown, words: readonly string[]) => unknown;
/** Control routes by method and first word of the path: `POST faults`. */
export type Controls = Readonly<Record<string, Control>>;

const when = {
  method: z.string().optional(),
  path: z.string().optional(),
  after: z.number().int().min(0).optional(),
  times: z.number().int().min(1).nullable().optional(),
  name: z.string().optional(),
};

/** The form of a fault of one kind, `more` beside {@link When}. */
export function faultForm<K extends string, M extends z.ZodRawShape>(kind: K, more: M) {
  return z.object({ kind: z.literal(kind), ...when, ...more });
}

const webhookForm = z.object({ url: z.string() });
const every = z.number().int().min(0).optional();
const disturbanceForm = z.object({
  twiceEvery: every,
  againMs: z.number().min(0).optional(),
  againAfter: every,
  lateEvery: every,
  lateMs: z.number().min(0).optional(),
  reversed: z.boolean().optional(),
});
const elapseForm = z.object({ ms: z.number().min(0) });
const trouble = { status: z.number().int().min(400).max(599).optional(), applied: z.boolean().optional() };

/** The forms of the common faults. */
export const COMMON_FAULTS = [
  faultForm('drop-answer', {}),
  faultForm('drop-request', {}),
  faultForm('late', { ms: z.number().min(0) }),
  faultForm('delay', { ms: z.number().min(0) }),
  faultForm('server-error', trouble),
  faultForm('nonsense', {}),
  faultForm('cut-body', {}),
  faultForm('shift', { by: z.number().int().optional() }),
  faultForm('unauthorized', {}),
  faultForm('forbidden', {}),
] as const;

/** Reads a body; throws what `refuse` makes of the first thing wrong. */
export function read<T>(form: z.ZodType<T>, body: unknown, refuse: (why: string) => Error): T {
  const result = form.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  throw refuse(`${where === '' ? 'body' : where}: ${issue?.message ?? 'not valid'}`);
}

/** What the control routes of every sandbox can do. */
export interface Controlled<F extends When & { readonly kind: string }> extends Automated {
  counts(): unknown;
  resetCounts(): void;
  dump(): unknown;
  load(dump: unknown): void;
  readonly faults: FaultSwitches<F>;
  readonly webhooks?: Webhooks;
}

/** The control routes that every sandbox has. `faultOf` reads a fault, and throws where it is none. */
export function commonControls<F extends When & { readonly kind: string }>(sandbox: Controlled<F>, faultOf: (body: unknown) => F): Controls {
  const { faults } = sandbox;
  return {
    'GET counts': () => sandbox.counts(),
    'DELETE counts': () => sandbox.resetCounts(),
    'GET faults': () => faults.list(),
    'POST faults': (body) => ({ id: faults.add(present(faultOf(body)) as F) }),
    'DELETE faults': (_, [id]) => (id === undefined ? faults.clear() : { removed: faults.remove(id) }),
    'GET automations': () => sandbox.automations(),
    'POST automations': (body) => sandbox.automate(present(automationForm.parse(body)) as Automation),
    'GET effects': () => sandbox.effects(),
    'DELETE effects': () => sandbox.resetEffects(),
    'POST elapse': (body) => sandbox.elapse(elapseForm.parse(body).ms),
    ...(sandbox.webhooks && webhookControls(sandbox.webhooks)),
    'GET dump': () => sandbox.dump(),
    'PUT dump': (body) => sandbox.load(body),
  };
}

/** Who is told of changes, and how badly. */
function webhookControls(webhooks: Webhooks): Controls {
  return {
    'GET webhooks': () => ({ sent: webhooks.sent }),
    'POST webhooks': (body) => ({ id: webhooks.subscribe(webhookForm.parse(body).url) }),
    'PATCH webhooks': (body) => webhooks.disturb(present(disturbanceForm.parse(body)) as Disturbance),
    'DELETE webhooks': (_, [id = '']) => ({ removed: webhooks.unsubscribe(id) }),
  };
}

/** Optional members that are undefined say the same as absent ones; the seams of this code want them absent. */
export function present(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/**
 * Answers a control request, for another process that drives the sandbox. The token the sandbox started with is needed,
 * even after it "expired". Answers JSON; 204 where there is nothing to tell.
 */
export function control(controls: Controls, token: string, wire: WireRequest): WireAnswer {
  const refused = (status: number, message: string, more?: unknown): WireAnswer =>
    jsonAnswer(status, { status: 'error', message, ...(typeof more === 'object' ? more : {}) });
  if (wire.authorization !== `Bearer ${token}`) return refused(401, 'The control routes need the token this sandbox started with');
  const words = (wire.target.split('?')[0] ?? '')
    .slice(CONTROL_PATH.length)
    .split('/')
    .filter((each) => each !== '')
    .map(decodeURIComponent);
  const name = `${wire.method} ${words[0] ?? ''}`;
  const handler = Object.hasOwn(controls, name) ? controls[name] : undefined;
  if (!handler) return refused(404, `No control route ${wire.method} ${wire.target}`);
  try {
    const told = handler(wire.body === '' ? undefined : (JSON.parse(wire.body) as unknown), words.slice(1));
    return told === undefined ? jsonAnswer(204) : jsonAnswer(200, told);
  } catch (error) {
    if (error instanceof Failure) return refused(error.status, error.message, error.body);
    if (error instanceof SyntaxError || error instanceof RangeError || error instanceof z.ZodError) return refused(400, error.message);
    throw error;
  }
}
