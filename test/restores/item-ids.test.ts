import { expect, test } from 'vitest';

import {
  backAfter,
  changeOfFields,
  fieldsAfter,
  isChange,
  isLinkTakenAgain,
  linkBroughtBy,
  linkLostWith,
  linkTakenAgain,
  madeBeside,
} from '../../src/restores/records/item-ids.js';

test('ids of what follows from a change are those in journals of earlier versions, and are told from changes and from each other', () => {
  const following = [
    fieldsAfter(7),
    backAfter(7),
    linkLostWith('7', 0),
    linkBroughtBy('7', 1),
    linkTakenAgain('contacts 1 companies 2 279'),
    madeBeside('companies', '9'),
  ];
  expect(following).toEqual(['7+fields', '7+back', '7+0', '7+brought1', 'brought+contacts 1 companies 2 279', 'made+companies/9']);
  expect(following.map((id) => isChange(id))).toEqual([false, false, false, false, false, false]);
  expect(isChange('7')).toBe(true);
  expect(following.map((id) => changeOfFields(id))).toEqual(['7', undefined, undefined, undefined, undefined, undefined]);
  expect(following.map((id) => isLinkTakenAgain(id))).toEqual([false, false, false, false, true, false]);
});
