import { EXIT, type ExitCode, fromFileSystem, proxySecrets, Redactor, RunbackError, systemClock } from '../../lib/index.js';
import type { Asker } from '../prompts/asker.js';
import type { Session } from '../session/session.js';
import type { Wiring } from '../session/wiring.js';
import { asRunbackError, redactedError, stackOf } from '../views/error.js';
import { Live, type LiveMode } from '../views/live/live.js';
import { position } from '../views/live/meter.js';
import { makeStyle, type Style } from '../views/text/style.js';
import type { Outcome, CommandContext } from './command.js';
import { colorLevel, type Globals, hasUnicode, readGlobals } from './globals.js';
import { Interrupts } from './interrupts.js';
import { loadCommands } from './loaders.js';
import { Log } from './log.js';
import { humanOutput, jsonOutput, type Output } from './output.js';
import { guardOutputs } from './outputs.js';
import { nounOf, parseCommandLine } from './parse.js';
import type { Stdio } from './stdio.js';
import { showCursor, showCursorWhenStopped } from './stopped.js';

/** Runs one command line to its exit status: reads flags, calls the command, renders outcome or error. Never throws. */
export async function runCommandLine(process: NodeJS.Process, words: readonly string[], wiring: Wiring): Promise<ExitCode> {
  const stdio: Stdio = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: currentFolder(process) ?? '/' };
  const globals = readGlobals(words, stdio.env);
  // No secret that was ever resolved is printed, wherever a message picked it up.
  const redactor = new Redactor();
  for (const secret of proxySecrets(stdio.env)) redactor.add(secret);
  const style = (stream: NodeJS.WriteStream): Style =>
    makeStyle({
      columns: stream.columns,
      level: colorLevel(stream, globals, stdio.env),
      accessible: globals.accessible,
      unicode: hasUnicode(stdio.env),
      redact: (text) => redactor.text(text),
      now: () => systemClock.now(),
    });
  const styles = { out: style(stdio.stdout), err: style(stdio.stderr) };
  const printer = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(redactor.text(text));
  const output = globals.json ? jsonOutput(printer(stdio.stdout)) : humanOutput(printer(stdio.stdout), printer(stdio.stderr), styles);
  const log = new Log(systemClock, process.pid, (text) => redactor.text(text));
  const outputs = guardOutputs(stdio, (line) => log.add('output', line));
  const live = new Live({
    mode: liveMode(globals, stdio),
    clock: systemClock,
    style: styles.err,
    stream: stdio.stderr,
    emit: (event) => output.event(event),
    log: (kind, text) => log.add(kind, text),
  });
  const interrupts = new Interrupts(
    (line) => {
      log.add('interrupt', line);
      const release = live.hold();
      stdio.stderr.write(`${styles.err.signs(redactor.text(line))}\n`);
      release();
    },
    () => live.meter.last && position(live.meter.last),
    () => {
      if (draws(globals, stdio)) showCursor(stdio.stderr);
      process.exit(EXIT.interrupted);
    },
  );
  interrupts.listen(process);
  const stopWatching = draws(globals, stdio) ? showCursorWhenStopped(process, stdio.stderr) : () => undefined;
  const openings: Promise<Session>[] = [];
  const openSession = async (folder: string | undefined, otherwise: string | undefined): Promise<Session> => {
    const { Session } = await import('../session/session.js');
    const by = globals.as ?? otherwise;
    const note = (text: string): void => live.note(text);
    const session = await Session.open({ folder, by, cwd: stdio.cwd, env: stdio.env, clock: systemClock, redactor, signal: interrupts.signal, note });
    log.openIn(session.logDir);
    return session;
  };
  let name = nounOf(words) ?? '';
  const fail = (thrown: unknown, outcome?: Outcome): ExitCode => {
    live.stop();
    const error = redactedError(asRunbackError(thrown, interrupts.signal.aborted ? interrupts.error() : undefined), redactor);
    log.add('error', `${error.code} ${stackOf(thrown)}`);
    output.finish(name, outcome, { error, log: log.path, debug: globals.debug });
    return error.exitCode;
  };
  try {
    const parsed = await parseCommandLine(await orMenu(words, { stdio, globals, style: styles.err, live, interrupts }), styles.out.width);
    name = parsed.name;
    if (parsed.kind === 'help') return finishHelp(output, globals, stdio, parsed.name, parsed.text);
    if (currentFolder(process) === undefined)
      throw new RunbackError('workspace-missing', 'The current folder no longer exists', {
        why: 'It was deleted, or moved away, after your shell went there.',
        state: 'Nothing was started.',
        next: 'Change to a folder that exists (cd), then run the same command again.',
      });
    log.add('command', `runback ${logged(words).join(' ')}`);
    await live.prepare();
    const { input } = parsed;
    const makeContext = (): CommandContext => {
      let opening: Promise<Session> | undefined;
      const context: CommandContext = {
        input,
        globals,
        stdio,
        clock: systemClock,
        interactive: isInteractive(globals, stdio),
        live,
        log,
        interrupts,
        style: styles.err,
        call: { signal: interrupts.signal, reporter: live },
        session: (folder, as) => {
          if (opening === undefined) openings.push((opening = openSession(folder ?? globals.workspace, as)));
          return opening;
        },
        asker: (flag) => openAsker(flag, { stdio, globals, style: styles.err, live, interrupts }),
        commandsOf: loadCommands,
        wiring,
        again: () => {
          interrupts.rearm();
          return makeContext();
        },
        also: async (others, { asks }) => {
          const other = await parseCommandLine(others, styles.out.width);
          if (other.kind === 'help') throw new RunbackError('bug', `${others.join(' ')} is no command`);
          return await other.spec.run({ ...context, interactive: context.interactive && asks, input: other.input });
        },
        event: (event) => output.event(event),
      };
      return context;
    };
    const outcome = await parsed.spec.run(makeContext());
    live.stop();
    if (outcome.error) return fail(outcome.error, outcome);
    output.finish(name, outcome, undefined);
    await written(stdio.stdout);
    return outputs.failure === undefined ? (outcome.exit ?? EXIT.done) : fail(fromFileSystem(outputs.failure, 'the standard output'));
  } catch (thrown) {
    return fail(thrown);
  } finally {
    await Promise.allSettled(openings.map(async (opening) => (await opening).close()));
    interrupts.stop();
    stopWatching();
  }
}

