import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type AlertAction,
  type AlertContext,
  type AlertState,
  type FindingKind,
  type Judgement,
  nextAlerts,
  NO_ALERTS,
  type Silence,
} from '../../src/monitors/index.js';
import type { AlertSettings, MonitorSettings } from '../../src/workspace/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { Dice } from './simulation/dice.js';
import { ALERTS, heartbeat, volume } from './simulation/workspaces.js';
import { expectedOf, foundOf, type Look } from './support/alert-model.js';

/** A user would lose: an alert that nobody hears of, or the same one heard of again and again until nobody listens. */

const HOUR_MS = 3_600_000;
const BEGIN = Date.UTC(2026, 9, 5);
const at = (hours: number): Date => new Date(BEGIN + hours * HOUR_MS);

const well = (monitor: string): Judgement => ({ series: { monitor, of: monitor }, state: 'well', says: 'Well.' });
const lingering = (monitor: string): Judgement => ({ ...well(monitor), lingers: true });
const wrong = (monitor: string, finding: FindingKind = 'drop', level: 'page' | 'note' = 'page'): Judgement => ({
  series: { monitor, of: monitor },
  state: 'wrong',
  finding,
  level,
  since: at(0).toISOString(),
  says: 'Wrong.',
});
const unmeasured = (monitor: string, finding: FindingKind = 'unmeasured'): Judgement => ({ ...wrong(monitor, finding, 'page'), state: 'unmeasured' });

const CRM: readonly MonitorSettings[] = [
  volume('a', 'crm'),
  volume('b', 'crm'),
  { ...volume('c', 'mail'), stakes: 'consent' },
  heartbeat('alive', 'crm'),
];
const contextOf = (
  hours: number,
  more: { silences?: readonly Silence[]; alerts?: Partial<AlertSettings>; monitors?: readonly MonitorSettings[] } = {},
): AlertContext => ({
  now: at(hours),
  silences: more.silences ?? [],
  settings: { monitors: more.monitors ?? CRM, alerts: { ...ALERTS, ...more.alerts } },
});

/** Goes through looks an hour apart and gives what was done, as `hour kind group#number`. */
function told(looks: readonly (readonly Judgement[])[], more: Parameters<typeof contextOf>[1] = {}): readonly string[] {
  let state = NO_ALERTS;
  return looks.flatMap((judgements, hour) => {
    const next = nextAlerts(state, judgements, contextOf(hour, more));
    state = next.state;
    return next.actions.map(({ kind, group, number }) => `${hour} ${kind} ${group}#${number}`);
  });
}

describe('one incident a group', () => {
  it('opens once, is updated by what is new, and closes when all has been well for the hold', () => {
    const looks = [[wrong('a')], [wrong('a')], [wrong('a'), wrong('b')], ...Array.from({ length: 8 }, () => [well('a'), well('b')])];
    expect(told(looks)).toEqual(['0 open crm#1', '2 update crm#1', '8 close crm#1']);
  });
  it('keeps platforms apart', () => {
    expect(told([[wrong('a'), wrong('c')]])).toEqual(['0 open crm#1', '0 open mail#1']);
  });
  it('a note becomes a page in the same alert', () => {
    expect(told([[wrong('a', 'surge', 'note')], [wrong('a', 'surge', 'note'), wrong('b')]])).toEqual(['0 note crm#1', '1 open crm#1']);
  });
  it('what flaps is one alert, and holds longer each time', () => {
    const flapping = Array.from({ length: 60 }, (_, hour) => [hour % 4 < 2 ? wrong('a') : well('a')]);
    expect(told(flapping)).toEqual(['0 open crm#1']);
  });
  it('what flaps more slowly than the hold is two alerts at most', () => {
    const flapping = Array.from({ length: 120 }, (_, hour) => [hour % 10 === 0 ? wrong('a') : well('a')]);
    expect(told(flapping)).toEqual(['0 open crm#1', '6 close crm#1', '10 open crm#2']);
  });
  it('what is still far from usual keeps it open', () => {
    expect(told([[wrong('a')], ...Array.from({ length: 20 }, () => [lingering('a')])])).toEqual(['0 open crm#1']);
  });
  it('ends what no monitor watches now', () => {
    const first = nextAlerts(NO_ALERTS, [wrong('a')], contextOf(0));
    const next = nextAlerts(first.state, [], contextOf(1, { monitors: [volume('b', 'crm')] }));
    expect(next.actions.map(({ kind }) => kind)).toEqual(['close']);
  });
});

