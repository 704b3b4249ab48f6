import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

/** The automations that a plan sets off, and what is to be done before it is applied. */
export function automationLines(automations: readonly { readonly name: string; readonly title: string }[], { glyph }: Style): readonly string[] {
  if (automations.length === 0) return [];
  const words = automations.map(({ name, title }) => visible(title === name ? name : `${title} (${name})`)).join(', ');
  const names = automations.map(({ name }) => visible(name)).join(' ');
  return ['', `${glyph.warning} React to what this writes, and have to be paused before: ${words}`, `  runback sync pause ${names}`];
}
