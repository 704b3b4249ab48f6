import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { jsonLines } from '../support/child.js';
import { runHere } from '../support/here.js';

let dir: string;
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
};
const HEAD = `version: 1
platforms:
  crm: { connector: hubspot, environment: sandbox, account: "1", url: "http://127.0.0.1:1", credentials: { token: "env:NONE" }, objects: [contacts] }
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'runback-monitor-errors-'));
  await write('runback.yml', `${HEAD}monitors: { people: { count: crm/contacts created }, fields: { schema: crm/contacts } }\n`);
  await write('empty/runback.yml', HEAD);
  await write('broken/runback.yml', `${HEAD}monitors: { people: { count: crm/contcts created } }\n`);
  await write('try.yml', 'monitors: { people: { count: crm/contcts created } }\n');
});
afterAll(async () => await rm(dir, { recursive: true, force: true }));

interface Wrong {
  readonly args: string;
  readonly in?: string;
  readonly exit: number;
  readonly message: RegExp;
  readonly why?: RegExp;
  /** The next thing to type or do. */
  readonly next: RegExp;
}

const WRONG: readonly Wrong[] = [
  {
    args: 'show peple',
    exit: 10,
    message: /no monitor "peple", did you mean "people"/u,
    why: /There are: people, fields\./u,
    next: /^runback monitor list$/u,
  },
  { args: 'show people --accept', exit: 64, message: /people watches no schema/u, next: /^runback monitor show people$/u },
  { args: 'silence peple --until 2h --reason import', exit: 10, message: /did you mean "people"/u, next: /^runback monitor list$/u },
  { args: 'silence --until 2h --reason import', exit: 64, message: /one monitor or of one platform/u, next: /^runback monitor silence MONITOR/u },
  { args: 'silence people --platform crm --until 2h --reason import', exit: 64, message: /one monitor or of one platform/u, next: /MONITOR/u },
  { args: 'silence people --reason import', exit: 64, message: /^--until is missing$/u, next: /^runback monitor silence people --until 2h/u },
  {
    args: 'silence --platform crm --until 2h',
    exit: 64,
    message: /^--reason is missing$/u,
    next: /^runback monitor silence --platform crm --until 2h --reason/u,
  },
  { args: 'silence people --until 2h --reason=', exit: 64, message: /^--reason is missing$/u, next: /silence people --until 2h/u },
  { args: 'silence people --until 2020-01-01T10:00Z --reason import', exit: 64, message: /--until/u, next: /--until/u },
  { args: 'silence people --until whenever --reason import', exit: 64, message: /--until cannot be "whenever"/u, next: /--until 2h/u },
  { args: 'silence --platform crn --until 2h --reason import', exit: 10, message: /no platform "crn"/u, next: /crm/u },
  { args: 'silence --end sil-1', exit: 10, message: /There is no silence sil-1/u, next: /^runback monitor status$/u },
  {
    args: 'replay --since soon',
    exit: 64,
    message: /--since takes a span of time such as 12h or 30d, not "soon"/u,
    next: /^runback monitor replay --help$/u,
  },
  { args: 'replay --since 0h', exit: 64, message: /not "0h"/u, next: /replay --help/u },
  { args: 'replay --try nowhere.yml', exit: 65, message: /^There is no file .*nowhere\.yml$/u, next: /Check the name/u },
  { args: 'replay --try try.yml', exit: 65, message: /try\.yml:1:30: .*did you mean "contacts"/u, next: /Correct the file/u },
  { args: 'replay --html nowhere/replay.html', exit: 64, message: /There is no folder/u, next: /Make the folder/u },
  { args: 'review --to nowhere/review.html', exit: 64, message: /There is no folder/u, next: /Make the folder/u },
  { args: 'canary run', exit: 64, message: /name of the canary is missing/u, why: /There is none here yet/u, next: /canary set-up NAME/u },
  { args: 'canary run cnary', exit: 10, message: /There is no canary "cnary"/u, next: /canary set-up NAME/u },
  { args: 'canary set-up', exit: 64, message: /name of the canary is missing/u, next: /canary set-up canary-contact/u },
  { args: 'canary set-up one', exit: 10, message: /There is no mapping/u, next: /runback mapping init/u },
  ...['list', 'status', 'run', 'replay', 'show people', 'silence people --until 2h --reason import'].map((args) => ({
    args,
    in: 'empty',
    exit: 10,
    message: /^runback\.yml has no monitors$/u,
    why: /A monitor says/u,
    next: /forecast: crm\.daily/u,
  })),
  ...['list', 'status', 'run --once', 'replay'].map((args) => ({
    args,
    in: 'broken',
    exit: 65,
    message: /^runback\.yml:4:30: there is no object type of crm "contcts", did you mean "contacts"\?/u,
    next: /Correct the file/u,
  })),
];

it.each(WRONG)(
  'monitor $args ($in): says what is wrong, that nothing was done, and what next',
  async ({ args, in: folder = '.', exit, message, why, next }) => {
    const words = ['monitor', ...args.split(' '), '--no-input', '--json'];
    const { code, stdout } = await runHere(words, { cwd: join(dir, folder) });
    const last = jsonLines(stdout).at(-1) as {
      readonly ok: boolean;
      readonly error: { message: string; why?: string; state?: string; next?: string };
    };
    expect([code, last.ok]).toEqual([exit, false]);
    expect(last.error.message).toMatch(message);
    if (why !== undefined) expect(last.error.why).toMatch(why);
    expect(last.error.state).toMatch(/^Nothing was /u);
    expect(last.error.next).toMatch(next);
  },
);

it('an error on the screen fits 80 columns', async () => {
  for (const args of ['show peple', 'silence people --reason import', 'replay --try try.yml', 'canary run']) {
    const { stderr } = await runHere(['monitor', ...args.split(' '), '--no-input'], { cwd: dir });
    expect(stderr).toMatch(/✗ Error: /u);
    for (const line of stderr.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  }
});

it('where nothing is watched, the review and the list of canaries still say so', async () => {
  const at = { cwd: join(dir, 'empty') };
  expect(await runHere(['monitor', 'review', '--no-input'], at)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The week from') as string,
  });
  expect((await runHere(['monitor', 'canary', 'list', '--no-input'], at)).stdout).toContain('There is no canary here yet');
});
