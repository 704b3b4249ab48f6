import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

import { counted, decodeText, defined, isRunbackError, messageOf, type Redactor, RunbackError, runProgram } from '../lib/index.js';
import type { SecretRef } from './types.js';

/** What resolving a secret may use. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of every secret before it is returned. */
  readonly redactor: Redactor;
  /** Folder that relative paths of `file:` start from. */
  readonly root: string;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024;
/** Folders where an orchestrator hands secrets in; their files are readable by design. */
const HANDED_IN = ['/run/secrets/', '/var/run/secrets/', '/run/credentials/'];

/** A reference as it may be shown: of a program only its name, since its arguments may hold a secret of their own. */
export function shownRef(ref: string): string {
  return ref.startsWith('command:') ? `command:${splitArguments(ref.slice('command:'.length))[0] ?? ''}` : ref;
}

/**
 * The secret a reference leads to, without white space around it. It is known to the redactor from then on, also the
 * password inside an address. Programs get an argument list and no shell. Throws `secret-missing` (no reference ever
 * shows its secret, only where it was looked for) or `secret-literal`.
 */
export async function resolveSecret(ref: SecretRef, sources: SecretSources): Promise<string> {
  const colon = ref.indexOf(':');
  const scheme = ref.slice(0, colon);
  const where = ref.slice(colon + 1).trim();
  const secret = (await read(scheme, where, sources)).trim();
  if (secret === '') throw missing(`${scheme}:${where}`, 'It is empty.', `Put the secret there.`);
  sources.redactor.add(secret);
  for (const part of passwordsIn(secret)) sources.redactor.add(part);
  return secret;
}

function read(scheme: string, where: string, sources: SecretSources): Promise<string> {
  switch (scheme) {
    case 'env':
      return fromEnvironment(where, sources);
    case 'file':
      return fromFile(where, sources);
    case 'command':
      return fromProgram(shownRef(`command:${where}`), splitArguments(where), sources);
    case 'keychain':
      return fromProgram(
        `keychain:${where}`,
        process.platform === 'darwin' ? ['security', 'find-generic-password', '-w', '-s', where] : ['secret-tool', 'lookup', 'service', where],
        sources,
      );
    default:
      throw new RunbackError('secret-literal', 'A secret is written in plain text where a reference is expected', {
        why: 'References begin with env:, file:, command: or keychain:.',
        state: 'Nothing was started.',
        next: 'Take the secret out of the file, replace it, and refer to it.',
      });
  }
}

async function fromEnvironment(name: string, { env }: SecretSources): Promise<string> {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) throw missing(`env:${name}`, `The environment has no variable ${name}.`, `Set it: export ${name}=…`);
  return value;
}

async function fromFile(where: string, { env, root }: SecretSources): Promise<string> {
  const isAtHome = where === '~' || where.startsWith('~/');
  const home = isAtHome ? (env['HOME'] ?? '') : '';
  if (isAtHome && !isAbsolute(home))
    throw missing(`file:${where}`, 'The environment has no HOME, so nothing says what ~ is.', 'Set HOME, or write the whole path.');
  const expanded = isAtHome ? join(home, where.slice(1)) : where;
  const path = isAbsolute(expanded) ? expanded : resolve(root, expanded);
  try {
    const { mode, size } = await stat(path);
    const handedIn = [...HANDED_IN, ...(env['CREDENTIALS_DIRECTORY'] === undefined ? [] : [`${env['CREDENTIALS_DIRECTORY']}/`])].some((folder) =>
      path.startsWith(folder),
    );
    if ((mode & 0o077) !== 0 && !handedIn)
      throw missing(
        `file:${where}`,
        `${path} can be read by others (mode ${(mode & 0o777).toString(8)}), so it is not used.`,
        `Make it readable only by you: chmod 600 ${path}`,
      );
    if (size > MAX_BYTES) throw missing(`file:${where}`, `${path} has ${size} bytes: that is not a secret.`, 'Name the right file.');
    return decodeText(await readFile(path), path);
  } catch (error) {
    if (isRunbackError(error, 'file-unreadable')) throw missing(`file:${where}`, `${error.message}. ${error.why ?? ''}`, error.next ?? '', error);
    if (error instanceof RunbackError) throw error;
    throw missing(`file:${where}`, messageOf(error), 'Create the file with the secret in it, mode 600.', error);
  }
}

/**
 * It sees the whole environment, where programs that keep secrets have their own keys. Neither its arguments nor what
 * it says are shown.
 */
async function fromProgram(ref: string, argv: readonly string[], { env, root, signal }: SecretSources): Promise<string> {
  const [program = ''] = argv;
  const end = await runProgram(argv, { cwd: root, env: whole(env), timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_BYTES, signal });
  const failed = (how: string): RunbackError => {
    const lines = 'stderr' in end ? end.stderr.trim() : '';
    const said = lines === '' ? '' : ` and printed something (${counted(lines.split('\n').length, 'lines')}, not shown)`;
    return missing(ref, `The program ${program} ${how}${said}.`, 'Run that program by hand to see why.', new Error(how));
  };
  switch (end.state) {
    case 'exited':
      if (end.status !== 0) throw failed(`ended with status ${end.status}`);
      if (end.outputCut) throw failed(`printed more than ${MAX_BYTES / 1024} KiB, which is not a secret,`);
      return end.stdout;
    case 'aborted':
      throw signal?.reason;
    case 'not-started':
      throw failed(`could not be started (${codeOf(end.cause)})`);
    case 'signalled':
      throw failed(`was ended by ${end.signal}`);
    case 'timed-out':
      throw failed(`took longer than ${TIMEOUT_MS / 1000} s`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'its arguments cannot be used';
}

function whole(env: SecretSources['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * Words of a command line; quotes group, a backslash in double quotes or outside takes the next character as it is. No
 * shell.
 */
function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      at += 1;
      word = (word ?? '') + (text[at] ?? '');
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}

/** Passwords inside a secret that is an address, as written and decoded. */
function passwordsIn(secret: string): string[] {
  if (!secret.includes('://') || !URL.canParse(secret)) return [];
  const { password, searchParams } = new URL(secret);
  const written = [password, searchParams.get('password') ?? ''].filter((part) => part !== '');
  return written.flatMap((part) => {
    try {
      return [part, decodeURIComponent(part)];
    } catch {
      return [part];
    }
  });
}

function missing(ref: string, why: string, next: string, cause?: unknown): RunbackError {
  return new RunbackError('secret-missing', `The secret ${ref} cannot be read`, {
    why,
    state: 'Nothing was started.',
    next,
    data: { ref },
    ...defined({ cause }),
  });
}
