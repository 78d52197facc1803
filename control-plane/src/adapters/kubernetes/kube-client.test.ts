import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';
import { LEASES, NAMESPACES } from './resources.ts';
import type { KubeTransport } from './transport.ts';

let api: FakeKubeApi;
let clock: VirtualClock;
let client: KubeClient;

const namespace = (signal?: AbortSignal) => client.get(NAMESPACES, { name: 'kube-system' }, { signal });
const answering = (body: string, status = 200): KubeTransport => ({
  request: () => Promise.resolve({ status, headers: {}, body }),
  open: () => Promise.reject(new Error('not used')),
  close: () => undefined,
});

beforeEach(() => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  client = new KubeClient({ transport: api, clock, requestsPerSecond: 10, burst: 3, requestTimeoutMs: 5_000 });
});

describe('KubeClient', () => {
  it('lets a burst through and then the rate it is given', async () => {
    let done = 0;
    for (let index = 0; index < 13; index += 1) void namespace().then(() => (done += 1));
    await clock.advance(0);
    expect(done).toBe(3);
    await clock.advance(500);
    expect(done).toBe(8);
    await clock.advance(500);
    expect(done).toBe(13);
  });

  it('gives every request a deadline, waiting for the rate included', async () => {
    api.fault({ kind: 'hang' });
    const hanging = namespace().catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await hanging).toMatchObject({ code: 'timeout', fields: { outcome: 'unknown' } });
    const many = Array.from({ length: 60 }, () => namespace().catch((error: unknown) => error));
    await clock.advance(6_000);
    expect((await Promise.all(many)).at(-1)).toMatchObject({ code: 'timeout', fields: { outcome: 'notSent' } });
  });

  it('is not held up by a transport that ignores its signal', async () => {
    const deaf: KubeTransport = { ...answering(''), request: () => new Promise(() => undefined) };
    client = new KubeClient({ transport: deaf, clock });
    const hanging = namespace().catch((error: unknown) => error);
    await clock.advance(15_000);
    expect(await hanging).toMatchObject({ code: 'timeout' });
  });

  it('obeys a signal at every point', async () => {
    await expect(namespace(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled', retryable: false });
    const stop = new AbortController();
    api.fault({ kind: 'hang' });
    const hanging = namespace(stop.signal).catch((error: unknown) => error);
    await clock.advance(0);
    stop.abort();
    expect(await hanging).toMatchObject({ code: 'cancelled' });
    expect(clock.pendingTimerCount).toBe(0);
  });

  it.each(['<html>', '{}', 'null', '{"metadata":{"name":7}}'])('does not take %s for an object', async (body) => {
    client = new KubeClient({ transport: answering(body), clock });
    await expect(namespace()).rejects.toMatchObject({ code: /unavailable|internal/, fields: { outcome: 'unknown' } });
  });

  it('reads an empty list that Go wrote as null, and refuses one without a revision', async () => {
    client = new KubeClient({ transport: answering('{"metadata":{"resourceVersion":"7"},"items":null}'), clock });
    expect(await client.list(NAMESPACES, {})).toEqual({ items: [], resourceVersion: '7' });
    client = new KubeClient({ transport: answering('{"metadata":{},"items":[]}'), clock });
    await expect(client.list(NAMESPACES, {})).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('escapes names, so that none leaves its collection', async () => {
    await client.get(LEASES, { namespace: '../..', name: 'a/b?c' }).catch(() => undefined);
    expect(api.requests[0]?.path).toBe('/apis/coordination.k8s.io/v1/namespaces/..%2F../leases/a%2Fb%3Fc');
  });

  it('reports the answer to a refused watch, and ends one that falls silent', async () => {
    const watch = () => client.watch(NAMESPACES, { resourceVersion: '1', timeoutSeconds: 60, livenessMs: 1_000 });
    api.fault({ kind: 'status', code: 429, retryAfterSeconds: 2 });
    await expect(watch().next()).rejects.toMatchObject({ code: 'tooManyRequests', fields: { retryAfterMs: 2_000 } });
    const events = watch();
    expect((await events.next()).value).toMatchObject({ type: 'ADDED' });
    const silent = events.next().catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await silent).toMatchObject({ code: 'timeout' });
    expect(clock.pendingTimerCount).toBe(0);
  });
});
