/** The operator as a process: its flags, its ports, and how it ends. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from './lab.ts';
import { eventually, get, OperatorProcess, outcomeOf } from './operator-process.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start();
  lab.kube.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } }]);
}, 60_000);
afterEach(() => lab.killOperators());
afterAll(() => lab.stop());

const leads = (operator: OperatorProcess) =>
  eventually('it leads', async () => ((await operator.metric('storage_operator_leader')) === 1 ? true : undefined));
const portOf = (url: string): number => Number(new URL(url).port);

describe('couchestor-operator', () => {
  it('lists every problem of its configuration and exits with 2', async () => {
    const wrong = ['--pool-reserve=91', '--reconcile-interval=soon', '--mayastor-url=nowhere', '--no-such-flag'];
    const { code, err } = await outcomeOf(wrong);
    expect(code).toBe(2);
    for (const name of ['pool-reserve', 'reconcile-interval', 'mayastor-url', 'no-such-flag'])
      expect(err).toMatch(name);
    const version = await outcomeOf([
      `--kubeconfig=${lab.kubeconfig}`,
      `--mayastor-url=${lab.mayastorUrl}`,
      '--mayastor-version=x',
    ]);
    expect([version.code, version.err]).toEqual([2, expect.stringMatching(/release of Mayastor/)]);
    const { err: together } = await outcomeOf(['--heat-metrics=a,b', '--mayastor-version=9x']);
    expect(together.trim().split('\n')).toEqual([
      expect.stringMatching(/--kubeconfig: is required/),
      expect.stringMatching(/--heat-metrics: "a,b" is not three names/),
      expect.stringMatching(/--mayastor-version: says nothing without --mayastor-url/),
      expect.stringMatching(/--mayastor-version: "9x" is no release of Mayastor; give one such as 2\.9\.1\./),
    ]);
    expect(await outcomeOf(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^couchestor-operator \d/),
    });
    expect(await outcomeOf(['--help'])).toMatchObject({ code: 0, out: expect.stringMatching(/--prometheus-url/) });
  });

  // observes: --kubeconfig, KUBECONFIG
  it('finds its cluster by the flag or the variable, and says what to give without them', async () => {
    expect(await outcomeOf([])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--kubeconfig: is required.*KUBECONFIG/),
    });
    const missing = await outcomeOf([], { KUBECONFIG: join(lab.folder, 'none') });
    expect(missing).toMatchObject({ code: 2, err: expect.stringMatching(/no such file/) });
    const args = lab.arguments().filter((argument) => !argument.startsWith('--kubeconfig'));
    const operator = await OperatorProcess.start(args, { KUBECONFIG: lab.kubeconfig });
    await leads(operator);
    await operator.kill();
  }, 40_000);

  it('ends in time and in order when it is told to, and gives the lease back', async () => {
    const operator = await lab.operator();
    await leads(operator);
    const startMs = performance.now();
    operator.signal('SIGTERM');
    expect(await operator.ended()).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(lab.leaseHolder()).toBe('');
  }, 40_000);

  // observes: --namespace, NAMESPACE
  it('holds the lease in its namespace', async () => {
    await leads(await lab.operator(['--namespace=elsewhere']));
    expect(lab.leaseHolder('elsewhere')).not.toBe('');
    await lab.killOperators();
    const before = lab.leaseHolder('default');
    await leads(await lab.operator([], { NAMESPACE: 'default' }));
    expect([before, lab.leaseHolder('default')]).toEqual([undefined, expect.stringMatching(/\w/)]);
  }, 40_000);

  // observes: --leader-elect
  it('acts without a lease when it is vouched for to be alone', async () => {
    const holder = lab.leaseHolder();
    const operator = await lab.operator(['--no-leader-elect']);
    await leads(operator);
    expect(lab.leaseHolder()).toBe(holder);
  }, 40_000);

  // observes: --metrics-host, --metrics-port, --probe-host, --probe-port, --api-host, --api-port
  it('listens where it is told', async () => {
    const free = await lab.operator();
    const [metrics, probes, api] = [portOf(free.urls.metrics), portOf(free.urls.probes), portOf(free.urls.api)];
    await free.kill();
    const ports = [`--metrics-port=${metrics}`, `--probe-port=${probes}`, `--api-port=${api}`];
    const hosts = ['--metrics-host=127.0.0.2', '--probe-host=127.0.0.3', '--api-host=127.0.0.4'];
    await lab.operator([...hosts, ...ports]);
    expect(await get(`http://127.0.0.2:${metrics}/metrics`)).toMatchObject({ status: 200 });
    expect(await get(`http://127.0.0.3:${probes}/livez`)).toMatchObject({ status: 200 });
    expect((await get(`http://127.0.0.4:${api}/api/v1/decisions?x=y`)).status).toBe(400);
    await expect(get(`http://127.0.0.1:${metrics}/metrics`)).rejects.toThrow(/ECONNREFUSED/);
  }, 40_000);

  // observes: --log-level, LOG_LEVEL
  it('logs no more than it is told', async () => {
    const messages = async (args: readonly string[], env = {}) => {
      const operator = await lab.operator(args, env);
      await leads(operator);
      await eventually(
        'a round',
        async () => ((await operator.metric('storage_operator_round_duration_seconds_count')) ?? 0) > 0 || undefined,
      );
      return operator.lines.map(({ level }) => level);
    };
    expect(await messages(['--log-level=info'], { LOG_LEVEL: 'error' })).toContain('info');
    await lab.killOperators();
    const debugging = await lab.operator([], { LOG_LEVEL: 'debug' });
    lab.applyPolicy('logged');
    await eventually('a line for debugging', () => debugging.lines.some(({ level }) => level === 'debug') || undefined);
  }, 60_000);

  // observes: --log-json
  it('logs for people unless it is told to log JSON', async () => {
    const taken = await lab.operator();
    const args = [...lab.arguments(), '--metrics-host=127.0.0.1', `--metrics-port=${portOf(taken.urls.metrics)}`];
    const text = await outcomeOf(args);
    expect(text).toMatchObject({ code: 1, out: expect.stringMatching(/Cannot listen/) });
    expect(() => JSON.parse(text.out.split('\n')[0] ?? '') as unknown).toThrow();
    const json = await outcomeOf([...args, '--log-json']);
    expect(JSON.parse(json.out.split('\n')[0] ?? '')).toMatchObject({ level: 'error' });
  }, 40_000);

  // observes: --reconcile-interval
  it('looks at the cluster as often as it is told', async () => {
    const rounds = (operator: OperatorProcess) =>
      operator.metric('storage_operator_heat_queries_total{result="failure"}');
    const lazy = await lab.operator(['--reconcile-interval=1h']);
    const eager = await lab.operator(['--reconcile-interval=1s']);
    await eventually('several rounds of the eager one', async () => ((await rounds(eager)) ?? 0) >= 4 || undefined);
    expect(await rounds(lazy)).toBeLessThan(4);
  }, 40_000);

  // observes: --mayastor-ca-file, --prometheus-ca-file
  it('trusts whom it is told to trust', async () => {
    // Any server with a certificate of its own will do: what counts is whether the connection comes to stand.
    const ca = join(lab.folder, 'ca.pem');
    writeFileSync(ca, lab.kube.caPem);
    const urls = [`--mayastor-url=${lab.kube.url}`, `--prometheus-url=${lab.kube.url}`];
    const reasons = async (args: readonly string[]): Promise<string> => {
      const operator = await lab.operator([...urls, ...args]);
      return eventually('a round', async () => {
        const { body } = await operator.get('probes', '/readyz');
        return body.includes('NotChecked') ? undefined : body;
      });
    };
    const distrusted = await reasons([]);
    expect(distrusted).toMatch(/^\[-\]storage: .*certificate/m);
    expect(distrusted).toMatch(/^\[-\]prometheus: .*certificate/m);
    expect(await reasons([`--mayastor-ca-file=${ca}`, `--prometheus-ca-file=${ca}`])).not.toMatch(/certificate/);
  }, 60_000);
});
