import { createHash } from 'node:crypto';

import { html, raw } from 'hono/html';

import { formatDuration, utcText } from '../../lib/index.js';

/** A piece of a page. What comes from outside is escaped where it is put in. */
export type Html = ReturnType<typeof html>;

const CSS = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #4d5662; --paper: #fff; --line: #c9d0d9; --card: #f5f7fa; --link: #0b57a4;
  --bad: #a40e26; --warn: #7a4b00; --good: #1a6334; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #b3bdc9; --paper: #14181d; --line: #3c4652; --card: #1d232a; --link: #8cc2ff;
  --bad: #ff9aa5; --warn: #f2c261; --good: #8bdba3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header, footer { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: .75rem 0; color: var(--soft); }
header { border-bottom: 1px solid var(--line); }
footer { border-top: 1px solid var(--line); margin-top: 2rem; }
a { color: var(--link); }
a:focus-visible, button:focus-visible, select:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1.05rem; margin: 0; }
h1, h2, h3, p, dd, td, li { overflow-wrap: anywhere; }
ul.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.card { border: 1px solid var(--line); border-left-width: 6px; border-radius: 6px; background: var(--card); padding: .75rem 1rem; }
.card p { margin: .25rem 0 0; }
figure { margin: .25rem 0 0; } svg.spark { display: block; max-width: 100%; }
.card.bad { border-left-color: var(--bad); } .card.warn { border-left-color: var(--warn); } .card.good { border-left-color: var(--good); }
.badge { display: inline-block; border-radius: 4px; padding: 0 .5rem; font-weight: 700; background: #d7dce3; color: #1b1f24; }
.badge.sev1 { background: #a40e26; color: #fff; } .badge.sev2 { background: #8a4200; color: #fff; } .badge.sev3 { background: #ffd666; color: #1b1f24; }
strong.bad { color: var(--bad); } strong.warn { color: var(--warn); } strong.good { color: var(--good); }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; } dt { color: var(--soft); } dd { margin: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; min-width: 36rem; } ul { margin: .25rem 0; padding-left: 1.25rem; } caption { text-align: left; color: var(--soft); }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
ol.timeline { list-style: none; margin: 0; padding: 0; } ol.timeline li { padding: .4rem 0; border-bottom: 1px solid var(--line); } .text { white-space: pre-line; }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
form { margin: 1.5rem 0; display: grid; gap: 1rem; justify-items: start; }
button, select { font: inherit; padding: .6rem 1.2rem; border-radius: 6px; border: 1px solid var(--line); min-height: 2.75rem; max-width: 100%; }
select { background: var(--paper); color: var(--ink); display: block; }
button { background: #0b57a4; border-color: #0b57a4; color: #fff; font-weight: 700; cursor: pointer; }
`;

/** To the letter what the hash below is of. */
const STYLE = raw(`<style>${CSS}</style>`);

/** What a Content-Security-Policy has to allow for the style sheet, and for nothing else. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(CSS).digest('base64')}'`;

/** A whole page. `root` is the relative way to the first page (`./`, `../`), so that it works behind any proxy. */
export function layout(title: string, root: string, body: Html, footer?: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <title>${title} – runback</title>
        ${STYLE}
      </head>
      <body>
        <header><a href="${root}">runback</a></header>
        <main>${body}</main>
        ${footer ? html`<footer>${footer}</footer>` : ''}
      </body>
    </html>`;
}

/** Text from outside within a line: it cannot turn the direction of what stands around it. */
export const outside = (text: string): Html => html`<bdi>${text}</bdi>`;

/** `12m 3s ago (2026-11-25 14:03:10 UTC)`, `in 4m (…)`. Text that is no time is shown as it is. */
export function when(at: Date | string, now: Date): Html {
  const date = typeof at === 'string' ? new Date(at) : at;
  if (Number.isNaN(date.getTime())) return outside(String(at));
  const away = date.getTime() - now.getTime();
  const relative = Math.abs(away) < 1000 ? 'now' : away < 0 ? `${formatDuration(-away)} ago` : `in ${formatDuration(away)}`;
  return html`<time datetime="${date.toISOString()}">${relative} (${utcText(date)})</time>`;
}

/** `sev1`, in its colour. */
export function badge(severity: string): Html {
  return html`<span class="badge ${/^sev[1-4]$/u.test(severity) ? severity : ''}">${severity}</span>`;
}

/** `1 incident`, `1,250 incidents`. */
export const counted = (n: number, noun: string): string => `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;

const MOST_LINES = 50;

/** A heading and a list of cards; nothing where there are none. What is too much for a page is counted. */
export function section<T>(heading: string, all: readonly T[], line: (one: T) => Html): Html | string {
  if (all.length === 0) return '';
  const more = all.length > MOST_LINES ? html`<p>And ${all.length - MOST_LINES} more: <code>runback status</code></p>` : '';
  return html`<h2>${heading}</h2>
    <ul class="cards">
      ${all.slice(0, MOST_LINES).map(line)}
    </ul>
    ${more}`;
}
