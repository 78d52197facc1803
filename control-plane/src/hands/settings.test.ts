import { expect, it } from '@jest/globals';
import { HANDS_DEFAULTS, settingsOf } from './settings.ts';

it('a call that was given up is waited for as long as answers can be old, and never shorter than it can take', () => {
  expect(settingsOf()).toEqual(HANDS_DEFAULTS);
  expect(settingsOf({ settleMs: 1_000 })).toMatchObject({ settleMs: 1_000, underWayMs: 20_000 });
  expect(settingsOf({ settleMs: 600_000 })).toMatchObject({ settleMs: 600_000, underWayMs: 600_000 });
});
