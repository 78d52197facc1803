import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvariantError, VirtualClock } from '@couchestor/common/base';
import { EventRecorder } from './event-recorder.ts';
import { cutToBytes, type Happening } from './event-series.ts';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';

let api: FakeKubeApi;
let clock: VirtualClock;
let recorder: EventRecorder;
let stop: AbortController;
let running: Promise<void>;

const happening = (note = 'Moved.', name = 'policy'): Happening => ({
  regarding: { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', name, uid: `uid-${name}` },
  type: 'Normal',
  reason: 'Moved',
  action: 'Move',
  note,
});
const written = () => api.requests.map(({ verb, path, body }) => ({ verb, path, body }));

function start(options: Partial<ConstructorParameters<typeof EventRecorder>[0]> = {}): void {
  const client = new KubeClient({ transport: api, clock });
  recorder = new EventRecorder({ client, reportingController: 'x/y', reportingInstance: 'pod', ...options });
  running = recorder.run(stop.signal);
}

beforeEach(() => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running;
});

describe('EventRecorder', () => {
  it('writes an Event that the API accepts, in the namespace default for a cluster-scoped object', async () => {
    start();
    recorder.record(happening());
    await clock.advance(0);
    expect(written()).toHaveLength(1);
    expect(written()[0]).toMatchObject({
      verb: 'create',
      path: '/apis/events.k8s.io/v1/namespaces/default/events',
      body: {
        metadata: { namespace: 'default' },
        regarding: { kind: 'StoragePolicy', name: 'policy' },
        reason: 'Moved',
        action: 'Move',
        note: 'Moved.',
        type: 'Normal',
        eventTime: '2025-01-01T00:00:00.000000Z',
        reportingController: 'x/y',
        reportingInstance: 'pod',
      },
    });
  });

  it('names an Event of a long-named object as the API demands', async () => {
    start();
    recorder.record(happening('Moved.', `${'n'.repeat(199)}.long`));
    await clock.advance(0);
    expect(written()[0]?.body).toMatchObject({
      metadata: { name: expect.stringMatching(/^n{199}[.][0-9a-f]{16}$/) as unknown },
    });
  });

  it('counts repetitions in one Event', async () => {
    start();
    recorder.record(happening());
    await clock.advance(1_000);
    for (let time = 0; time < 5; time += 1) recorder.record(happening());
    await clock.advance(1_000);
    expect(written().map(({ verb }) => verb)).toEqual(['create', 'patch']);
    expect(written()[1]!.body).toEqual({ series: { count: 6, lastObservedTime: '2025-01-01T00:00:01.000000Z' } });
  });

  it('starts another Event after a long silence, and when the old one has expired', async () => {
    start();
    recorder.record(happening());
    await clock.advance(7 * 60_000);
    recorder.record(happening());
    await clock.advance(0);
    expect(written().map(({ verb }) => verb)).toEqual(['create', 'create']);
    const body = written()[1]!.body as { metadata: { name: string } };
    api.remove('/apis/events.k8s.io/v1/namespaces/default/events', body.metadata.name);
    recorder.record(happening());
    await clock.advance(0);
    expect(written().map(({ verb }) => verb)).toEqual(['create', 'create', 'patch', 'create']);
  });

  it('makes one Event of a creation whose answer was lost', async () => {
    start();
    api.fault({ kind: 'lostAnswer' }, { verb: 'create' });
    recorder.record(happening());
    await clock.advance(10_000);
    const names = written().map(({ body }) => (body as { metadata: { name: string } }).metadata.name);
    expect([names.length, new Set(names).size, recorder.droppedCount]).toEqual([2, 1, 0]);
  });

  it('combines many different notes about one object', async () => {
    start();
    for (let index = 0; index < 30; index += 1) recorder.record(happening(`volume ${String(index)}`));
    await clock.advance(0);
    expect(written()).toHaveLength(11);
    expect(written().at(-1)!.body).toMatchObject({ note: expect.stringMatching(/^\(combined/), series: { count: 20 } });
  });

  it('limits what it writes about one object, and counts what it dropped', async () => {
    start({ burstPerObject: 2, writesPerSecondPerObject: 0.1 });
    for (let index = 0; index < 5; index += 1) recorder.record(happening(`note ${String(index)}`));
    recorder.record(happening('other', 'other'));
    await clock.advance(0);
    expect(written()).toHaveLength(3);
    expect(recorder.droppedCount).toBe(3);
  });

  it('does not count what was written as dropped later', async () => {
    start({ burstPerObject: 1, writesPerSecondPerObject: 0.001 });
    recorder.record(happening());
    await clock.advance(0);
    recorder.record(happening());
    await clock.advance(0);
    expect([written().length, recorder.droppedCount]).toEqual([1, 1]);
  });

  it('never blocks or throws: a full queue drops', () => {
    start({ maxPending: 3 });
    api.fault({ kind: 'hang' }, { times: Infinity });
    for (let index = 0; index < 10; index += 1) recorder.record(happening('note', `policy-${String(index)}`));
    expect(recorder.droppedCount).toBe(7);
  });

  it('retries passing faults, gives up on lasting ones, and goes on with the next', async () => {
    start();
    api.fault({ kind: 'status', code: 500 }, { times: 2 });
    recorder.record(happening('first'));
    await clock.advance(10_000);
    expect(recorder.droppedCount).toBe(0);
    api.fault({ kind: 'status', code: 403 });
    recorder.record(happening('second'));
    recorder.record(happening('third'));
    await clock.advance(0);
    expect(recorder.droppedCount).toBe(1);
    expect(written().at(-1)!.body).toMatchObject({ note: 'third' });
  });
});

describe('cutToBytes', () => {
  it('stays within the limit and never halves a character', () => {
    for (const text of ['a'.repeat(2_000), 'ä'.repeat(1_000), '€'.repeat(700), '😀'.repeat(500)]) {
      for (const limit of [1_021, 1_022, 1_023, 1_024]) {
        const cut = cutToBytes(text, limit);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
        expect(Buffer.byteLength(cut)).toBeGreaterThan(limit - 8);
        expect(cut).not.toContain('\ufffd');
      }
    }
    expect(cutToBytes('short', 1_024)).toBe('short');
  });

  it('does not survive a broken invariant', async () => {
    const client = new KubeClient({ transport: api, clock });
    client.create = () => Promise.reject(new InvariantError('bug'));
    start({ client });
    const ended = running;
    running = Promise.resolve();
    recorder.record(happening());
    await expect(ended).rejects.toBeInstanceOf(InvariantError);
  });
});
