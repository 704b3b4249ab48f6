import { Command, CommanderError, Option } from 'commander';

import { RunbackError } from '../../lib/index.js';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.js';
import { GLOBAL_FLAGS, topLevelHelp } from './help.js';
import { Input } from './input.js';
import { loadCommands } from './loaders.js';
import { type Noun, NOUNS } from './nouns.js';

/** What a command line turned out to be. */
export type Parsed =
  | { readonly kind: 'run'; readonly name: string; readonly spec: CommandSpec; readonly input: Input }
  /** Asked for: goes to stdout, exit 0. */
  | { readonly kind: 'help'; readonly name: string; readonly text: string };

/** The noun a command line is about, passing over global flags and their values. */
export function nounOf(words: readonly string[]): string | undefined {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (word === '--workspace' || word === '--as') i += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** Reads a command line. Throws `usage`, with the nearest word where there is one. */
export async function parseCommandLine(words: readonly string[], columns: number): Promise<Parsed> {
  if (nounOf(words) === undefined && words.some((word) => word === '--help' || word === '-h'))
    return { kind: 'help', name: 'help', text: topLevelHelp() };
  let chosen: Parsed | undefined;
  let printed = '';
  const wanted = nounOf(words) === 'help' ? words[words.indexOf('help') + 1] : nounOf(words);
  const program = new Command('runback').description('Undo a bad sync, step by step.');
  for (const [flags, description] of GLOBAL_FLAGS) program.option(flags, description);
  const commands = [program];
  for (const noun of NOUNS) {
    const command = program.command(noun.name).description(noun.summary);
    commands.push(command);
    if (noun.name !== wanted) continue;
    for (const spec of await loadCommands(noun.name)) {
      const target = spec.verb === undefined ? command : command.command(spec.verb);
      if (target !== command) commands.push(target);
      addSpec(target, spec, noun, (run) => (chosen = run));
    }
  }
  let failed = program;
  for (const command of commands) {
    command
      .exitOverride((error) => {
        failed = command;
        throw error;
      })
      .configureOutput({ writeOut: (text) => (printed += text), writeErr: (text) => (printed += text), outputError: () => {} })
      .configureHelp({ helpWidth: Math.min(columns, 80), showGlobalOptions: false })
      .helpOption('-h, --help', 'this text');
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || (error.code === 'commander.help' && words.includes('help')))
      return { kind: 'help', name: ['help', wanted].filter(Boolean).join(' '), text: printed };
    throw usageError(error, wanted, pathOf(failed));
  }
  if (chosen === undefined) throw new RunbackError('usage', 'No command was given', { next: 'runback --help' });
  return chosen;
}

function addSpec(target: Command, spec: CommandSpec, noun: Noun, choose: (run: Parsed) => void): void {
  const name = spec.verb === undefined ? noun.name : `${noun.name} ${spec.verb}`;
  target.summary(spec.summary).description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`);
  for (const arg of spec.args ?? []) {
    const argument = target.createArgument(argumentSyntax(arg), arg.description);
    target.addArgument(arg.choices === undefined ? argument : argument.choices([...arg.choices]));
  }
  for (const option of spec.options ?? []) target.addOption(makeOption(option, name));
  const examples = (spec.examples ?? []).map((line) => `  ${line}`).join('\n');
  target.addHelpText('after', `${examples === '' ? '' : `\nExamples:\n${examples}\n`}\nOptions everywhere: runback --help`);
  target.action(() => {
    const args: Record<string, unknown> = {};
    for (const [i, arg] of (spec.args ?? []).entries()) args[arg.name] = target.processedArgs[i];
    choose({ kind: 'run', name, spec, input: new Input(args, target.opts(), name) });
  });
}

function argumentSyntax(arg: ArgumentSpec): string {
  const name = arg.variadic === true ? `${arg.name}...` : arg.name;
  return arg.optional === true ? `[${name}]` : `<${name}>`;
}

function makeOption(spec: OptionSpec, command: string): Option {
  const option = new Option(spec.flags, spec.repeat === true ? `${spec.description} (repeatable)` : spec.description);
  if (spec.choices) option.choices([...spec.choices]);
  if (spec.repeat === true) {
    const check = spec.choices;
    option.argParser((value: string, before: readonly string[] | undefined) => {
      if (check && !check.includes(value))
        throw new RunbackError('usage', `${spec.flags} takes one of: ${check.join(', ')}`, {
          state: 'Nothing was started.',
          next: `runback ${command} --help`,
        });
      return [...(before ?? []), value];
    });
  }
  return spec.required === true ? option.makeOptionMandatory() : option;
}

/** Noun and verb of a command; of the program itself, nothing. */
function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}

/** `path`: of the command that could not read its words. */
function usageError(error: CommanderError, noun: string | undefined, path: string): RunbackError {
  const known = NOUNS.some((entry) => entry.name === noun) ? noun : undefined;
  const help = ['runback', path === '' ? known : path, '--help'].filter(Boolean).join(' ');
  if (error.code === 'commander.help') {
    const verbs = NOUNS.find((entry) => entry.name === noun)?.verbs ?? [];
    return new RunbackError('usage', noun === undefined ? 'No command was given' : `"${noun}" needs a verb: ${verbs.join(', ')}`, { next: help });
  }
  const [first = '', ...rest] = error.message.replace(/^error: /u, '').split('\n');
  const hint = rest.join(' ').replace(/^\((.*)\)$/u, '$1');
  const message = first.charAt(0).toUpperCase() + first.slice(1);
  return new RunbackError('usage', message, { ...(hint === '' ? {} : { why: hint }), state: 'Nothing was started.', next: help });
}
