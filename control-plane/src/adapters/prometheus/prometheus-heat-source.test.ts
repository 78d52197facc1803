import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metricFamilies } from '../../eyes/index.ts';
import { heatOf, type HeatReading } from '../../model/heat.ts';
import { HeatLab, HOUR_MS, never } from './prometheus-heat-source.fixture.ts';
import { errorBody, matrix, momentsOf, steady, type Query } from './scripted-prometheus.fixture.ts';

let lab: HeatLab;

beforeEach(async () => {
  lab = await HeatLab.start();
  lab.prometheus.reply = (query, response) => void response.end(steady(query, { 'pvc-1': 40, 'pvc-2': 0 }));
});

afterEach(() => lab.stop());

const familyOf = ({ form }: Query): string | undefined =>
  /(volume|replica)_num_read_ops|openebs_reads|my_reads/.exec(form.get('query') ?? '')?.[0];
const askedFor = (): (string | undefined)[] => lab.prometheus.queries.map(familyOf);
const iopsOf = (reading: HeatReading, volume: string): number | undefined => {
  const heat = heatOf(reading, volume);
  return heat.kind === 'known' ? heat.iops : undefined;
};

describe('a reading', () => {
  it('is one query for the whole fleet, as a form in a POST', async () => {
    const reading = await lab.source().read(HOUR_MS, never);
    expect(reading).toMatchObject({ kind: 'read', windowMs: HOUR_MS, family: 'volume', readAtMs: lab.clock.now() });
    expect([iopsOf(reading, 'pvc-1'), iopsOf(reading, 'pvc-2'), iopsOf(reading, 'pvc-3')]).toEqual([40, 0, undefined]);
    const [query, ...more] = lab.prometheus.queries;
    expect(more).toEqual([]);
    expect(query).toMatchObject({ method: 'POST', path: '/api/v1/query_range' });
    expect(query?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(query?.form ?? [])).toEqual({
      query: 'sum by (pv_name) (rate(volume_num_read_ops[4m]) + rate(volume_num_write_ops[4m]))',
      start: String(lab.clock.now() / 1000 - 59 * 60),
      end: String(lab.clock.now() / 1000),
      step: '60',
      timeout: '9000ms',
    });
  });

  it('shows what it rests on', async () => {
    const heat = heatOf(await lab.source().read(HOUR_MS, never), 'pvc-1');
    expect(heat).toMatchObject({ coverage: 1, evidence: { family: 'volume', sampleCount: 60, stepMs: 60_000 } });
    expect(heat.evidence?.query).toBe(lab.prometheus.queries[0]?.form.get('query'));
    expect(heat.evidence?.newestSampleMs).toBe(lab.clock.now());
  });

  it('takes scrapes to be as far apart as it is told', async () => {
    await lab.source({ scrapeIntervalMs: 5000 }).read(HOUR_MS, never);
    expect(lab.prometheus.queries[0]?.form.get('step')).toBe('30');
    expect(lab.prometheus.queries[0]?.form.get('query')).toContain('[35s]');
  });

  it('leaves out what has no volume', async () => {
    lab.prometheus.reply = (query, response) => {
      response.end(matrix({ '': [[momentsOf(query)[0] ?? 0, '7']], 'pvc-1': [[momentsOf(query).at(-1) ?? 0, '8']] }));
    };
    const reading = await lab.source().read(HOUR_MS, never);
    expect(reading.kind === 'read' && [...reading.byVolumeName.keys()]).toEqual(['pvc-1']);
  });

  it('calls a volume stale by the limit that it is told', async () => {
    lab.prometheus.reply = (query, response) => {
      response.end(matrix({ 'pvc-1': [[momentsOf(query).at(-9) ?? 0, '8']] }));
    };
    const kinds = await Promise.all(
      [8, 7].map(async (minutes) => {
        const reading = await lab.source({ staleAfterMs: minutes * 60_000 }).read(HOUR_MS, never);
        return heatOf(reading, 'pvc-1').kind;
      }),
    );
    expect(kinds).toEqual(['known', 'unknown']);
  });

  it('lives below the path of its URL', async () => {
    await lab.source({ url: `${lab.prometheus.url}/prometheus/` }).read(HOUR_MS, never);
    expect(lab.prometheus.queries[0]?.path).toBe('/prometheus/api/v1/query_range');
  });
});

