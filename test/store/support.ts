import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { thisProcess } from '../../src/store/files/process-identity.js';
import { type Journal, openFileStore } from '../../src/store/index.js';
import type { Holder, StoreState } from '../contracts/store.js';
import { builtModule, supportScript } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';

/** Long enough that a busy machine does not take a living process for a dead one: it renews five times in it. */
const LEASE_MS = 3000;
/** So long that a test whose holder is waited for does not end. */
const FOR_EVER_MS = 3_600_000;

/** A state folder of its own for the running test. */
export async function fileState(): Promise<StoreState> {
  const dir = join(await temporaryFolder(), '.runback');
  const pathOf = ({ kind, id }: Journal): string => join(dir, kind, id, 'journal.ndjson');
  return {
    open: ({ clock = systemClock, redactor = new Redactor() } = {}) => Promise.resolve(openFileStore({ dir, clock, redactor })),
    holder: (where, locks) => holderIn(dir, where, locks),
    count: async (name, times) => await countIn(dir, name, times),
    async tear(journal) {
      const lines = linesIn(await readFile(pathOf(journal)));
      const last = lines.pop() ?? Buffer.alloc(0);
      await writeFile(pathOf(journal), Buffer.concat([...lines, last.subarray(0, last.length / 2)]));
    },
    async keep(journal, lines) {
      await writeFile(pathOf(journal), Buffer.concat(linesIn(await readFile(pathOf(journal))).slice(0, lines)));
    },
    async changeLine(journal, line) {
      const lines = linesIn(await readFile(pathOf(journal)));
      const before = lines[line - 1]?.toString('utf8') ?? '';
      lines[line - 1] = Buffer.from(before.replace('"by":"maya"', '"by":"mayo"'));
      if (lines[line - 1]?.toString('utf8') === before) throw new Error(`nothing to change in line ${line}`);
      await writeFile(pathOf(journal), Buffer.concat(lines));
    },
    async changeDocument(kind, id) {
      const path = join(dir, 'documents', kind, `${id}.json`);
      const before = await readFile(path, 'utf8');
      const after = before.replace('running', 'paused!');
      if (after === before) throw new Error(`nothing to change in ${path}`);
      await writeFile(path, after);
    },
  };
}

/** A process that holds locks of a state (a folder or URL) and the journal `run-1`; see {@link StoreState.holder}. `through`: a command that starts it. */
export async function holderIn(
  place: string,
  where: 'here' | 'elsewhere',
  locks: readonly string[] = ['platform-crm'],
  elsewhereMs = LEASE_MS,
  through: readonly string[] = [],
): Promise<Holder> {
  // Elsewhere: the same host name, another boot.
  const options = where === 'here' ? { leaseMs: FOR_EVER_MS } : { leaseMs: elsewhereMs, identity: { ...thisProcess(), boot: 'the boot of a clone' } };
  const child = startThrough(through, 'store-holder.mjs', place, JSON.stringify({ ...options, locks }));
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new Error('the holder has not started');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => String((await lines.next()).value);
  const first = await answer();
  if (first !== 'holding') throw new Error(`the holder says ${first}`);
  return {
    pid,
    ask: (what) => {
      stdin.write(`${what}\n`);
      return answer();
    },
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    stop: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
  };
}

/** A process that counts in a state; see {@link StoreState.count}. */
export async function countIn(place: string, name: string, times: number): Promise<void> {
  const child = start('store-counter.mjs', place, name, String(times));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the counting process ${name} ended with ${String(code)}`);
}

function start(script: string, ...args: readonly string[]): ChildProcess {
  return startThrough([], script, ...args);
}

/** `through`: a command that starts another one, as `ip netns exec` does. */
function startThrough(through: readonly string[], script: string, ...args: readonly string[]): ChildProcess {
  const words = [...through, process.execPath, supportScript(script), builtModule('store/index.js'), builtModule('lib/index.js'), ...args];
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** With their newlines. */
function linesIn(bytes: Buffer): Buffer[] {
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1);
  return ends.map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end));
}
