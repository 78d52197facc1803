import { expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import type { ElectionEnd, ElectionHandlers } from '../adapters/kubernetes/index.ts';
import { Leading } from './leading.ts';

const signal = new AbortController().signal;

it('works at once without an election, until it is stopped', async () => {
  const stop = new AbortController();
  const leading = new Leading(undefined);
  let wasLeader = false;
  expect(leading.isLeader).toBe(false);
  await leading.run(() => Promise.resolve(void (wasLeader = leading.isLeader)), stop.signal);
  expect(wasLeader).toBe(true);
  stop.abort();
  expect(leading.isLeader).toBe(false);
});

it('works while it is elected, with the signal of its leadership, and leads no longer than the lease', async () => {
  let valid = true;
  const term = new AbortController();
  const elector = {
    run: async (_signal: AbortSignal, { lead }: ElectionHandlers): Promise<ElectionEnd> => {
      await lead({ epoch: 1, signal: term.signal, isValid: () => valid });
      return { kind: 'stopped' };
    },
  };
  const leading = new Leading(elector);
  await leading.run((given) => {
    expect([given === term.signal, leading.isLeader]).toEqual([true, true]);
    valid = false;
    return Promise.resolve();
  }, signal);
  expect(leading.isLeader).toBe(false);
});

it('does not live on after leadership was lost', async () => {
  const reason = new CoucheStorError('timeout', 'The lease could not be renewed in time.');
  const leading = new Leading({ run: () => Promise.resolve({ kind: 'lost', reason }) });
  await expect(leading.run(() => Promise.resolve(), signal)).rejects.toBe(reason);
});
