import { APPROVAL_NAMESPACE, dearmorSshSignature } from '../../escalation/index.js';
import { RunbackError, runProgram } from '../../lib/index.js';

/**
 * What ssh-keygen needs of the environment: to find the agent, to ask for a passphrase, to reach a device. No secrets.
 */
const PASSED_ON = (
  'PATH HOME LANG LC_ALL TERM DISPLAY WAYLAND_DISPLAY XDG_RUNTIME_DIR SSH_AUTH_SOCK SSH_ASKPASS SSH_ASKPASS_REQUIRE SSH_SK_PROVIDER ' +
  'SystemRoot USERPROFILE APPDATA LOCALAPPDATA TEMP'
).split(' ');

/** Characters of what it said last. */
const SHOWN = 500;

/** How the signature is made. */
export interface SignOptions {
  /** Path of the private key, or of the public one where an agent holds the other. It is never read here. */
  readonly key: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is at a terminal: messages of ssh-keygen ("Confirm user presence") go there. */
  readonly interactive: boolean;
}

/**
 * Signs a text with `ssh-keygen -Y sign`: passphrases are asked for at the terminal and agents work, and the private
 * key never comes near this process. Gives the signature in base64, without its armor. Throws `not-found` (no
 * ssh-keygen), `not-authorised`.
 */
export async function signWithSsh(text: string, { key, env, interactive }: SignOptions): Promise<string> {
  const variables: Record<string, string> = {};
  for (const name of PASSED_ON) if (env[name] !== undefined) variables[name] = env[name];
  const end = await runProgram(['ssh-keygen', '-Y', 'sign', '-n', APPROVAL_NAMESPACE, '-f', key], {
    cwd: process.cwd(),
    env: variables,
    input: text,
    terminal: { errors: interactive },
  });
  if (end.state === 'not-started') throw missing(end.why, end.cause);
  const status = end.state === 'exited' ? end.status : 'unknown';
  const signature = status === 0 ? dearmorSshSignature(end.stdout) : undefined;
  if (signature !== undefined) return signature.toString('base64');
  // Its messages name the file of the key, which stands nowhere else either.
  const said = end.stderr.replaceAll(key, 'the key').trim();
  throw new RunbackError('not-authorised', 'ssh-keygen did not sign', {
    why: said === '' ? `It ended with status ${status}.` : `It said: ${said.slice(-SHOWN)}`,
    state: 'Nothing was approved.',
    next: 'Give the file of your private key with --key, or its .pub file where an agent holds it. OpenSSH reads no key whose lines end as on Windows (CRLF): if it was copied, take the CRs out.',
  });
}

function missing(why: string, cause: unknown): RunbackError {
  const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return new RunbackError('not-found', absent ? 'There is no ssh-keygen on this machine' : `ssh-keygen cannot be started: ${why}`, {
    why: 'Approvals are signed by ssh-keygen, which comes with OpenSSH 8.2 and later.',
    state: 'Nothing was approved.',
    next: 'Install the OpenSSH client, or sign on another machine and bring the block here: runback approve <plan or run> --import -',
    cause,
  });
}
