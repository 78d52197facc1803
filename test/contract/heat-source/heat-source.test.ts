/** What every HeatSource promises, held by the fake that other tests trust and by the adapter of Prometheus. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { FakeHeatSource, PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

interface Subject {
  readonly source: Pick<PrometheusHeatSource, 'read'>;
  readonly clock: VirtualClock;
  set(volume: string, iops: number, options?: { coverage: number }): void;
  remove(volume: string): void;
  fail(): void;
  answer(): void;
  /** How often whoever knows the heat was asked. */
  readings(): number;
  stop(): Promise<void>;
}

type Reading = Awaited<ReturnType<Subject['source']['read']>>;

function startFake(): Promise<Subject> {
  const clock = new VirtualClock();
  const source = new FakeHeatSource({ clock });
  return Promise.resolve({
    source,
    clock,
    set: (volume, iops, options) => source.set(volume, iops, options),
    remove: (volume) => source.remove(volume),
    fail: () => source.fail(),
    answer: () => source.answer(),
    readings: () => source.readingCount,
    stop: () => Promise.resolve(),
  });
}

async function startPrometheus(): Promise<Subject> {
  const clock = new VirtualClock();
  const volumes = new Map<string, { iops: number; coverage: number }>();
  const state = { isDown: false, readings: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      response.sendDate = false;
      const isFirstFamily = form.get('query')?.includes('volume_num_read_ops') === true;
      if (isFirstFamily) state.readings += 1;
      if (state.isDown) response.writeHead(404).end();
      else response.end(answerOf(form, isFirstFamily ? volumes : new Map()));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source = new PrometheusHeatSource({ url, clock, logger: nullLogger });
  return {
    source,
    clock,
    set: (volume, iops, { coverage } = { coverage: 1 }) => void volumes.set(volume, { iops, coverage }),
    remove: (volume) => void volumes.delete(volume),
    fail: () => void (state.isDown = true),
    answer: () => void (state.isDown = false),
    readings: () => state.readings,
    stop: async () => {
      source.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerOf(form: URLSearchParams, volumes: ReadonlyMap<string, { iops: number; coverage: number }>): string {
  const [start = NaN, end = NaN, step = NaN] = ['start', 'end', 'step'].map((name) => Number(form.get(name)));
  const count = Math.round((end - start) / step) + 1;
  const result = [...volumes].map(([volume, { iops, coverage }]) => {
    const missing = count - Math.round(coverage * count);
    const values = Array.from({ length: count }, (_, index) => [start + index * step, String(iops)]).slice(missing);
    return { metric: { pv_name: volume }, values };
  });
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
}

describe.each([
  ['FakeHeatSource', startFake],
  ['PrometheusHeatSource', startPrometheus],
])('%s', (_, start) => {
  let subject: Subject;
  const read = (windowMs = HOUR_MS): Promise<Reading> => subject.source.read(windowMs, never);
  const heatIn = (reading: Reading, volume: string): unknown =>
    reading.kind === 'read' ? reading.byVolumeName.get(volume) : reading;

  beforeEach(async () => {
    subject = await start();
  });

  afterEach(() => subject.stop());

  it('knows the heat of every volume that has series, and what it rests on', async () => {
    subject.set('pvc-1', 250);
    subject.set('pvc-2', 0);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'read', windowMs: HOUR_MS, family: 'volume', readAtMs: subject.clock.now() });
    expect(heatIn(reading, 'pvc-1')).toEqual({
      kind: 'known',
      iops: 250,
      coverage: 1,
      evidence: {
        family: 'volume',
        query: 'sum by (pv_name) (rate(volume_num_read_ops[4m]) + rate(volume_num_write_ops[4m]))',
        windowMs: HOUR_MS,
        stepMs: 60_000,
        sampleCount: 60,
        expectedSampleCount: 60,
        newestSampleMs: subject.clock.now(),
      },
    });
    expect(heatIn(reading, 'pvc-2')).toMatchObject({ kind: 'known', iops: 0 });
  });

  it('says how much of the window has samples', async () => {
    subject.set('pvc-1', 250, { coverage: 0.5 });
    expect(heatIn(await read(), 'pvc-1')).toMatchObject({ coverage: 0.5, evidence: { sampleCount: 30 } });
  });

  it('has nothing of a volume without series, and no family where no volume has any', async () => {
    subject.set('pvc-1', 250);
    expect(heatIn(await read(), 'pvc-2')).toBeUndefined();
    subject.remove('pvc-1');
    const reading = await read(2 * HOUR_MS);
    expect(reading).toMatchObject({ kind: 'read', family: undefined });
    expect(heatIn(reading, 'pvc-1')).toBeUndefined();
  });

  it('says why there is no heat, instead of throwing', async () => {
    subject.set('pvc-1', 250);
    subject.fail();
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'unavailable', windowMs: HOUR_MS, readAtMs: subject.clock.now() });
    expect(reading.kind === 'unavailable' && reading.reason).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(reading.kind === 'unavailable' && reading.message).toMatch(/.\.$/);
  });

  it('shares a reading for half a minute', async () => {
    subject.set('pvc-1', 250);
    const first = await read();
    subject.set('pvc-1', 500);
    await subject.clock.advance(29_999);
    expect(await read()).toBe(first);
    expect(subject.readings()).toBe(1);
    await subject.clock.advance(1);
    expect(heatIn(await read(), 'pvc-1')).toMatchObject({ iops: 500 });
  });

  it('makes one reading for callers at the same time, and one for each window', async () => {
    const [first, second, other] = await Promise.all([read(), read(), read(2 * HOUR_MS)]);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(subject.readings()).toBe(2);
  });

  it('tries again a few seconds after a failure', async () => {
    subject.fail();
    await read();
    subject.answer();
    subject.set('pvc-1', 250);
    await subject.clock.advance(4_999);
    expect(await read()).toMatchObject({ kind: 'unavailable' });
    await subject.clock.advance(1);
    expect(heatIn(await read(), 'pvc-1')).toMatchObject({ iops: 250 });
  });

  it('throws for a caller that gives up, and serves the others', async () => {
    subject.set('pvc-1', 250);
    await expect(subject.source.read(HOUR_MS, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    const impatient = new AbortController();
    const given = subject.source.read(HOUR_MS, impatient.signal);
    const kept = read();
    impatient.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    expect(heatIn(await kept, 'pvc-1')).toMatchObject({ iops: 250 });
  });
});
