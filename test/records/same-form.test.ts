import { expect, test } from 'vitest';

import { type FormOf, sameForm } from '../../src/records/index.js';

const of = (type: FormOf['type'], ...platformTypes: string[]): FormOf[] => platformTypes.map((platformType) => ({ type, platformType }));

test.each([
  ['1.50', '1.5000', of('number', 'numeric(10,2)', 'numeric(12,4)'), true],
  ['100', '1e2', of('number', 'numeric', 'double precision'), true],
  ['-0.00', '0', of('number', 'numeric'), true],
  ['1.50', '1.51', of('number', 'numeric'), false],
  ['0.000000000000000000000000001', '0.000000000000000000000000002', of('number', 'numeric'), false],
  ['9007199254740993', '9007199254740992', of('number', 'bigint'), false],
  [
    5,
    '5',
    [
      { type: 'integer', platformType: 'integer' },
      { type: 'number', platformType: 'bigint' },
    ],
    true,
  ],
  ['NaN', '0', of('number', 'numeric'), false],
  ['', '0', of('number', 'numeric'), false],
  ['1.50', '1.5', of('string', 'text'), false],
  ['0.1', '0.10000000149011612', of('number', 'real', 'double precision'), true],
  ['0.1', '0.10000000149011612', of('number', 'double precision'), false],
  ['2024-05-06 07:08:09.12+00', '2024-05-06 07:08:09.120000+00', of('datetime', 'timestamp with time zone'), true],
  ['2024-05-06 07:08:09', '2024-05-06 07:08:09+00', of('datetime', 'timestamp without time zone', 'timestamp with time zone'), true],
  ['2024-05-06T07:08:09Z', '2024-05-06T07:08:09.000Z', of('datetime', 'datetime'), true],
  ['2024-05-06 07:08:09+00', '2024-05-06 07:08:09+02', of('datetime', 'timestamp with time zone'), false],
  ['2024-05-06 07:08:09.1+00', '2024-05-06 07:08:09.2+00', of('datetime', 'timestamp with time zone'), false],
  ['infinity', '-infinity', of('datetime', 'timestamp with time zone'), false],
  ['ab   ', 'ab', of('string', 'character(5)', 'text'), true],
  ['ab ', 'ab', of('string', 'text', 'character varying(5)'), false],
  [null, '0', of('number', 'numeric'), false],
  [undefined, '', of('string', 'character(2)'), false],
  [true, 'true', of('boolean', 'boolean'), false],
] as const)('%j and %j are one value in two forms only where the types of the field say so', (a, b, fields, same) => {
  expect(sameForm(a, b, fields)).toBe(same);
  expect(sameForm(b, a, fields)).toBe(same);
});
