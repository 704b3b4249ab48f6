import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jsonLines, program } from '../../cli/support/child.js';
import { type CrashKind, runCrashing, supportScript } from '../../support/crash.js';
import { openOperator } from './operator.js';
import type { RunbookName, Scene } from './run-scenes.js';
import { type Kill, type Ran, type Story, type Told, tellStory, type Tools } from './run-story.js';

/** A workspace and the account that it repairs, put back before each story. */
export interface RunKillWorld {
  readonly scene: Scene;
  /** Operations by kind of a run that nothing disturbs. Throws where that does not repair everything. */
  measure(runbook: RunbookName): Promise<Readonly<Record<CrashKind, number>>>;
  tell(story: Story): Promise<Told>;
  close(): Promise<void>;
}

/** Takes the good snapshot with a clock that is off by so many milliseconds, and keeps the workspace as it is then. */
export async function openRunKillWorld(scene: Scene, baseClockMs: number): Promise<RunKillWorld> {
  const root = await mkdtemp(join(tmpdir(), 'runback-run-kills-'));
  const dir = join(root, 'work');
  const staged = join(root, 'staged');
  const learned: Partial<Record<RunbookName, Record<string, string>>> = {};
  const counted = { fs: 0, http: 0, pg: 0 };
  const run = async (args: readonly string[], clockMs: number, kill?: Kill): Promise<Ran> => {
    const ended = await runCrashing(
      {
        args: ['--require', supportScript('clock-preload.cjs'), program, ...args, '--no-input'],
        cwd: dir,
        env: { RUNBACK_TEST_CLOCK_MS: String(clockMs), NO_COLOR: '1' },
        which: kill === undefined ? ['fs', scene.calls] : [kill.kind],
        within: [join(dir, '.runback'), join(dir, 'backups')],
      },
      kill === undefined ? undefined : { n: kill.n, when: kill.when },
    );
    for (const { kind } of ended.operations) counted[kind] += 1;
    const { killed, code, stdout, stderr } = ended;
    const last = !killed && args.includes('--json') ? jsonLines(stdout).at(-1) : undefined;
    return {
      killed,
      code,
      text: `${stdout}\n${stderr}`,
      error: (last?.['error'] ?? {}) as Ran['error'],
      data: (last?.['data'] ?? {}) as Ran['data'],
    };
  };

  const operator = await openOperator(configOf(scene), scene.files);
  await cp(operator.dir, dir, { recursive: true });
  await operator.close();
  await scene.restage();
  const made = await run(['snapshot', 'create', '--platform', scene.name, '--json'], baseClockMs);
  const verified = await run(['snapshot', 'verify', String(made.data['id']), '--json'], baseClockMs);
  if (verified.code !== 0) throw new Error(`There is no good snapshot:\n${made.text}\n${verified.text}`);
  await cp(dir, staged, { recursive: true });

  /** Everything as it was before the run, with the damage: what a story works with. */
  const stage = async (runbook: RunbookName): Promise<Tools> => {
    await rm(dir, { recursive: true, force: true });
    await cp(staged, dir, { recursive: true });
    await scene.restage();
    const { since, until, ...truth } = await scene.damage(runbook);
    const window = runbook === 'bad-import' ? ['--input', `since=${since}`, '--input', `filter=${JSON.stringify({ until })}`] : [];
    const start = ['runbook', 'run', runbook, '--input', `platform=${scene.name}`, ...window];
    return { dir, scene, truth, run, start, learned: (learned[runbook] ??= {}) };
  };
  return {
    scene,
    measure: async (runbook) => {
      const tools = await stage(runbook);
      Object.assign(counted, { fs: 0, http: 0, pg: 0 });
      const { problems, path } = await tellStory({ runbook, ending: 'resume', kills: [], clocks: [0] }, tools);
      if (problems.length > 0) throw new Error(`Undisturbed: ${[...path, ...problems].join('\n')}`);
      return { ...counted };
    },
    tell: async (story) => await tellStory(story, await stage(story.runbook)),
    close: () => rm(root, { recursive: true, force: true }),
  };
}

/** Of the two syncs one runs; the other was paused before. Small programs read and write their states. */
function configOf({ name, config, writesAs }: Scene): string {
  const shell = (script: string): string => JSON.stringify(['sh', '-c', script]);
  const sync = (one: string): string => `  ${one}:
    controller: command
    writes_to: [${name}]
    writes_as: [${JSON.stringify(writesAs)}]
    status: { run: ${shell(`printf '{"state":"%s"}' "$(cat sync-${one})"`)}, paused: json.state == "paused" }
    pause: { run: ${shell(`printf paused >sync-${one}`)} }
    resume: { run: ${shell(`printf running >sync-${one}`)} }
`;
  return `version: 1
platforms:
  ${name}: ${config}
syncs:
${sync('feed')}${sync('archive')}restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}