describe('known causes', () => {
  it('a canary of two platforms that one of them refuses is no alert of its own', () => {
    const monitors = [...CRM, { ...volume('canary', 'crm'), platforms: ['crm', 'mail'] }];
    const refused = unmeasured('canary', 'authorization');
    // It says which of them it was, and may be the first to find it.
    const named = [{ ...refused, platform: 'crm' }];
    expect(told([named, [...named, unmeasured('a', 'authorization'), wrong('c')]], { monitors })).toEqual([
      '0 open crm#1',
      '1 update crm#1',
      '1 open mail#1',
    ]);
    expect(told([[refused, unmeasured('a', 'authorization')]], { monitors })).toEqual(['0 open crm#1']);
    expect(told([[refused, wrong('a', 'stopped')]], { monitors })).toEqual(['0 open crm+mail#1']);
  });
  it('an authorization that is not accepted silences everything on its platform, and nothing elsewhere', () => {
    const looks = [
      [unmeasured('alive', 'authorization'), wrong('a'), wrong('c')],
      [unmeasured('alive', 'authorization'), wrong('a'), wrong('b', 'stopped'), wrong('c')],
    ];
    expect(told(looks)).toEqual(['0 open crm#1', '0 open mail#1']);
  });
  it('lists what it silences', () => {
    const { state } = nextAlerts(NO_ALERTS, [unmeasured('alive', 'authorization'), wrong('a')], contextOf(0));
    expect(state.open[0]?.findings.map(({ series, because }) => [series.monitor, because])).toEqual([
      ['alive', undefined],
      ['a', 'authorization'],
    ]);
  });
  it('what is still wrong after its cause has been well for the hold is told then', () => {
    const looks = [[unmeasured('alive', 'authorization'), wrong('a')], ...Array.from({ length: 8 }, () => [well('alive'), wrong('a')])];
    expect(told(looks)).toEqual(['0 open crm#1', '7 update crm#1']);
  });
  it('a monitor is silent while one that it needs is wrong', () => {
    const monitors: readonly MonitorSettings[] = [{ ...volume('c', 'mail'), needs: ['alive'] }, heartbeat('alive', 'crm')];
    expect(told([[wrong('c'), wrong('alive', 'silent')]], { monitors })).toEqual(['0 open crm#1']);
  });
  it('two that need each other do not silence each other', () => {
    const monitors: readonly MonitorSettings[] = [
      { ...volume('a', 'crm'), needs: ['c'] },
      { ...volume('c', 'mail'), needs: ['a'] },
    ];
    expect(told([[wrong('a'), wrong('c')]], { monitors })).toHaveLength(1);
  });
  it('what only would be told does not silence what wakes people', () => {
    expect(told([[wrong('alive', 'authorization', 'note'), wrong('a')]])).toEqual(['0 open crm#1']);
  });
});

describe('silences', () => {
  const silence = (from: number, until: number, match: Silence['match']): Silence => ({
    id: 's',
    from: at(from).toISOString(),
    until: at(until).toISOString(),
    reason: 'A migration',
    match,
  });
  const lasting = Array.from({ length: 6 }, () => [wrong('a')]);

  it.each([
    ['by platform', { platform: 'crm' }],
    ['by monitor', { monitor: 'a' }],
    ['by series', { monitor: 'a', of: 'a' }],
    ['by finding', { finding: 'drop' }],
    ['of everything', {}],
  ] as const)('%s: nobody is told, until it ends', (_, match) => {
    expect(told(lasting, { silences: [silence(0, 4, match)] })).toEqual(['4 open crm#1']);
  });
  it.each([{ platform: 'mail' }, { monitor: 'b' }, { monitor: 'a', of: 'b' }, { finding: 'surge' }] as const)(
    'of something else: told at once',
    (match) => {
      expect(told(lasting, { silences: [silence(0, 4, match)] })).toEqual(['0 open crm#1']);
    },
  );
  it('what is silenced explains nothing', () => {
    const silences = [silence(0, 9, { monitor: 'alive' })];
    expect(told([[unmeasured('alive', 'authorization'), wrong('a')]], { silences })).toEqual(['0 open crm#1']);
  });
});

