/**
 * Looks of a document as HTML: light and dark, screen and paper. Every pair of colours has a contrast of 4.5 to 1 or
 * more.
 */
export const DOCUMENT_CSS = `
:root { color-scheme: light dark; --ink: #1c1f24; --soft: #4d5560; --paper: #ffffff; --line: #c4cad2; --band: #f1f3f6; --link: #0b4fb3; --bar: #2563a8; --mark: #8a2300; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #b4bbc5; --paper: #16181c; --line: #474e58; --band: #22262c; --link: #8ab8ff; --bar: #6ea3e8; --mark: #ffb199; }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; color: var(--ink); background: var(--paper); }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 78rem; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 0.75rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--line); }
p { margin: 0.5rem 0; max-width: 48rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code { font-family: ui-monospace, "Liberation Mono", Consolas, monospace; font-size: 0.875em; overflow-wrap: anywhere; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.lead p { color: var(--soft); }
.contents ol { margin: 0.25rem 0; padding-left: 1.5rem; columns: 14rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.375rem 0.625rem; border: 1px solid var(--line); min-width: 4.5rem; }
td.text { min-width: 8rem; }
.id { min-width: 15rem; }
thead th { background: var(--band); }
tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.facts th { width: 14rem; background: var(--band); }
tr:target > * { background: var(--band); }
strong { color: var(--mark); }
.write { border: 1px dashed var(--soft); padding: 0.625rem; min-height: 4rem; color: var(--soft); }
.tasks { list-style: none; padding: 0; }
.tasks li { padding: 0.25rem 0 0.25rem 1.75rem; text-indent: -1.75rem; max-width: 60rem; }
.tasks li::before { content: ""; display: inline-block; width: 0.85rem; height: 0.85rem; margin-right: 0.9rem; border: 1.5px solid var(--soft); vertical-align: -0.1rem; }
figure { margin: 0; }
figcaption { font-weight: 600; padding: 0.25rem 0; }
svg { display: block; width: 100%; min-width: 34rem; max-width: 60rem; height: auto; }
svg text { fill: var(--ink); font-size: 13px; }
svg .bar { fill: var(--bar); }
svg .bad { fill: var(--mark); }
svg .axis { stroke: var(--line); }
@page { margin: 15mm; }
@media print {
  :root { color-scheme: light; --ink: #000000; --soft: #333333; --paper: #ffffff; --line: #888888; --band: #eeeeee; --link: #000000; --bar: #444444; --mark: #000000; }
  html { font-size: 9pt; }
  body { max-width: none; padding: 0; }
  .contents { display: none; }
  .wide { overflow: visible; }
  svg { min-width: 0; }
  table { font-size: 8pt; }
  th, td, td.text, .id { min-width: 0; padding: 1mm; }
  time { white-space: normal; }
  thead { display: table-header-group; }
  tr, figure, .tasks li, .write { break-inside: avoid; }
  h2, caption, figcaption { break-after: avoid; }
  .write { min-height: 25mm; }
  a[data-section]::after { content: " (see " attr(data-section) ")"; font-style: italic; }
}
`;
