type Tree = { [name: string]: Tree };

/** An answer with the fields that a query wants, or without those that it does not: paths with dots, through lists. */
export function sparse(body: unknown, query: URLSearchParams): unknown {
  const [wanted, unwanted] = [treeOf(query, 'fields'), treeOf(query, 'exclude_fields')];
  const kept = wanted ? only(body, wanted) : body;
  return unwanted ? without(kept, unwanted) : kept;
}

function treeOf(query: URLSearchParams, name: string): Tree | undefined {
  const paths = query
    .getAll(name)
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (paths.length === 0) return undefined;
  const tree: Tree = {};
  for (const path of paths) {
    let at = tree;
    for (const part of path.split('.')) at = at[part] ??= {};
  }
  return tree;
}

const isLeaf = (tree: Tree): boolean => Object.keys(tree).length === 0;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function only(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => only(each, tree));
  if (!isObject(value) || isLeaf(tree)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, held]) => {
      const below = Object.hasOwn(tree, name) ? tree[name] : undefined;
      return below ? [[name, only(held, below)]] : [];
    }),
  );
}

function without(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => without(each, tree));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, held]) => {
      const below = Object.hasOwn(tree, name) ? tree[name] : undefined;
      if (!below) return [[name, held]];
      return isLeaf(below) ? [] : [[name, without(held, below)]];
    }),
  );
}
