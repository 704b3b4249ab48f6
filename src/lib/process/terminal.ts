import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/**
 * Lets a program have our terminal until it ends: what is typed, and Ctrl-C too, goes to it. Gives its exit status;
 * undefined where a signal ended it. Rejects where it cannot be started. `told`: called for each byte that it sends on its
 * descriptor 3, and answered with one once that is settled; must not reject.
 */
export async function runAtTerminal(
  argv: readonly string[],
  { cwd, env, told }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>>; readonly told?: () => Promise<void> },
): Promise<number | undefined> {
  const [file = '', ...args] = argv;
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['inherit', 'inherit', 'inherit', told === undefined ? 'ignore' : 'pipe'] });
    const channel = child.stdio[3];
    if (told !== undefined && channel instanceof Duplex) {
      // It may be over already.
      channel.on('error', () => undefined);
      channel.on('data', (bytes: Buffer) => {
        for (let n = 0; n < bytes.length; n += 1) void told().then(() => channel.write('\n'));
      });
    }
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? undefined));
  });
}
