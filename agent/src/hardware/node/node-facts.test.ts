import { realClock, VirtualClock } from '@couchestor/common/base';
import { describe, expect, test } from '@jest/globals';
import { readNodeFacts, type NodeFactsSource } from './node-facts.ts';

const source = (answers: Partial<Record<keyof NodeFactsSource, unknown>>) => () =>
  Promise.resolve({
    cpu: () => Promise.resolve(answers.cpu),
    mem: () => Promise.resolve(answers.mem),
    networkInterfaces: () => Promise.resolve(answers.networkInterfaces),
  });

const card = {
  iface: 'ens3',
  mac: '02:00:00:00:00:01',
  ip4: '192.0.2.1',
  ip6: '',
  mtu: 9000,
  speed: -1,
  internal: false,
};

describe('readNodeFacts', () => {
  test('says what this machine has', async () => {
    const facts = await readNodeFacts(realClock);
    expect([facts.processor.kind, facts.memory.kind, facts.network.kind]).toEqual(['known', 'known', 'known']);
  });

  test('leaves out the loopback, sorts by name, and takes 0 and -1 for unknown', async () => {
    const facts = await readNodeFacts(
      new VirtualClock(),
      source({
        cpu: { manufacturer: 'AMD', brand: 'EPYC', cores: 8, physicalCores: 4, processors: 0 },
        mem: { total: 1024, available: 0 },
        networkInterfaces: [
          { ...card, operstate: 'up' },
          { iface: 'lo', internal: true },
          { iface: 'bond0', virtual: true, speed: 25_000 },
        ],
      }),
    );
    expect(facts.processor).toEqual({
      kind: 'known',
      value: { model: 'AMD EPYC', sockets: null, cores: 4, threads: 8 },
    });
    expect(facts.memory).toEqual({ kind: 'known', value: { totalBytes: 1024, availableBytes: null } });
    expect(facts.network).toMatchObject({
      value: [
        { name: 'bond0', mac: null, speedMbps: 25_000, up: false, virtual: true },
        { name: 'ens3', addresses: ['192.0.2.1'], mtu: 9000, speedMbps: null, up: true, virtual: false },
      ],
    });
  });

  test('takes one interface that comes without a list', async () => {
    const facts = await readNodeFacts(new VirtualClock(), source({ networkInterfaces: card }));
    expect(facts.network).toMatchObject({ value: [{ name: 'ens3' }] });
  });

  test('says why a fact is not there', async () => {
    const nothing = { kind: 'unknown', reason: 'systeminformation could not tell' };
    const facts = await readNodeFacts(new VirtualClock(), source({ cpu: {}, mem: { total: 'much' } }));
    expect(facts).toEqual({ processor: nothing, memory: nothing, network: nothing });
    const missing = await readNodeFacts(new VirtualClock(), () => Promise.reject(new Error('no such package')));
    expect(missing.memory).toEqual({ kind: 'unknown', reason: 'no such package' });
  });

  test('waits no longer than its patience for a program that hangs', async () => {
    const clock = new VirtualClock();
    const never = (): Promise<unknown> => new Promise(() => undefined);
    const asked = readNodeFacts(clock, () => Promise.resolve({ cpu: never, mem: never, networkInterfaces: never }));
    for (let fact = 0; fact < 3; fact += 1) await clock.advance(10_000);
    expect((await asked).network).toEqual({
      kind: 'unknown',
      reason: 'Asking systeminformation took longer than 10s.',
    });
    expect(clock.pendingTimerCount).toBe(0);
  });
});
