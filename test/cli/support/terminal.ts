import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

import { cleanEnv, program } from './child.js';

export interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** The program on a real pseudo-terminal, with the screen a person would see. */
export interface Terminal {
  /**
   * Resolves once the pattern is on the screen (or in what scrolled away); rejects with the screen where it never
   * comes.
   */
  waitFor(pattern: RegExp | string): Promise<string>;
  /** Types text as it is: `\r` is Enter, `\u0003` is Ctrl-C, `\u001b[B` is arrow down. */
  type(keys: string): void;
  /** What the screen shows now, lines joined, with what scrolled away above it. */
  screen(): string;
  /** Sends the program a signal, as another process would. */
  signal(name: NodeJS.Signals): void;
  /** All bytes since the start. */
  raw(): string;
  /** Resolves with the exit status once the program has ended. */
  exited: Promise<number>;
  /** Ends the program if it still runs. */
  dispose(): Promise<void>;
}

/** Longest wait for a text: with what it has shown instead, a test ends before its own time is over. */
const PATIENCE_MS = 300_000;
const escape = '\u001B';
const bell = String.fromCharCode(7);

/**
 * The first process of a terminal: where it ends, the system throws away what nobody has read yet. So it outlives the
 * program, whose number and exit status it tells in between the output, behind the last byte.
 */
const LEADER = String.raw`trap : INT QUIT
sh -c 'printf "\033]777;pid=%s\007" $$; exec "$@"' - "$@"
printf "\033]777;exit=%s\007" $?
while :; do sleep 9; done`;
const TOLD = new RegExp(`${escape}\\]777;(pid|exit)=(\\d+)${bell}`, 'gu');

/** Ends of lines, and the places between the digits of a number. */
const PIECE = /(?<=\n)|(?<=\d)(?=\d)/u;

/** Opens a terminal of 80 × 30 unless told otherwise and starts the program in it. */
export function openTerminal(args: readonly string[], options: TerminalOptions = {}): Terminal {
  const columns = options.columns ?? 80;
  const rows = options.rows ?? 30;
  const emulator = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
  const pty = spawn('sh', ['-c', LEADER, '-', process.execPath, program, ...args], {
    // It is what TERM says.
    name: options.env?.['TERM'] ?? 'xterm-256color',
    cols: columns,
    rows,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: cleanEnv({ TERM: 'xterm-256color', ...options.env }),
  });
  let received = '';
  let ended = false;
  let finish: (status: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => (finish = resolve));
  const watchers = new Set<() => void>();
  /** Says whether one of them has seen what it waited for. */
  const wake = (): boolean => {
    const { size } = watchers;
    for (const watcher of watchers) watcher();
    return watchers.size < size;
  };
  const told = (name: string): number | undefined => {
    const found = [...received.matchAll(TOLD)].find(([, what]) => what === name)?.[2];
    return found === undefined ? undefined : Number(found);
  };
  let shown = Promise.resolve();
  pty.onData((data) => {
    received += data;
    const status = told('exit');
    // Where an output is cut into pieces is up to the system. What waits for a text sees the screen at each of these places, and
    // the rest comes only after what it looks at next, so that a test that takes half of a screen for a whole one always fails.
    shown = shown.then(async () => {
      for (const piece of data.split(PIECE)) {
        await new Promise<void>((done) => emulator.write(piece, done));
        if (wake()) await new Promise(setImmediate);
      }
      ended ||= status !== undefined;
      wake();
      if (status !== undefined) finish(status);
    });
  });
  const hasGone = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  const screen = (): string => {
    const lines: string[] = [];
    const buffer = emulator.buffer.active;
    for (let i = 0; i < buffer.length; i += 1) lines.push(buffer.getLine(i)?.translateToString(true) ?? '');
    return lines.join('\n').trimEnd();
  };
  return {
    exited,
    screen,
    raw: () => received.replaceAll(TOLD, ''),
    type: (keys) => pty.write(keys),
    signal: (name) => {
      const pid = told('pid');
      if (pid === undefined) throw new Error('The program has not started yet');
      process.kill(pid, name);
    },
    dispose: async () => {
      const pid = told('pid');
      if (!ended && pid !== undefined) {
        process.kill(pid, 'SIGKILL');
        // It takes a moment to die, and what it held is held until then: the first process tells when it is gone.
        await Promise.race([exited, hasGone]);
      }
      pty.kill('SIGKILL');
      await hasGone;
      emulator.dispose();
    },
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const fits = (): boolean => (typeof pattern === 'string' ? screen().includes(pattern) : pattern.test(screen()));
        const give = (): void => {
          clearTimeout(timer);
          watchers.delete(check);
        };
        const check = (): void => {
          if (fits()) {
            give();
            resolve(screen());
          } else if (ended) {
            give();
            reject(new Error(`The program ended before ${String(pattern)} was on the screen:\n${screen()}`));
          }
        };
        const timer = setTimeout(() => {
          give();
          reject(new Error(`${String(pattern)} did not come on the screen:\n${screen()}`));
        }, PATIENCE_MS);
        watchers.add(check);
        check();
      }),
  };
}

/**
 * Types the confirmation that the last question asks for, as a person reads it there. `asked`: what is on the screen by
 * then.
 */
export async function typeConfirmation(terminal: Terminal, asked = /\? Type sandbox:\d+ to go ahead/u): Promise<void> {
  const screen = await terminal.waitFor(asked);
  terminal.type(`${/.*\? Type (\S+)\s+to\s+go/su.exec(screen)?.[1] ?? ''}${KEY.enter}`);
}

/**
 * Answers a question of a screen that is read out (`--accessible`). Waits for all of it: what is typed before is shown in
 * the middle of it, and what comes next begins far right and is wrapped.
 */
export async function answerRead(terminal: Terminal, question: RegExp | string, text: string): Promise<void> {
  const begin = typeof question === 'string' ? question.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`) : question.source;
  // The numbers of a list end in a colon too.
  await terminal.waitFor(new RegExp(`${begin}[^]*(?<!\\n\\d*):$`, 'u'));
  terminal.type(`${text}${KEY.enter}`);
}

/** Keys by name. */
export const KEY = { enter: '\r', ctrlC: '\u0003', ctrlZ: '\u001A', down: '\u001B[B', up: '\u001B[A' } as const;

/** Sequences that set a colour. */
export const COLOUR = new RegExp(`${escape}\\[(?:3\\d|4\\d|9\\d|38;|48;)[\\d;]*m`, 'u');
/** Sequences that move the cursor or clear what was printed. */
export const REDRAW = new RegExp(`${escape}\\[\\d*[ABCDGJKsu]`, 'u');
