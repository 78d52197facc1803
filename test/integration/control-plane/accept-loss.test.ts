/** The operator on a cluster that lost everything, until a person says that it is meant to be so. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Lab } from './lab.ts';
import { eventually, type OperatorProcess } from './operator-process.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start();
}, 60_000);
afterAll(() => lab.stop());

const LOSS = /^\[-\]kubernetes\/(\w+): Suspect: .*accept-loss=(\S+)\.$/gm;

async function losses(operator: OperatorProcess): Promise<Map<string, string>> {
  const { body } = await operator.get('probes', '/readyz');
  return new Map([...body.matchAll(LOSS)].map(([, resource = '', time = '']) => [resource, time]));
}

it('believes in no loss before its time is annotated on the Lease, and then in all of them', async () => {
  lab.volume('data', 'pool-hot-1');
  lab.applyPolicy('typical');
  const operator = await lab.operator();
  await eventually('it decides', () => lab.policy('typical').status?.decisionCounts);
  lab.wipe();
  const times = await eventually('all that was there is missed', async () => {
    const found = await losses(operator);
    return found.size === 5 ? found : undefined;
  });
  expect([...times.keys()].sort()).toEqual([
    'nodes',
    'persistentvolumeclaims',
    'persistentvolumes',
    'storagepolicies',
    'volumemigrations',
  ]);
  const latest = [...times.values()].sort().at(-1) ?? '';
  await eventually('the leader renews its lease', () => lab.leaseHolder());
  await lab.annotateLease({ 'storage.billyronks.io/accept-loss': latest });
  // Seconds until it is read, and until the next lists.
  const left = async (count: number) => ((await losses(operator)).size <= count ? true : undefined);
  await eventually('the person is heard', () => left(4));
  await eventually('every loss is believed', () => left(0));
  const { body } = await operator.get('probes', '/readyz');
  expect(body).not.toMatch(/^\[-\]kubernetes/m);
  const remedy = 'kubectl -n couchestor-system annotate --overwrite lease couchestor-operator storage';
  expect(operator.lines.some((line) => String(line.remedy).includes(remedy))).toBe(true);
}, 90_000);