/** Undefined where it was deleted. */
function currentFolder(process: NodeJS.Process): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** Resolves when what was printed is out, or cannot get out. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => stream.write('', () => done()));
}

/** Options whose values must not stand in the log: where a private key lies, and who is to be forgotten. */
const NOT_LOGGED: Readonly<Record<string, readonly string[]>> = { approve: ['--key'], forget: ['--key', '--find'] };

/** The words of a command line as they may stand in the log. */
function logged(words: readonly string[]): readonly string[] {
  const hidden = NOT_LOGGED[nounOf(words) ?? ''] ?? [];
  return words.map((word, i) => {
    if (hidden.includes(words[i - 1] ?? '')) return '...';
    const option = hidden.find((one) => word.startsWith(`${one}=`));
    return option === undefined ? word : `${option}=...`;
  });
}

interface Surroundings {
  readonly stdio: Stdio;
  readonly globals: Globals;
  readonly style: Style;
  readonly live: Live;
  readonly interrupts: Interrupts;
}

/** A person may be asked: there is a terminal on both ends, and nobody said otherwise. */
function isInteractive(globals: Globals, stdio: Stdio): boolean {
  return stdio.stdin.isTTY && stdio.stderr.isTTY && globals.input && !globals.json;
}

function liveMode(globals: Globals, stdio: Stdio): LiveMode {
  if (globals.json) return 'events';
  if (globals.quiet) return 'silent';
  return draws(globals, stdio) && stdio.env['CI'] === undefined ? 'terminal' : 'lines';
}

/** What stands on the screen may be drawn again: a terminal is there that can move its cursor, and nobody said otherwise. */
function draws(globals: Globals, { stderr, env }: Stdio): boolean {
  return stderr.isTTY && !globals.accessible && env['TERM'] !== 'dumb';
}

async function openAsker(flag: string, { stdio, globals, style, live, interrupts }: Surroundings): Promise<Asker> {
  if (!isInteractive(globals, stdio)) {
    const why = globals.json
      ? 'With --json nothing is asked.'
      : globals.input
        ? 'There is no terminal to ask at.'
        : 'Questions are switched off (--no-input, RUNBACK_NO_INPUT or CI).';
    const isCommand = flag.startsWith('runback ');
    throw new RunbackError('person-needed', isCommand ? 'A person has to answer' : `A person has to answer, or ${flag} has to be given`, {
      why,
      state: 'Nothing was written by this command.',
      next: isCommand ? `Run it in a terminal, or without one:\n${flag}` : `Give ${flag}, or run the command in a terminal.`,
      data: { flag },
    });
  }
  const deps = {
    stdin: stdio.stdin,
    output: stdio.stderr,
    style,
    signal: interrupts.signal,
    hold: () => live.hold(),
    interrupted: () => interrupts.atPrompt(),
  };
  const asker = draws(globals, stdio) ? (await import('../prompts/rich.js')).richAsker(deps) : (await import('../prompts/plain.js')).plainAsker(deps);
  return (await import('../prompts/shown.js')).shownAsker(asker, (text) => style.signs(style.redact(text)));
}

/** Without a command, in a terminal: asks what a person in trouble wants, and gives the command line for it. */
async function orMenu(words: readonly string[], around: Surroundings): Promise<readonly string[]> {
  const asksForHelp = words.some((word) => word === '--help' || word === '-h' || word === '--');
  if (nounOf(words) !== undefined || asksForHelp || !isInteractive(around.globals, around.stdio)) return words;
  const { menuCommand } = await import('../prompts/menu.js');
  return [...(await menuCommand(await openAsker('a command', around))), ...words];
}

function finishHelp(output: Output, globals: Globals, stdio: Stdio, name: string, text: string): ExitCode {
  if (globals.json) output.finish(name, { data: { help: text }, text: () => text }, undefined);
  else stdio.stdout.write(text);
  return EXIT.done;
}
