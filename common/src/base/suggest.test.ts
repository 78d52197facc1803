import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closest } from './suggest.ts';

const FLAGS = ['prometheus-url', 'dry-run', 'log-level', 'log-json', 'preservation-mode'];

describe('closest', () => {
  it.each([
    ['dry-rn', 'dry-run'],
    ['dryrun', 'dry-run'],
    ['dry-urn', 'dry-run'],
    ['DRY-RUN', 'dry-run'],
    ['prometeus-url', 'prometheus-url'],
    ['loglevel', 'log-level'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, FLAGS)).toBe(meant);
  });

  it.each(['', 'x', 'kubeconfig', 'p'.repeat(100_000)])('knows nothing like %.20s', (word) => {
    expect(closest(word, FLAGS)).toBeUndefined();
  });

  it('finds every name after one slip in it', () => {
    const slip = fc.tuple(fc.constantFrom(...FLAGS), fc.nat(), fc.constantFrom('drop', 'double', 'replace', 'swap'));
    fc.assert(
      fc.property(slip, ([name, seed, kind]) => {
        const index = seed % (name.length - 1);
        const [head, letter, next, tail] = [
          name.slice(0, index),
          name[index]!,
          name[index + 1]!,
          name.slice(index + 2),
        ];
        const slipped = { drop: next, double: letter + letter + next, replace: `#${next}`, swap: next + letter }[kind];
        expect(closest(head + slipped + tail, FLAGS)).toBe(name);
      }),
    );
  });
});
