import type { Comparison } from '../rows/columns.js';
import type { RowPair } from '../rows/pile.js';
import type { RowLayout } from '../rows/row-maker.js';

/** The places of the fields in which two rows may differ: the comparer of the field judges their values. */
export function differingIn({ fields }: Comparison, layout: RowLayout, [left, right]: RowPair, a: number, b: number): readonly number[] {
  const differing: number[] = [];
  for (let place = 0; place < fields.length; place += 1) {
    const column = layout.field(place);
    const values = [left.value(a, column), right.value(b, column)] as const;
    const field = fields[place]?.field;
    if (field === undefined) continue;
    // An empty value of the authority says by itself what that means.
    if (field.flow.kind === 'one-way' && values[field.flow.from] === 0 && field.blank !== 'clear') {
      if (field.blank === 'refuse') differing.push(place);
      continue;
    }
    const order = layout.order(place);
    if (values[0] !== values[1] || (order !== undefined && left.value(a, order) !== right.value(b, order))) differing.push(place);
  }
  return differing;
}
