import { createInterface } from 'node:readline';

import type { Asker, Choice, PromptDeps } from './asker.js';
import { pasteEnds } from './paste.js';
import { dropTypedAhead } from './typed-ahead.js';

/** Prompts for screen readers: numbered lines, one answer a line, nothing drawn twice. */
export function plainAsker(deps: PromptDeps): Asker {
  // terminal: false leaves line editing and Ctrl-C to the terminal itself.
  const reader = createInterface({ input: deps.stdin, terminal: false });
  reader.pause();
  const lines = async (question: string, enough: (lines: readonly string[]) => boolean): Promise<readonly string[]> => {
    if (deps.signal.aborted) throw deps.signal.reason;
    const release = deps.hold();
    deps.output.write(question);
    try {
      return await new Promise<readonly string[]>((resolve, reject) => {
        const taken: string[] = [];
        const give = (): void => {
          reader.off('line', onLine).off('close', onEnd);
          deps.signal.removeEventListener('abort', onEnd);
          reader.pause();
        };
        const onLine = (text: string): void => {
          taken.push(text);
          if (!enough(taken)) return;
          give();
          resolve(taken);
        };
        const onEnd = (): void => (give(), reject(deps.interrupted()));
        reader.on('line', onLine).on('close', onEnd);
        deps.signal.addEventListener('abort', onEnd, { once: true });
        reader.resume();
      });
    } finally {
      release();
    }
  };
  const line = async (question: string): Promise<string> => (await lines(question, () => true)).join('');
  const say = (text: string): void => void deps.output.write(`${text}\n`);
  const choose = async <T>(message: string, choices: readonly Choice<T>[], preset?: T): Promise<T> => {
    say(message);
    for (const [i, { name, beside, description }] of choices.entries()) say(`${i + 1}: ${sentences([name, beside, description])}`);
    const at = preset === undefined ? -1 : choices.findIndex((choice) => choice.value === preset);
    for (;;) {
      const answer = (await line(`Type a number from 1 to ${choices.length}${at === -1 ? '' : `, or Enter for ${at + 1}`}: `)).trim();
      const chosen = choices[answer === '' ? at : /^\d+$/u.test(answer) ? Number(answer) - 1 : choices.findIndex((choice) => choice.name === answer)];
      if (chosen !== undefined) return chosen.value;
      say(`"${deps.style.signs(answer)}" is not in the list.`);
    }
  };
  /**
   * A question that begins: what was typed before it stood there is no answer to it. A second try at the same question
   * keeps what was typed.
   */
  const fresh = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (deps.signal.aborted) throw deps.signal.reason;
    if ((await dropTypedAhead(deps.stdin)) === 'interrupted') throw deps.interrupted();
    return await ask();
  };
  const asks: Asker = {
    choose: ({ message, choices, default: preset }) => choose(message, choices, preset),
    search: async ({ message, choices, pageSize = 10, term: before = '', onTerm }) => {
      for (;;) {
        const kept = before === '' ? `the first ${pageSize}` : `"${deps.style.signs(before)}" again`;
        const typed = choices.length <= pageSize ? '' : (await line(`${message} (type part of it, or Enter for ${kept}): `)).trim().toLowerCase();
        const term = typed === '' ? before : typed;
        onTerm?.(term);
        const always = choices.filter((choice) => choice.always === true);
        const found = choices.filter((choice) => choice.always !== true && choice.name.toLowerCase().includes(term)).slice(0, pageSize);
        if (found.length > 0) return choose(message, [...found, ...always]);
        say('Nothing matches.');
      }
    },
    several: async ({ message, choices }) => {
      say(message);
      for (const [i, { name }] of choices.entries()) say(`${i + 1}: ${name}`);
      for (;;) {
        const preset = choices.flatMap(({ checked }, i) => (checked === true ? [i + 1] : []));
        const usual = preset.length === 0 ? 'none' : preset.join(', ');
        const typed = (await line(`Type numbers from 1 to ${choices.length}, separated by commas, or 0 for none (Enter for ${usual}): `)).trim();
        const answer = typed === '' ? preset.join(',') : typed;
        if (answer === '' || answer === '0') return [];
        const chosen = answer.split(',').map((word) => choices[Number(word.trim()) - 1]);
        if (chosen.every((choice) => choice !== undefined)) return chosen.map((choice) => choice.value);
        say(`"${deps.style.signs(answer)}" has an entry that is not in the list.`);
      }
    },
    text: async ({ message, default: preset, validate }) => {
      for (;;) {
        const answer = (await line(`${message}${preset === undefined ? '' : ` (Enter for ${deps.style.signs(preset)})`}: `)).trim();
        const value = answer === '' && preset !== undefined ? preset : answer;
        const verdict = validate?.(value) ?? true;
        if (verdict === true) return value;
        say(verdict);
      }
    },
    paste: async ({ message, last }) => (await lines(`${message}\n`, (taken) => pasteEnds(taken, last))).join('\n'),
    confirm: async ({ message, default: preset }) => {
      for (;;) {
        const answer = (await line(`${message} (yes or no, Enter for ${preset ? 'yes' : 'no'}): `)).trim().toLowerCase();
        if (answer === '') return preset;
        if (['y', 'yes'].includes(answer)) return true;
        if (['n', 'no'].includes(answer)) return false;
      }
    },
  };
  return {
    choose: (question) => fresh(() => asks.choose(question)),
    search: (question) => fresh(() => asks.search(question)),
    several: (question) => fresh(() => asks.several(question)),
    text: (question) => fresh(() => asks.text(question)),
    paste: (question) => fresh(() => asks.paste(question)),
    confirm: (question) => fresh(() => asks.confirm(question)),
  };
}

/** One behind the other, each with a sign at its end where another one follows. */
function sentences(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part, i, all) => (i === all.length - 1 || /[.?!]$/u.test(part) ? part : `${part}.`))
    .join(' ');
}
