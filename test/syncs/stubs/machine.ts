import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that stand for crontab, pgrep, pkill and systemctl, in a folder that comes first in PATH. Their state is a file. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  state(): Promise<MachineState>;
  set(change: Partial<MachineState>): Promise<void>;
  close(): Promise<void>;
}

export interface MachineState {
  readonly crontab: string | null;
  readonly timer: 'active' | 'inactive';
  readonly persistent: 'yes' | 'no';
  /** Processes of the work. */
  readonly working: number;
  /** Every call, with its words. */
  readonly log: readonly (readonly string[])[];
}

const PROGRAMS: Readonly<Record<string, string>> = {
  // As of Debian: no crontab is an error; `-` takes a whole new one.
  crontab: `
    if (words[0] === '-l') { if (state.crontab === null) end(1, '', 'no crontab for user\\n'); end(0, state.crontab); }
    if (words[0] !== '-') end(1, '', 'crontab: usage error\\n');
    state.crontab = fs.readFileSync(0, 'utf8');
    end(0, '');`,
  // procps 4: the number, and 1 where it is none.
  pgrep: `
    if (words.join(' ') !== '-f -c -- /opt/load/run.sh') end(2, '', 'pgrep: no such pattern\\n');
    end(state.working > 0 ? 0 : 1, state.working + '\\n');`,
  pkill: `state.working = 0; end(0, '');`,
  // systemd 255: show tells of units that are not there too, and ends with 0.
  systemctl: `
    const [scope, verb, ...rest] = words;
    if (scope !== '--system' && scope !== '--user') end(1, '', 'unknown scope\\n');
    const unit = rest.at(-1);
    if (verb === 'show' && unit === 'load.timer') end(0, 'LoadState=loaded\\nActiveState=' + state.timer + '\\nPersistent=' + state.persistent + '\\n');
    if (verb === 'show' && unit === 'load.service') end(0, 'SubState=' + (state.working > 0 ? 'start' : 'dead') + '\\n');
    if (verb === 'show') end(0, 'LoadState=not-found\\nActiveState=inactive\\n');
    if (unit === 'load.timer') state.timer = verb === 'stop' ? 'inactive' : 'active';
    if (unit === 'load.service' && verb === 'stop') state.working = 0;
    end(unit === 'load.timer' || unit === 'load.service' ? 0 : 5, '', unit === 'load.timer' || unit === 'load.service' ? '' : 'Unit ' + unit + ' not loaded.\\n');`,
};

export async function startMachine(first: Partial<MachineState> = {}): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-machine-'));
  const bin = join(folder, 'bin');
  const file = join(folder, 'state.json');
  await mkdir(bin);
  const state: MachineState = { crontab: null, timer: 'active', persistent: 'no', working: 0, log: [], ...first };
  await writeFile(file, JSON.stringify(state));
  for (const [name, body] of Object.entries(PROGRAMS)) {
    const lines = [
      `#!${process.execPath}`,
      `const fs = require('fs'); const file = ${JSON.stringify(file)};`,
      `const state = JSON.parse(fs.readFileSync(file, 'utf8')); const words = process.argv.slice(2);`,
      `state.log.push([${JSON.stringify(name)}, ...words]);`,
      `const end = (status, out, err = '') => { fs.writeFileSync(file, JSON.stringify(state)); process.stdout.write(out); process.stderr.write(err); process.exit(status); };`,
      body,
    ];
    await writeFile(join(bin, name), lines.join('\n'));
    await chmod(join(bin, name), 0o755);
  }
  const read = async (): Promise<MachineState> => JSON.parse(await readFile(file, 'utf8')) as MachineState;
  return {
    environment: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    folder,
    state: read,
    set: async (change) => await writeFile(file, JSON.stringify({ ...(await read()), ...change })),
    close: () => rm(folder, { recursive: true }),
  };
}
