import type { PathProblem } from '../../workspace/index.js';
import type { DisturbanceDocument, ProxyDocument } from './schema.js';

/** What is wrong with the disturbances of a test. */
export function* disturbProblems({
  disturb = [],
  proxy,
  isLoad,
}: {
  readonly disturb?: readonly DisturbanceDocument[];
  readonly proxy?: ProxyDocument;
  readonly isLoad: boolean;
}): Iterable<PathProblem> {
  for (const [key, value] of Object.entries({ disturb: disturb.length > 0 ? disturb : undefined, proxy }))
    if (value !== undefined && !isLoad) yield { path: [key], onKey: true, message: 'only a load can be disturbed', expected: 'load and arrives' };
  for (const [index, one] of disturb.entries()) {
    if (one.on === 'proxy' && proxy === undefined)
      yield { path: ['disturb', index, 'on'], message: 'the test has no proxy', expected: 'proxy: { listen: 127.0.0.1:8099, to: an address }' };
    if (typeof one.with === 'object' && one.on !== undefined)
      yield { path: ['disturb', index, 'on'], onKey: true, message: 'programs say themselves what they disturb', expected: 'no "on"' };
    if (one.by !== undefined && one.with !== 'delay')
      yield { path: ['disturb', index, 'by'], onKey: true, message: 'only a delay has an amount', expected: 'with: delay' };
  }
}