describe('families', () => {
  const answerOnly = (...names: string[]): void => {
    lab.prometheus.reply = (query, response) => {
      const has = names.includes(familyOf(query) ?? '');
      response.end(has ? steady(query, { 'pvc-1': 5 }).replaceAll('pv_name', labelOf(query)) : matrix({}));
    };
  };
  const labelOf = ({ form }: Query): string => /by \((\w+)\)/.exec(form.get('query') ?? '')?.[1] ?? '';

  it('are asked in order until one has series', async () => {
    answerOnly('openebs_reads');
    const families = metricFamilies({ readOps: 'my_reads', writeOps: 'my_writes', volumeLabel: 'volume' });
    const reading = await lab.source({ families }).read(HOUR_MS, never);
    expect(askedFor()).toEqual(['my_reads', 'volume_num_read_ops', 'replica_num_read_ops', 'openebs_reads']);
    expect(reading).toMatchObject({ kind: 'read', family: 'openebs' });
    expect(iopsOf(reading, 'pvc-1')).toBe(5);
  });

  it('are asked for once each when none has any, and no volume is idle then', async () => {
    answerOnly();
    const reading = await lab.source().read(HOUR_MS, never);
    expect(reading).toMatchObject({ kind: 'read', family: undefined });
    expect(heatOf(reading, 'pvc-1')).toMatchObject({ kind: 'unknown', reason: 'NoSeries' });
    expect(lab.prometheus.queries).toHaveLength(3);
  });

  it('are asked in order every time: a fallback has no say once a better one has, however little', async () => {
    lab.prometheus.reply = (query, response) => {
      const isFallback = familyOf(query) === 'replica_num_read_ops';
      response.end(isFallback ? steady(query, { 'pvc-1': 0, 'pvc-2': 0 }) : matrix({}));
    };
    const source = lab.source({ cacheTtlMs: 0 });
    expect(await source.read(HOUR_MS, never)).toMatchObject({ family: 'replica' });
    lab.prometheus.reply = (query, response) => void response.end(steady(query, { 'pvc-1': 5 }));
    const reading = await source.read(HOUR_MS, never);
    expect(reading).toMatchObject({ family: 'volume' });
    expect(heatOf(reading, 'pvc-2')).toMatchObject({ kind: 'unknown', reason: 'NoSeries' });
    expect(askedFor()).toEqual(['volume_num_read_ops', 'replica_num_read_ops', 'volume_num_read_ops']);
  });

  it('are searched again at once when the one that had series has none any more', async () => {
    answerOnly('volume_num_read_ops');
    const source = lab.source({ cacheTtlMs: 0 });
    await source.read(HOUR_MS, never);
    answerOnly('openebs_reads');
    expect(await source.read(HOUR_MS, never)).toMatchObject({ family: 'openebs' });
    expect(askedFor()).toHaveLength(1 + 3);
  });
});

