import { expect, it } from '@jest/globals';
import { shortDuration } from './short-duration.ts';

const [S, M, H, D] = [1_000, 60_000, 3_600_000, 86_400_000];

it.each([
  [-5 * S, '0s'],
  [0, '0s'],
  [119 * S + 999, '119s'],
  [2 * M, '2m'],
  [9 * M + 59 * S, '9m59s'],
  [10 * M + 30 * S, '10m'],
  [179 * M, '179m'],
  [3 * H + 5 * M, '3h5m'],
  [8 * H + 5 * M, '8h'],
  [47 * H, '47h'],
  [2 * D + 3 * H, '2d3h'],
  [8 * D + 3 * H, '8d'],
  [800 * D, '2y'],
])('%d ms are told as %s', (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});
