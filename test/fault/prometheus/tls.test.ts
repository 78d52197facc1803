/** The sandbox API server stands for any server with a certificate of its own authority: it is no Prometheus, and says so. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { KubeApiServer } from '@couchestor/sandbox/kube';

const never = new AbortController().signal;

describe('heat over TLS', () => {
  let server: KubeApiServer;
  let other: KubeApiServer;
  let source: PrometheusHeatSource | undefined;

  beforeAll(async () => {
    [server, other] = await Promise.all([KubeApiServer.start({ port: 0 }), KubeApiServer.start({ port: 0 })]);
  });

  afterEach(() => source?.close());

  afterAll(async () => {
    await Promise.all([server?.stop(), other?.stop()]);
  });

  const reasonWith = async (caPem: string | undefined): Promise<string> => {
    source = new PrometheusHeatSource({ url: server.url, clock: realClock, logger: nullLogger, attempts: 1, caPem });
    const reading = await source.read(3_600_000, never);
    return reading.kind === 'unavailable' ? `${reading.reason}: ${reading.message}` : reading.kind;
  };

  it('trusts the authority that it is given', async () => {
    expect(await reasonWith(server.caPem)).toMatch(/^AccessDenied: .* answered 403/);
  });

  it('trusts no other, and sends nothing there', async () => {
    expect(await reasonWith(undefined)).toMatch(/^Unreachable: .*certificate/);
    expect(await reasonWith(other.caPem)).toMatch(/^Unreachable: .*certificate/);
  });
});