describe('severity', () => {
  const severityOf = (...judgements: readonly Judgement[]): readonly (string | undefined)[] =>
    nextAlerts(NO_ALERTS, judgements, contextOf(0)).state.open.map(({ severity }) => severity);
  it('consent comes before time that is lost, a standstill before a drop', () => {
    expect(severityOf(wrong('c'))).toEqual(['sev1']);
    expect(severityOf(wrong('a', 'stopped'))).toEqual(['sev2']);
    expect(severityOf(wrong('a'))).toEqual(['sev3']);
    expect(severityOf(wrong('a', 'surge', 'note'))).toEqual(['sev4']);
  });
  it('is what is declared', () => {
    const monitors: readonly MonitorSettings[] = [{ ...volume('a', 'crm'), severity: 'sev1' }];
    expect(nextAlerts(NO_ALERTS, [wrong('a', 'surge', 'note')], contextOf(0, { monitors })).state.open[0]?.severity).toBe('sev1');
  });
});

/** A history by chance: four series of two platforms, looks minutes to days apart, clocks that jump. */
function historyOf(seed: number, { jumps, silences, causes }: { jumps: boolean; silences: boolean; causes: boolean }): readonly Look[] {
  const dice = new Dice(seed);
  const monitors: readonly MonitorSettings[] = [
    volume('a', 'crm'),
    { ...volume('b', 'crm'), needs: causes ? ['d'] : [] },
    { ...volume('c', 'mail'), needs: causes && dice.chance(0.3) ? ['b'] : [] },
    { ...heartbeat('d', 'mail'), needs: causes && dice.chance(0.2) ? ['c'] : [] },
  ];
  const alerts: AlertSettings = {
    ...ALERTS,
    inhibit: causes ? { authorization: 'all', stopped: ['drop'] } : {},
    holdMs: dice.pick([1, 3, 6, 60]) * HOUR_MS,
    groupBy: causes ? dice.pick([['platform'], ['monitor']] as const) : ['platform'],
  };
  const stay = dice.between(0.5, 0.98);
  const findings: readonly FindingKind[] = ['drop', 'stopped', 'surge', ...(causes ? (['authorization'] as const) : [])];
  const draw = (name: string): Judgement =>
    dice.pick([
      well,
      well,
      lingering,
      (one: string) => wrong(one, dice.pick(findings), dice.pick(['page', 'note'])),
      (one: string) => unmeasured(one, dice.pick(findings)),
    ])(name);
  const current = new Map(monitors.map(({ name }) => [name, well(name)]));
  const declared: readonly Silence[] = !silences
    ? []
    : Array.from({ length: 3 }, (_, n) => {
        const from = dice.between(0, 100);
        const match = dice.pick<Silence['match']>([{ platform: 'crm' }, { monitor: 'a' }, { finding: 'drop' }, {}]);
        return { id: `s${n}`, from: at(from).toISOString(), until: at(from + dice.between(1, 40)).toISOString(), reason: 'Known', match };
      });
  let hours = 0;
  return Array.from({ length: 10 + dice.under(50) }, () => {
    hours += dice.pick([0, 0.25, 1, 1, 1, 5, 30]);
    if (jumps && dice.chance(0.1)) hours += dice.pick([-50, -1, 1000, -1000]);
    for (const { name } of monitors) if (!dice.chance(stay)) current.set(name, draw(name));
    const judgements = [...current.values()].filter(() => dice.chance(0.95));
    return { judgements, context: { now: at(hours), silences: declared, settings: { monitors, alerts } } };
  });
}

