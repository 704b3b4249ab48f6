import { describe, expect, test } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';

describe('canonical JSON', () => {
  test('sorts names at every depth, also numbers, which come by their size in an object', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: { '9': true, '10': 'x' } })).toBe('{"a":{"10":"x","9":true},"b":[{"c":null,"d":1}]}');
    expect(canonicalJson({ a: { y: 1, z: { c: 1, b: 2 } } })).toBe('{"a":{"y":1,"z":{"b":2,"c":1}}}');
    expect(canonicalJson([{ a: 1, b: { c: 'd' } }])).toBe('[{"a":1,"b":{"c":"d"}}]');
  });

  test('leaves out members that are undefined, and has null in lists, wherever they stand', () => {
    for (const names of [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
    ] as const) {
      const [first, second, third] = names;
      const value = { [first]: { [first]: undefined, [second]: 1 }, [second]: undefined, [third]: [undefined, -0, 'x\ud800'] };
      const members = [`"${first}":{"${second}":1}`, `"${third}":[null,0,"x\\ud800"]`];
      expect(canonicalJson(value)).toBe(`{${(first < third ? members : members.reverse()).join(',')}}`);
    }
  });

  test('a field may be called toJSON or __proto__', () => {
    const fields = JSON.parse('{"__proto__":{"a":1},"toJSON":2}') as unknown;
    expect(canonicalJson(fields)).toBe('{"__proto__":{"a":1},"toJSON":2}');
    expect(canonicalJson({ z: fields, a: fields })).toBe('{"a":{"__proto__":{"a":1},"toJSON":2},"z":{"__proto__":{"a":1},"toJSON":2}}');
  });

  test('refuses what JSON cannot hold, however deep', () => {
    for (const value of [Number.NaN, Infinity, 1n, () => 1, Symbol('s')])
      for (const holder of [value, [value], { a: value }, { a: { b: [value] } }]) expect(() => canonicalJson(holder)).toThrow(TypeError);
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});
