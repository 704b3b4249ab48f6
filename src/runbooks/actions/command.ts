import { spawn } from 'node:child_process';
import { basename } from 'node:path';

import { z } from 'zod';

import { messageOf, RunbackError } from '../../lib/index.js';
import type { SecretRef } from '../../workspace/index.js';
import type { EffectClass } from '../types.js';
import { defineAction, type ActionContext, type AnyAction } from './action.js';

const input = z.strictObject({
  command: z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)).min(1),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
});
type Input = z.infer<typeof input>;

/** What of the environment a command sees beside its own: enough to find programs, no secrets. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'SystemRoot', 'USERPROFILE', 'TEMP', 'ComSpec'];
const SECRET_REF = /^(env|file|command|keychain):/;
const MAX_OUTPUT_BYTES = 256 * 1024;
const KILL_AFTER_MS = 3000;

/** Programs that read an argument as code, with the flags that say so. */
const INTERPRETERS: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'ash'].map((name) => [name, /^-[a-z]*c[a-z]*$/])),
  ...Object.fromEntries(
    ['python', 'python3', 'psql', 'mysql', 'sqlite3'].map((name) => [name, /^(-[a-z]*c[a-z]*|-e|--command|--execute|-cmd)(=|$)/]),
  ),
  ...Object.fromEntries(['node', 'perl', 'ruby', 'php'].map((name) => [name, /^(-[a-z]*[eEpr][a-z]*|--eval|--print)(=|$)/])),
  ...Object.fromEntries(['cmd', 'cmd.exe'].map((name) => [name, /^\/[ck]$/i])),
  ...Object.fromEntries(['powershell', 'powershell.exe', 'pwsh'].map((name) => [name, /^-(c|command|e|encodedcommand)$/i])),
};

/**
 * Why an argument list would put a value into code (guarantee G25): an expression inside the program text of a shell or another
 * interpreter. Undefined where it does not.
 */
export function shellProblem(command: readonly string[]): { readonly index: number; readonly message: string } | undefined {
  for (const [at, word] of command.entries()) {
    const flags = INTERPRETERS[basename(word).toLowerCase()];
    if (!flags) continue;
    for (let index = at + 1; index < command.length; index += 1) {
      const flag = command[index] ?? '';
      if (!flags.test(flag)) continue;
      const code = flag.includes('=') && flag.includes('${{') ? index : (command[index + 1] ?? '').includes('${{') ? index + 1 : -1;
      if (code !== -1)
        return {
          index: code,
          message: `a value would become a part of the program that ${basename(word)} runs; give it as an argument of its own after the program text, or under "env"`,
        };
    }
  }
  return undefined;
}

const actions = new Map<EffectClass, AnyAction>();

/** The action behind `command` steps. The author of the runbook says what the command may do to the world. */
export function commandAction(effect: EffectClass): AnyAction {
  const known = actions.get(effect);
  if (known) return known;
  const made = defineAction<Input>({
    name: 'command',
    summary: 'Run a program',
    input,
    outputs: { exit_code: 'int', stdout: 'string', json: 'any' },
    effect,
    run: runCommand,
    manual: (values) => [`Run, in the folder of the workspace: \`${values['command'] ?? ''}\``],
  });
  actions.set(effect, made);
  return made;
}

/**
 * Starts the program with its argument list, never through a shell, and waits for its end. An exit status other than 0 is a
 * failure. Told to stop, it gets SIGTERM and after three seconds SIGKILL; what it did until then is in doubt.
 */
async function runCommand({ command, env }: Input, context: ActionContext): Promise<Record<string, unknown>> {
  const [program = '', ...args] = command;
  const nul = [...command, ...Object.values(env)].find((part) => part.includes('\0'));
  if (nul !== undefined)
    throw new RunbackError('step-failed', `${program}: an argument holds a NUL character`, { state: 'The program was not started.' });
  const variables: Record<string, string> = { RUNBACK_RUN: context.run.id, RUNBACK_STEP: context.step.id, RUNBACK_IDEMPOTENCY_KEY: context.step.key };
  for (const name of PASSED_ON) {
    const value = context.environment[name];
    if (value !== undefined) variables[name] = value;
  }
  for (const [name, value] of Object.entries(env)) variables[name] = SECRET_REF.test(value) ? await context.secret(value as SecretRef) : value;

  const child = spawn(program, args, {
    cwd: context.workspace.root,
    env: variables,
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let killer: NodeJS.Timeout | undefined;
  const { signal } = context.options;
  const onAbort = (): void => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const ended = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, by) => resolve({ code, signal: by }));
    });
    if (ended.code === null || signal?.aborted === true)
      throw new RunbackError('in-doubt', `${program} was ended by ${ended.signal ?? 'a signal'} before it was done`, {
        state: 'What it did until then is not known.',
      });
    if (ended.code !== 0)
      throw new RunbackError('step-failed', `${program} ended with status ${ended.code}`, {
        why: lastLines(context.redactor.text(stderr.text() || stdout.text())),
        data: { exitCode: ended.code },
      });
    return outputsOf(context.redactor.text(stdout.text()));
  } catch (error) {
    if (error instanceof RunbackError) throw error;
    throw new RunbackError('step-failed', `${program} could not be started`, {
      why: messageOf(error),
      state: 'The program was not started.',
      cause: error,
    });
  } finally {
    clearTimeout(killer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function outputsOf(stdout: string): Record<string, unknown> {
  let json: unknown = null;
  try {
    json = JSON.parse(stdout) as unknown;
  } catch {
    // Not JSON: `json` stays null.
  }
  return { exit_code: 0, stdout: stdout.replace(/\r?\n$/, ''), json };
}

function collect(stream: NodeJS.ReadableStream): { text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - bytes));
    bytes += chunk.length;
  });
  return { text: () => Buffer.concat(chunks).toString('utf8') };
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-5).join('\n');
  return lines === '' ? 'It said nothing.' : `It said: ${lines.slice(-2000)}`;
}
