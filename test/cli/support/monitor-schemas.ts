import { z } from 'zod';

/** What scripts get from `runback monitor … --json`. Strict: a key that nobody wrote down fails the test. */
const time = z.iso.datetime();
const state = z.enum(['well', 'wrong', 'learning', 'blind', 'unmeasured', 'not-measured']);
const kind = z.enum(['volume', 'ratio', 'forecast', 'duration', 'lag', 'heartbeat', 'backup', 'schema', 'mapping', 'differences', 'trial']);
const level = z.enum(['page', 'note']);
const series = z.strictObject({ monitor: z.string(), of: z.string() });

const flow = z.strictObject({
  monitor: z.string(),
  kind,
  of: z.string(),
  platforms: z.array(z.string()),
  state,
  finding: z.string().optional(),
  level: level.optional(),
  says: z.string().min(1),
  since: time.optional(),
  measuredAt: time.optional(),
  goodAt: time.optional(),
  stale: z.literal(true).optional(),
  chart: z.array(z.number().nullable()),
  charted: z.enum(['hours', 'looks']),
  full: z.number().optional(),
});

const silence = z.strictObject({
  id: z.string().regex(/^sil-/u),
  from: time,
  until: time,
  reason: z.string(),
  by: z.string().optional(),
  match: z.strictObject({ monitor: z.string().optional(), platform: z.string().optional() }),
});

const finding = z.looseObject({ series, finding: z.string(), level, says: z.string(), severity: z.string(), wrong: z.boolean() });
const alert = z.looseObject({ group: z.string(), number: z.number(), openedAt: time, findings: z.array(finding) });
const view = z.strictObject({
  flows: z.array(flow),
  budgets: z.array(z.strictObject({ platform: z.string(), used: z.number(), limit: z.number() })),
  alerts: z.array(alert),
  incidents: z.record(z.string(), z.strictObject({ number: z.number(), incident: z.string(), endedAt: time.optional() })),
  silences: z.array(silence),
});
const action = z.looseObject({ key: z.string(), kind: z.enum(['open', 'update', 'note', 'close']), group: z.string(), alert });
const variant = z.strictObject({
  name: z.string(),
  actions: z.array(z.strictObject({ at: time, action })),
  series: z.array(
    z.strictObject({
      series,
      points: z.array(z.strictObject({ hour: z.number(), found: z.number().nullable(), expected: z.number().nullable() })),
      changes: z.array(z.strictObject({ at: time, judgement: z.looseObject({ series, state: z.string(), says: z.string() }) })),
    }),
  ),
  pages: z.number(),
  notes: z.number(),
  messages: z.number(),
});

export const MONITOR_JSON = {
  list: z.array(
    z.strictObject({
      monitor: z.string(),
      kind,
      of: z.string(),
      everyMs: z.number(),
      callsPerDay: z.number(),
      platforms: z.array(z.string()),
      through: z.string().optional(),
    }),
  ),
  status: view,
  show: z.strictObject({
    settings: z.looseObject({ name: z.string(), kind, everyMs: z.number() }),
    flows: z.array(flow),
    silences: z.array(silence),
    incidents: z.array(z.string()),
    runbook: z.string().optional(),
    accepted: z.boolean(),
  }),
  run: view.extend({ measured: z.number(), actions: z.array(action) }),
  replay: z.strictObject({ from: time, to: time, variants: z.array(variant).min(1) }),
  silence,
  review: z.strictObject({
    from: time,
    to: time,
    countedSince: time,
    findings: z.array(z.looseObject({ kind: z.string(), says: z.string() })),
    path: z.string().optional(),
  }),
  canaries: z.strictObject({
    canaries: z.array(z.strictObject({ id: z.string(), mapping: z.string(), last: z.looseObject({ verdict: z.string() }).nullable() })),
  }),
} as const;
