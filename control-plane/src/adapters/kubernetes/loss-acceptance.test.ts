import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ACCEPT_LOSS_ANNOTATION, formatTimestamp } from '@couchestor/common/api';
import { createLogger } from '@couchestor/common/base';
import { InformerStage } from './informer.fixture.ts';
import { KubeClient } from './kube-client.ts';
import { LossAcceptance } from './loss-acceptance.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/storage/leases';
const POLL_MS = 5_000;

let stage: InformerStage;
let told: string[];
let running: Promise<void>;

beforeEach(async () => {
  stage = new InformerStage();
  told = [];
  for (const name of ['a', 'b', 'c']) stage.put(name);
  stage.start();
  const client = new KubeClient({ transport: stage.api, clock: stage.clock, requestsPerSecond: 1_000, burst: 1_000 });
  const logger = createLogger({ level: 'info', json: true, destination: { write: (line) => void told.push(line) } });
  const { informer } = stage;
  const acceptance = new LossAcceptance({ client, namespace: 'storage', name: 'op', informers: [informer], logger });
  running = acceptance.run(stage.signal);
  await stage.settle(POLL_MS);
});

afterEach(async () => {
  expect(await stage.end()).toBe(0);
  await running;
});

/** Another cluster answers, with another history and without the objects. */
async function lose(): Promise<string> {
  stage.api.wipe();
  stage.api.put('/api/v1/namespaces', {
    metadata: { name: 'kube-system', uid: `made-anew-${stage.clock.monotonic()}` },
  });
  await stage.settle(2_000);
  expect(stage.known()).toEqual(['refused: suspect']);
  return formatTimestamp(stage.informer.health().lossTimeMs!);
}

async function say(text: string): Promise<void> {
  stage.api.put(LEASE, { metadata: { name: 'op', annotations: { [ACCEPT_LOSS_ANNOTATION]: text } } });
  await stage.settle(POLL_MS + 2_000);
}

const suspects = ['refused: suspect'];

describe('a loss that informers do not believe', () => {
  it('is accepted with the words that the message names', async () => {
    const time = await lose();
    await stage.settle(POLL_MS);
    const remedy = `kubectl -n storage annotate --overwrite lease op storage.billyronks.io/accept-loss=${time}`;
    expect(told.filter((line) => line.includes(remedy))).toHaveLength(1);
    expect(stage.informer.health().message).toContain(`storage.billyronks.io/accept-loss=${time}`);
    await say(time);
    expect(stage.deletions().sort()).toEqual(['deleted a=a', 'deleted b=b', 'deleted c=c']);
    expect(stage.known()).toEqual([]);
  });

  it('is accepted under any later time that has come', async () => {
    await lose();
    await stage.settle(5_000);
    await say(formatTimestamp(stage.clock.now()));
    expect(stage.known()).toEqual([]);
  });

  it.each([
    ['an earlier time', -1_000],
    ['a time that has not come', 3_600_000],
  ])('is not accepted under %s', async (_, offsetMs) => {
    const time = await lose();
    await say(formatTimestamp(Date.parse(time) + offsetMs));
    await stage.settle(7_200_000);
    expect(stage.known()).toEqual(suspects);
  });

  it.each(['yes', '', '2030', 'true'])('is not accepted by "%s"', async (text) => {
    await lose();
    await say(text);
    expect(stage.known()).toEqual(suspects);
    expect(told.join('')).toContain('is no time that has come');
  });

  it('is not accepted by what was said of another one, even where the wall clock was set back', async () => {
    const time = await lose();
    await say(time);
    expect(stage.known()).toEqual([]);
    for (const name of ['d', 'e']) stage.put(name);
    await stage.settle(1_000);
    expect(stage.known()).toEqual(['d', 'e']);
    const lease = stage.api.object(LEASE, 'op')!;
    stage.clock.stepWall(-3_600_000);
    const later = await lose();
    expect(Date.parse(later)).toBeLessThan(Date.parse(time));
    stage.api.restore(LEASE, lease);
    await stage.settle(7_200_000);
    expect(stage.known()).toEqual(suspects);
  });

  it('is asked about anew, under a later time, when more is lost', async () => {
    const objects = ['a', 'b', 'c'].map((name) => stage.api.object('/apis/example.com/v1/widgets', name)!);
    const first = await lose();
    for (const object of objects) stage.api.restore('/apis/example.com/v1/widgets', object);
    await stage.settle(2_000);
    const second = formatTimestamp(stage.informer.health().lossTimeMs!);
    expect(Date.parse(second)).toBeGreaterThan(Date.parse(first));
    await say(first);
    expect(stage.known()).toEqual(suspects);
  });

  it('is waited with while the word cannot be read', async () => {
    const time = await lose();
    stage.api.fault({ kind: 'status', code: 403 }, { path: /leases/, times: 2 });
    await say(time);
    expect(stage.known()).toEqual(suspects);
    expect(told.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
    await stage.settle(2 * POLL_MS);
    expect(stage.known()).toEqual([]);
  });
});
