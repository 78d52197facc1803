/**
 * A server that has one answer to a range query of Prometheus ready, as bytes: what it takes to read the answer is then all that is
 * measured.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { planQuery } from '@couchestor/control-plane/eyes';

export interface CannedAnswer {
  readonly url: string;
  readonly sizeBytes: number;
  stop(): Promise<void>;
}

/** Samples of every minute of the window that ends now. */
export async function serveAnswer(volumes: number, windowMs: number): Promise<CannedAnswer> {
  const body = Buffer.from(answerOf(volumes, windowMs));
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    sizeBytes: body.length,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerOf(volumes: number, windowMs: number): string {
  const { startMs, stepMs, stepCount } = planQuery({ windowMs, nowMs: Date.now(), scrapeIntervalMs: 60_000 });
  const series = Array.from({ length: volumes }, (_, index) => ({
    metric: { pv_name: `pvc-00000000-0000-4000-8000-${String(index).padStart(12, '0')}` },
    values: Array.from({ length: stepCount }, (__, step) => [
      (startMs + step * stepMs) / 1000,
      // As long as the rates that Prometheus prints.
      String(index + (step + 1) / 7),
    ]),
  }));
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: series } });
}
