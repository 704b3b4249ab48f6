import type { Attack } from './platform.js';

type Path = 'write' | 'create' | 'readByKey';

/** A fault of every platform at one kind of request. */
function fault(what: string, path: Path, one: { readonly kind: string } & Readonly<Record<string, unknown>>): Attack {
  return {
    what,
    arm: ({ sandbox }, { paths }) => void sandbox.faults.add({ path: paths[path], ...one } as Parameters<typeof sandbox.faults.add>[0]),
  };
}

/** What goes wrong on every platform: each is survived, and nothing is written twice. */
export const ATTACKS: readonly Attack[] = [
  fault('partial answers to reads by key', 'readByKey', { kind: 'partial', times: 3 }),
  fault('a create whose answer is lost', 'create', { kind: 'drop-answer' }),
  fault('three creates, one after the other, whose answers are lost', 'create', { kind: 'drop-answer', times: 3 }),
  fault('a create whose answer is cut in its middle', 'create', { kind: 'cut-body' }),
  fault('a create that is answered with a page', 'create', { kind: 'nonsense' }),
  fault('a create that is answered with 500 although it was done', 'create', { kind: 'server-error', applied: true }),
  fault('a create that never arrives', 'create', { kind: 'drop-request', times: 2 }),
  fault('every second write whose answer is lost', 'write', { kind: 'drop-answer', after: 1, times: 2 }),
  fault('writes whose answers are lost, one after the other', 'write', { kind: 'drop-answer', times: 4 }),
  fault('writes that are answered with pages', 'write', { kind: 'nonsense', after: 2, times: 2 }),
  fault('waiting answers to writes', 'write', { kind: 'rate-limit', times: 4, retryAfterSeconds: 1 }),
  fault('reads that fail for a while', 'readByKey', { kind: 'server-error', times: 3, status: 503 }),
];