const RUNS = fullSweeps ? 10_000 : 400;
const keyOf = ({ series }: Pick<Judgement, 'series'>): string => series.monitor;
const isWrong = ({ state }: Judgement): boolean => state === 'wrong' || state === 'unmeasured';
const isSilenced = (judgement: Judgement, { silences, now, settings }: AlertContext): boolean =>
  silences.some(({ from, until, match }) => {
    const platforms = settings.monitors.find(({ name }) => name === keyOf(judgement))?.platforms ?? [];
    const fits = [match.monitor ?? keyOf(judgement), match.finding ?? judgement.finding, match.platform ?? platforms[0]];
    return (
      Date.parse(from) <= now.getTime() &&
      now.getTime() < Date.parse(until) &&
      fits[0] === keyOf(judgement) &&
      fits[1] === judgement.finding &&
      fits[2] === platforms[0]
    );
  });

describe('thousands of histories', () => {
  it('as the plain explanation of them says', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.boolean(), (seed, jumps) => {
        const looks = historyOf(seed, { jumps, silences: false, causes: false });
        let state = NO_ALERTS;
        for (const [n, { judgements, context }] of looks.entries()) {
          state = nextAlerts(state, judgements, context).state;
          for (const platform of ['crm', 'mail']) {
            const expected = expectedOf(looks.slice(0, n + 1), platform);
            const found = foundOf(state.open, state.numbers, platform);
            expect(found, `look ${n}, ${platform}`).toEqual(expected.open ? expected : { ...expected, level: 'note' });
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('one incident a group, none lost, none repeated, silences honoured', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.boolean(), fc.boolean(), fc.boolean(), (seed, jumps, silences, causes) => {
        const keys = new Set<string>();
        const open = new Map<string, AlertAction['kind']>();
        let state: AlertState = NO_ALERTS;
        for (const { judgements, context } of historyOf(seed, { jumps, silences, causes })) {
          const next = nextAlerts(state, judgements, context);
          // A killed process decides it again from what was kept, and from nothing else.
          const again = nextAlerts(JSON.parse(JSON.stringify(state)) as AlertState, judgements, context);
          expect(again).toEqual(next);
          // Looking once more without anything new tells nothing; what a cause explained that has ended just now is told by then.
          const settled = nextAlerts(next.state, judgements, context);
          if (!causes) expect(settled.actions).toEqual([]);
          expect(nextAlerts(settled.state, judgements, context).actions).toEqual([]);
          for (const { key, kind, group } of next.actions) {
            expect(keys.has(key), `${key} twice`).toBe(false);
            keys.add(key);
            const before = open.get(group);
            expect(
              kind === 'open' ? before !== 'open' : kind === 'note' ? before === undefined : before !== undefined,
              `${kind} after ${before}`,
            ).toBe(true);
            if (kind === 'close') open.delete(group);
            else if (kind !== 'update') open.set(group, kind);
          }
          state = next.state;
          expect(state.open.map(({ group }) => group)).toEqual([...new Set(state.open.map(({ group }) => group))].sort());
          expect([...open.keys()].sort()).toEqual(state.open.map(({ group }) => group));
          expectTold(judgements, context, next.actions, causes ? settled.state : state, causes);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

/** What wakes people is in an open alert that woke them; what is silenced is the reason of no action. */
function expectTold(
  judgements: readonly Judgement[],
  context: AlertContext,
  actions: readonly AlertAction[],
  state: AlertState,
  causes: boolean,
): void {
  for (const judgement of judgements.filter(isWrong)) {
    const finding = state.open
      .flatMap((alert) => alert.findings.map((one) => ({ alert, one })))
      .find(({ one }) => one.series.monitor === keyOf(judgement));
    if (isSilenced(judgement, context)) {
      expect(actions.filter(({ kind, about }) => kind !== 'close' && about.some(({ monitor }) => monitor === keyOf(judgement)))).toEqual([]);
      continue;
    }
    if (judgement.level !== 'page') continue;
    if (!causes) {
      expect(finding?.alert.level, `${keyOf(judgement)} is lost`).toBe('page');
      expect(finding?.one.told).toContain(judgement.finding);
      continue;
    }
    // Either it woke people, or what explains it did, and that is wrong or was a while ago.
    expect(finding, `${keyOf(judgement)} is lost`).toBeDefined();
    if (finding?.one.because === undefined) expect(finding?.alert.level).toBe('page');
    else
      expect(
        state.open.some(({ level, findings }) => level === 'page' && findings.some(({ because, ended }) => because === undefined && !ended)),
        `nobody heard of why ${keyOf(judgement)}`,
      ).toBe(true);
  }
}