describe('one answer for many callers', () => {
  it('is shared while it is under way and for half a minute after', async () => {
    const source = lab.source();
    const [first, second] = await Promise.all([source.read(HOUR_MS, never), source.read(HOUR_MS, never)]);
    expect(second).toBe(first);
    await lab.clock.advance(29_999);
    expect(await source.read(HOUR_MS, never)).toBe(first);
    expect(lab.prometheus.queries).toHaveLength(1);
    await lab.clock.advance(1);
    expect(await source.read(HOUR_MS, never)).not.toBe(first);
  });

  it('is one for each window', async () => {
    const source = lab.source();
    await Promise.all([HOUR_MS, 2 * HOUR_MS, HOUR_MS].map((windowMs) => source.read(windowMs, never)));
    expect(lab.prometheus.queries).toHaveLength(2);
  });

  it('remembers a bounded number of windows', async () => {
    const source = lab.source();
    for (let hours = 1; hours <= 65; hours += 1) await source.read(hours * HOUR_MS, never);
    await source.read(65 * HOUR_MS, never);
    expect(lab.prometheus.queries).toHaveLength(65);
    await source.read(HOUR_MS, never);
    expect(lab.prometheus.queries).toHaveLength(66);
  });

  it('comes to the others when one caller gives up', async () => {
    let answer = (): void => undefined;
    lab.prometheus.reply = (query, response) => {
      answer = () => void response.end(steady(query, { 'pvc-1': 40 }));
    };
    const source = lab.source();
    const impatient = new AbortController();
    const given = source.read(HOUR_MS, impatient.signal);
    const kept = source.read(HOUR_MS, never);
    await lab.prometheus.received(1);
    impatient.abort(new Error('enough'));
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    answer();
    expect(iopsOf(await kept, 'pvc-1')).toBe(40);
  });

  it('is given up when the last caller does, and asked for anew by the next', async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<true>();
    lab.prometheus.reply = (_, response) => void response.on('close', () => resolve(true));
    const source = lab.source();
    const impatient = new AbortController();
    const given = source.read(HOUR_MS, impatient.signal);
    await lab.prometheus.received(1);
    impatient.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    lab.prometheus.reply = (query, response) => void response.end(steady(query, { 'pvc-1': 40 }));
    expect(iopsOf(await source.read(HOUR_MS, never), 'pvc-1')).toBe(40);
    await hungUp;
    expect(source.health().lastFailure).toBeUndefined();
    expect(lab.clock.pendingTimerCount).toBe(0);
  });

  it('is still one for those who come after a call that was given up', async () => {
    const answers: (() => void)[] = [];
    lab.prometheus.reply = (query, response) => {
      answers.push(() => void response.end(steady(query, { 'pvc-1': 40 })));
    };
    const source = lab.source();
    const impatient = new AbortController();
    const given = source.read(HOUR_MS, impatient.signal);
    await lab.prometheus.received(1);
    impatient.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    const next = source.read(HOUR_MS, never);
    await lab.prometheus.received(2);
    const joined = source.read(HOUR_MS, never);
    answers[1]?.();
    expect(await joined).toBe(await next);
    expect(lab.prometheus.queries).toHaveLength(2);
  });

  it('does not begin for a caller that gave up before', async () => {
    await expect(lab.source().read(HOUR_MS, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(lab.prometheus.queries).toEqual([]);
  });
});

describe('a server that takes few samples at a time', () => {
  const TOO_MANY = 'query processing would load too many samples into memory in query execution';
  const refuseAbove = (limit: number): void => {
    lab.prometheus.reply = (query, response) => {
      if (momentsOf(query).length > limit) response.writeHead(422).end(errorBody('execution', TOO_MANY));
      else response.end(steady(query, { 'pvc-1': 40 }));
    };
  };

  it('is asked for pieces of the window, which together are the window', async () => {
    refuseAbove(8);
    const reading = await lab.source().read(HOUR_MS, never);
    expect(heatOf(reading, 'pvc-1')).toMatchObject({ iops: 40, coverage: 1, evidence: { sampleCount: 60 } });
    // 60, 30, 15 and 8 moments fit not, not, not, and do: one refusal each, then eight pieces.
    expect(lab.prometheus.queries).toHaveLength(3 + 8);
  });

  it('is asked for as many pieces the next time, and for fewer after a while', async () => {
    refuseAbove(8);
    const source = lab.source({ cacheTtlMs: 0 });
    await source.read(HOUR_MS, never);
    lab.prometheus.queries.length = 0;
    await source.read(HOUR_MS, never);
    expect(lab.prometheus.queries).toHaveLength(8);
    refuseAbove(Infinity);
    await lab.clock.advance(10 * 60_000);
    lab.prometheus.queries.length = 0;
    await source.read(HOUR_MS, never);
    expect(lab.prometheus.queries).toHaveLength(4);
  });

  it('is given up in the end', async () => {
    refuseAbove(0);
    expect(await lab.source().read(24 * HOUR_MS, never)).toMatchObject({
      kind: 'unavailable',
      reason: 'TooManySamples',
    });
    // 1, 2, 4, 8, 16 and 32 pieces, of which the first is refused.
    expect(lab.prometheus.queries).toHaveLength(6);
  });
});

it('a fleet of thousands is read like a small one', async () => {
  const volumes = Array.from({ length: 2_000 }, (_, index) => [`pvc-${index}`, index] as const);
  lab.prometheus.reply = (query, response) => void response.end(steady(query, Object.fromEntries(volumes)));
  const reading = await lab.source().read(HOUR_MS, never);
  expect(volumes.map(([volume]) => iopsOf(reading, volume))).toEqual(volumes.map(([, iops]) => iops));
});

describe('health', () => {
  it('tells of what was asked for anyway', async () => {
    const source = lab.source();
    expect(source.health()).toEqual({ state: 'NotAsked', lastSuccessAgeMs: undefined, lastFailure: undefined });
    await source.read(HOUR_MS, never);
    await lab.clock.advance(31_000);
    expect(source.health()).toEqual({ state: 'Answering', lastSuccessAgeMs: 31_000, lastFailure: undefined });
    lab.prometheus.reply = (_, response) => void response.writeHead(400).end(errorBody('bad_data', 'what?'));
    await source.read(HOUR_MS, never);
    await lab.clock.advance(6000);
    expect(source.health()).toMatchObject({
      state: 'Failing',
      lastSuccessAgeMs: 37_000,
      lastFailure: { reason: 'Refused', ageMs: 6000 },
    });
    lab.prometheus.reply = (_, response) => void response.end(matrix({}));
    await source.read(HOUR_MS, never);
    expect(source.health()).toMatchObject({ state: 'Answering', lastSuccessAgeMs: 0, lastFailure: { ageMs: 6000 } });
  });
});
