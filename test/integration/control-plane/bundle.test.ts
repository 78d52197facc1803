/** The operator as it ships: one file, on Node alone. What it weighs is held here; what it does, by the tests on its sources. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleOperator } from '../../../scripts/bundle.ts';
import { Lab } from './lab.ts';
import { eventually, OperatorProcess } from './operator-process.ts';

const MIB = 1024 ** 2;
const MAX_SIZE_BYTES = 10 * MIB;
/** A sixth above what it is, some of which goes to the many requests of a slow machine; the goal is 128. */
const MAX_IDLE_MIB = 112;
/** Connections are made, and what starting up threw away is collected. */
const SETTLED_AFTER_MS = 3_000;

describe('the bundle of couchestor-operator', () => {
  let lab: Lab;
  let prometheus: Server;
  let file: string;
  let sizeBytes: number;

  beforeAll(async () => {
    lab = await Lab.start();
    prometheus = await prometheusWithoutData();
    file = join(lab.folder, 'couchestor-operator.mjs');
    sizeBytes = await bundleOperator(file);
  }, 60_000);
  afterAll(async () => {
    prometheus.close();
    await lab.stop();
  });

  it('is small, and keeps the licences of its parts', () => {
    expect(sizeBytes).toBeLessThan(MAX_SIZE_BYTES);
    expect(readFileSync(`${file}.LEGAL.txt`, 'utf8')).toMatch(/@license/);
  });

  it('is ASCII, of which Node keeps one byte a character instead of two', () => {
    const text = readFileSync(file, 'utf8');
    expect([...new Set(text.match(/\P{ASCII}/gu))]).toEqual([]);
  });

  it('holds none of the models of client-node', () => {
    expect(readFileSync(file, 'utf8')).not.toMatch(/V1PodTemplateSpec|ObjectSerializer/);
  });

  it('becomes ready and leads, and takes little memory', async () => {
    const args = lab.arguments().filter((argument) => !argument.startsWith('--prometheus-url'));
    const { port } = prometheus.address() as AddressInfo;
    const operator = await OperatorProcess.start([...args, `--prometheus-url=http://127.0.0.1:${port}`], {}, file);
    try {
      await eventually('it is ready', async () =>
        (await operator.get('probes', '/readyz')).status === 200 ? true : undefined,
      );
      await eventually('it leads', async () =>
        (await operator.metric('storage_operator_leader')) === 1 ? true : undefined,
      );
      await sleep(SETTLED_AFTER_MS);
      expect(rssMiB(operator.pid) ?? 0).toBeLessThan(MAX_IDLE_MIB);
      operator.signal('SIGTERM');
      expect(await operator.ended()).toBe(0);
    } finally {
      await operator.kill();
    }
  }, 60_000);
});

async function prometheusWithoutData(): Promise<Server> {
  const answer = { status: 'success', data: { resultType: 'matrix', result: [] } };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Undefined where the system does not say (other than Linux). */
function rssMiB(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}
