import { spawn } from 'node:child_process';

import { APPROVAL_NAMESPACE, dearmorSshSignature } from '../escalation/index.js';
import { messageOf, RunbackError } from '../lib/index.js';

/** What ssh-keygen needs of the environment: to find the agent, to ask for a passphrase, to reach a device. No secrets. */
const PASSED_ON = (
  'PATH HOME LANG LC_ALL TERM DISPLAY WAYLAND_DISPLAY XDG_RUNTIME_DIR SSH_AUTH_SOCK SSH_ASKPASS SSH_ASKPASS_REQUIRE SSH_SK_PROVIDER ' +
  'SystemRoot USERPROFILE APPDATA LOCALAPPDATA TEMP'
).split(' ');

/** How the signature is made. */
export interface SignOptions {
  /** Path of the private key, or of the public one where an agent holds the other. It is never read here. */
  readonly key: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is at a terminal: messages of ssh-keygen ("Confirm user presence") go there. */
  readonly interactive: boolean;
}

/**
 * Signs a text with `ssh-keygen -Y sign`: passphrases are asked for at the terminal and agents work, and the private key never
 * comes near this process. Gives the signature in base64, without its armor. Throws `not-found` (no ssh-keygen), `not-authorised`.
 */
export async function signWithSsh(text: string, { key, env, interactive }: SignOptions): Promise<string> {
  const variables: Record<string, string> = {};
  for (const name of PASSED_ON) if (env[name] !== undefined) variables[name] = env[name];
  const child = spawn('ssh-keygen', ['-Y', 'sign', '-n', APPROVAL_NAMESPACE, '-f', key], {
    env: variables,
    shell: false,
    stdio: ['pipe', 'pipe', interactive ? 'inherit' : 'pipe'],
    windowsHide: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // It may end without having read its input.
  child.stdin?.on('error', () => {});
  child.stdin?.end(text);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(missing(error)));
    child.once('close', resolve);
  });
  const signature = code === 0 ? dearmorSshSignature(stdout) : undefined;
  if (signature !== undefined) return signature.toString('base64');
  throw new RunbackError('not-authorised', 'ssh-keygen did not sign', {
    // Its messages name the file of the key, which stands nowhere else either.
    why: stderr.trim() === '' ? `It ended with status ${code ?? 'unknown'}.` : `It said: ${stderr.replaceAll(key, 'the key').trim().slice(-500)}`,
    state: 'Nothing was approved.',
    next: 'Give the file of your private key with --key, or its .pub file where an agent holds it. OpenSSH reads no key whose lines end as on Windows (CRLF): if it was copied, take the CRs out.',
  });
}

function missing(error: Error): RunbackError {
  const absent = 'code' in error && error.code === 'ENOENT';
  return new RunbackError('not-found', absent ? 'There is no ssh-keygen on this machine' : `ssh-keygen cannot be started: ${messageOf(error)}`, {
    why: 'Approvals are signed by ssh-keygen, which comes with OpenSSH 8.2 and later.',
    state: 'Nothing was approved.',
    next: 'Install the OpenSSH client, or sign on another machine and bring the block here: runback approve <plan or run> --import -',
    cause: error,
  });
}
