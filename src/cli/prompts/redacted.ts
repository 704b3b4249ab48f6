import type { Asker, Choice } from './asker.js';

/** The same asker, showing no secret: questions and choices are made of what programs and platforms said. */
export function redactedAsker(asker: Asker, redact: (text: string) => string): Asker {
  const said = <Q extends { readonly message: string }>(question: Q): Q => ({ ...question, message: redact(question.message) });
  const choices = <T>(given: readonly Choice<T>[]): Choice<T>[] =>
    given.map((choice) => ({
      ...choice,
      name: redact(choice.name),
      ...(choice.description === undefined ? {} : { description: redact(choice.description) }),
    }));
  return {
    choose: (question) => asker.choose({ ...said(question), choices: choices(question.choices) }),
    search: (question) => asker.search({ ...said(question), choices: choices(question.choices) }),
    several: (question) => asker.several({ ...said(question), choices: choices(question.choices) }),
    text: (question) => asker.text(said(question)),
    paste: (question) => asker.paste(said(question)),
    confirm: (question) => asker.confirm(said(question)),
  };
}
