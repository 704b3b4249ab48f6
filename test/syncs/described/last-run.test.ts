import { afterEach, expect, it } from 'vitest';

import { openController } from '../../../src/syncs/registry.js';
import { type Answer, startStub } from '../stubs/kit.js';
import { depsOf } from '../stubs/workspace.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const BEGAN = '2026-03-01T02:00:00.000Z';
const ENDED = '2026-03-01T02:03:00.000Z';
const CREDENTIALS = { key: 'k', secret: 's', token: 't', id: 'i' };

interface Tool {
  readonly kind: string;
  readonly path: string;
  /** What it answers of one run that has ended after one that has not, as its reference has it. */
  readonly body: (state: 'good' | 'failed' | 'none') => unknown;
  readonly told: { readonly ms?: number; readonly records?: number; readonly errors?: number };
}

const TOOLS: readonly Tool[] = [
  {
    kind: 'n8n',
    path: '/api/v1/executions',
    body: (state) => ({
      data: [
        { id: '3', finished: false, mode: 'trigger', startedAt: '2026-03-01T02:05:00.000Z', stoppedAt: null, status: 'running' },
        ...(state === 'none'
          ? []
          : [{ id: '2', finished: state === 'good', startedAt: BEGAN, stoppedAt: ENDED, status: state === 'good' ? 'success' : 'error' }]),
      ],
      nextCursor: null,
    }),
    told: { ms: 180_000 },
  },
  {
    kind: 'airbyte',
    path: '/jobs',
    body: (state) => ({
      data: [
        { jobId: 3, status: 'running', jobType: 'sync', startTime: '2026-03-01T02:05:00Z', lastUpdatedAt: '2026-03-01T02:06:00Z' },
        ...(state === 'none'
          ? []
          : [
              {
                jobId: 2,
                status: state === 'good' ? 'succeeded' : 'failed',
                startTime: '2026-03-01 02:00:00+00:00',
                lastUpdatedAt: ENDED,
                rowsSynced: 0,
              },
            ]),
      ],
    }),
    told: { ms: 180_000, records: 0 },
  },
  {
    kind: 'fivetran',
    path: '/v1/connections/x1',
    body: (state) => ({
      data: {
        id: 'x1',
        succeeded_at: state === 'none' ? null : state === 'good' ? ENDED : '2026-02-28T02:03:00.000Z',
        failed_at: state === 'failed' ? ENDED : state === 'none' ? null : '2026-02-28T02:03:00.000Z',
      },
    }),
    told: {},
  },
  {
    kind: 'hightouch',
    path: '/api/v1/syncs/x1/runs',
    body: (state) => ({
      data: [
        { id: '3', status: 'querying', createdAt: '2026-03-01T02:05:00.000Z', startedAt: null, finishedAt: null },
        ...(state === 'none'
          ? []
          : [{ id: '2', status: state === 'good' ? 'success' : 'failed', createdAt: BEGAN, startedAt: BEGAN, finishedAt: ENDED, querySize: 12 }]),
      ],
    }),
    told: { ms: 180_000, records: 12 },
  },
  {
    kind: 'census',
    path: '/api/v1/syncs/x1/sync_runs',
    body: (state) => ({
      status: 'success',
      data: [
        { id: 4, status: 'working', created_at: '2026-03-01T02:05:00.000Z', completed_at: null },
        { id: 3, status: 'skipped', created_at: '2026-03-01T02:04:00.000Z', completed_at: '2026-03-01T02:04:00.000Z' },
        ...(state === 'none'
          ? []
          : [
              {
                id: 2,
                status: state === 'good' ? 'completed' : 'failed',
                created_at: BEGAN,
                completed_at: ENDED,
                records_processed: 7,
                records_failed: 2,
              },
            ]),
      ],
    }),
    told: { ms: 180_000, records: 7, errors: 2 },
  },
];

it.each(TOOLS)('of $kind the last run that ended is told, with one that is at work before it', async ({ kind, path, body, told }) => {
  let state: 'good' | 'failed' | 'none' = 'good';
  const stub = await startStub((asked): Answer => {
    if (asked.path.endsWith('/token')) return { status: 200, body: { access_token: 'a', expires_in: 180 } };
    return asked.path === path ? { status: 200, body: body(state) } : { status: 404, body: {} };
  });
  closers.push(stub.close);
  const controller = await openController(kind, depsOf('leads', { id: 'x1', url: stub.url }, CREDENTIALS));
  expect(await controller.lastRun?.()).toEqual({ ended: ENDED, ...told });
  state = 'failed';
  expect(await controller.lastRun?.()).toEqual({ ended: ENDED, failed: true, ...told });
  state = 'none';
  expect(await controller.lastRun?.()).toBeUndefined();
});
