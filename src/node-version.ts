/** What `engines` in package.json says, as the least minor version of each line of Node; all later lines fit. */
const LEAST = new Map([
  [20, 19],
  [22, 13],
]);
const FROM = 24;

/**
 * Why runback cannot run on a version of Node (`22.13.0`), in one line; undefined where it can. Written for Node
 * versions that are too old for it.
 */
export function unfitNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const least = LEAST.get(major);
  if (major >= FROM || (least !== undefined && minor >= least)) return undefined;
  return `runback needs Node 20.19, 22.13, or 24 and newer; this is ${version}. Nothing was done. Next: install one of them (https://nodejs.org), then run the same command again.`;
}
