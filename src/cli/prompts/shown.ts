import type { Asker, Choice } from './asker.js';

/**
 * The same asker, with every text passed through `shown` before it is on the screen: questions and choices are made of
 * what programs, platforms and files said. What is typed and what a choice stands for stay as they are.
 */
export function shownAsker(asker: Asker, shown: (text: string) => string): Asker {
  const said = <Q extends { readonly message: string }>(question: Q): Q => ({ ...question, message: shown(question.message) });
  const choices = <T>(given: readonly Choice<T>[]): Choice<T>[] =>
    given.map((choice) => ({
      ...choice,
      name: shown(choice.name),
      ...(choice.beside === undefined ? {} : { beside: shown(choice.beside) }),
      ...(choice.description === undefined ? {} : { description: shown(choice.description) }),
    }));
  return {
    choose: (question) => asker.choose({ ...said(question), choices: choices(question.choices) }),
    search: (question) => asker.search({ ...said(question), choices: choices(question.choices) }),
    several: (question) => asker.several({ ...said(question), choices: choices(question.choices) }),
    text: (question) => {
      const { validate } = question;
      const judged = (value: string): true | string => {
        const verdict = validate?.(value) ?? true;
        return verdict === true ? true : shown(verdict);
      };
      return asker.text({ ...said(question), ...(validate === undefined ? {} : { validate: judged }) });
    },
    paste: (question) => asker.paste(said(question)),
    confirm: (question) => asker.confirm(said(question)),
  };
}
