import { type CallOptions, type Clock, endTree, type ProgramEnd, RunbackError, runProgram, shellCommand, shortEnvironment } from '../../lib/index.js';
import { type NamedFault, sandboxFaults } from '../../stages/index.js';
import type { PlatformConfig, SecretRef } from '../../workspace/index.js';
import type { Means } from './note.js';
import type { DisturbanceKind } from './schema.js';

/** What disturbing works with. */
export interface MeansDeps {
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Throws `not-found`. */
  readonly platformConfig: (name: string) => PlatformConfig;
  /** Folder of the workspace: programs run there. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Longest time that a program may take. */
const PROGRAM_MS = 120_000;

const FAULTS: Readonly<Record<DisturbanceKind, Omit<NamedFault, 'name'>>> = {
  outage: { kind: 'drop-request' },
  'revoke-token': { kind: 'unauthorized' },
  'rate-limit': { kind: 'rate-limit' },
  errors: { kind: 'server-error', status: 503 },
  delay: { kind: 'delay' },
};

/** Begins a disturbance. Throws `fault-impossible` where it cannot be, with whatever of it there is still to be ended. */
export async function breakBy(
  means: Exclude<Means, { kind: 'proxy' }>,
  { what, byMs }: { readonly what: DisturbanceKind | 'programs'; readonly byMs: number },
  deps: MeansDeps,
  call: CallOptions,
): Promise<void> {
  await call.guard?.confirm();
  call.guard?.left();
  if (means.kind === 'programs') {
    const end = await program(means.break, means.mark, deps, call);
    if (end.state === 'exited' && end.status === 0) return;
    throw new RunbackError('fault-impossible', 'The test could not be disturbed', { why: `${shellCommand(means.break)}: ${endWords(end)}` });
  }
  if (what === 'programs') throw new TypeError('a fault has a kind');
  const faults = await faultsOf(means.platform, deps);
  await faults.add({ ...FAULTS[what], name: means.name, ...(what === 'delay' && { ms: byMs }) }, call);
}

/** Ends a disturbance, however far it came; may be called again. Throws `disturbance-left` with what a person can do. */
export async function mendBy(means: Exclude<Means, { kind: 'proxy' }>, run: string, deps: MeansDeps, call: CallOptions): Promise<void> {
  if (means.kind === 'fault') {
    try {
      await (await faultsOf(means.platform, deps)).remove(means.name, call);
    } catch (error) {
      throw new RunbackError('disturbance-left', `${means.platform} may still be disturbed by test run ${run}`, {
        why: error instanceof RunbackError ? (error.why ?? error.message) : String(error),
        state: 'The fault of the local sandbox is still there, until the sandbox ends.',
        next: `runback test cleanup ${run}`,
        cause: error,
      });
    }
    return;
  }
  // What disturbs may still be at work where its own runback was killed.
  await endTree({ mark: `${MARK}=${means.mark}` });
  // Without the mark: what it starts stays, also where it is called once more.
  const end = await program(means.mend, undefined, deps, call);
  if (end.state === 'exited' && end.status === 0) return;
  throw new RunbackError('disturbance-left', `What test run ${run} disturbed may still be disturbed`, {
    why: `${shellCommand(means.mend)}: ${endWords(end)}`,
    state: 'The program that ends it did not succeed.',
    next: `Run it yourself: ${shellCommand(means.mend)}\nThen: runback test cleanup ${run} --disturbance-ended`,
    data: { run, mend: means.mend },
  });
}

/** What is in the environment of a program that disturbs. */
const MARK = 'RUNBACK_TEST_DISTURBANCE';

async function program(
  argv: readonly string[],
  mark: string | undefined,
  { root, environment }: MeansDeps,
  { signal }: CallOptions,
): ReturnType<typeof runProgram> {
  const env = shortEnvironment(environment, mark === undefined ? {} : { [MARK]: mark });
  return await runProgram(argv, { cwd: root, env, timeoutMs: PROGRAM_MS, signal });
}

function endWords(end: ProgramEnd): string {
  switch (end.state) {
    case 'not-started':
      return `it could not be started (${end.why})`;
    case 'exited':
      return `it ended with status ${end.status}${end.stderr === '' ? '' : `: ${end.stderr.trim()}`}`;
    case 'signalled':
      return `it was ended by ${end.signal}`;
    case 'timed-out':
      return `it took longer than ${PROGRAM_MS / 60_000} minutes`;
    case 'aborted':
      return 'it was interrupted';
  }
}

/** The fault switches of a platform that is a local sandbox. Throws `fault-impossible`. */
async function faultsOf(name: string, { platformConfig, secret, clock }: MeansDeps): Promise<ReturnType<typeof sandboxFaults>> {
  const { url = '', credentials } = platformConfig(name);
  const ref = credentials['token'] ?? Object.values(credentials)[0];
  if (!URL.canParse(url) || ref === undefined)
    throw new RunbackError('fault-impossible', `${name} cannot be disturbed`, {
      why: 'Only a local sandbox has faults: its url in runback.yml is one of this machine, and its credentials are a token.',
      next: 'Disturb an engine of yours by a pair of programs, or what goes through a proxy.',
    });
  return sandboxFaults({ url, token: await secret(ref) }, clock);
}
