import { spawn } from 'node:child_process';

/**
 * Lets a program have our terminal until it ends: what is typed, and Ctrl-C too, goes to it. Gives its exit status;
 * undefined where a signal ended it. Rejects where it cannot be started.
 */
export async function runAtTerminal(
  argv: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<number | undefined> {
  const [file = '', ...args] = argv;
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? undefined));
  });
}
