/**
 * A real Prometheus on a port of its own, with a data folder of its own: filled beforehand with samples of the past, or scraping
 * targets. For tests and benches; whoever starts one stops it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PrometheusOptions {
  /** The programs; promtool only where samples are given. */
  readonly prometheus: string;
  readonly promtool?: string;
  /** Text in the OpenMetrics format, with a time at every sample. */
  readonly samples?: string;
  /** host:port of exporters to scrape. */
  readonly targets?: readonly string[];
  readonly scrapeIntervalMs?: number;
  readonly flags?: readonly string[];
}

const READY_WITHIN_MS = 20_000;
const POLL_MS = 25;
/** Of what the server writes, enough to say why it did not start. */
const KEPT_LOG_LENGTH = 16_384;

export class PrometheusServer {
  readonly port: number;
  readonly #options: PrometheusOptions;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(options: PrometheusOptions, folder: string, port: number) {
    this.#options = options;
    this.#folder = folder;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Thrown when it is not ready in time: an Error with the end of its log. */
  static async start(options: PrometheusOptions): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    const server = new PrometheusServer(options, folder, await freePort());
    try {
      await server.#prepare();
      await server.resume();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** After kill(), with the data that it had. */
  async resume(): Promise<void> {
    const { prometheus, flags = [] } = this.#options;
    this.#log = '';
    const child = spawn(
      prometheus,
      [
        `--config.file=${join(this.#folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(this.#folder, 'data')}`,
        '--storage.tsdb.retention.time=10y',
        `--web.listen-address=127.0.0.1:${this.port}`,
        ...flags,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-KEPT_LOG_LENGTH);
    });
    await once(child, 'spawn');
    await this.#untilReady(child);
  }

  /** At once and without leave, as a node that goes down would. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Stopped processes keep their connections and answer nothing. */
  async freeze(): Promise<void> {
    const child = this.#process;
    child?.kill('SIGSTOP');
    // The signal reaches its threads one by one.
    while (child?.pid !== undefined && !(await readFile(`/proc/${child.pid}/stat`, 'utf8')).includes(') T '))
      await sleep(POLL_MS);
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    const { targets = [], scrapeIntervalMs = 1000, samples, promtool = 'promtool' } = this.#options;
    const configuration = {
      global: { scrape_interval: `${scrapeIntervalMs}ms`, scrape_timeout: `${scrapeIntervalMs}ms` },
      scrape_configs: targets.length === 0 ? [] : [{ job_name: 'io-engine', static_configs: [{ targets }] }],
    };
    // JSON is YAML.
    await writeFile(join(this.#folder, 'prometheus.yml'), JSON.stringify(configuration));
    if (samples === undefined) return;
    const file = join(this.#folder, 'samples.om');
    await writeFile(file, samples);
    const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=168h', file];
    await run(promtool, [...blocks, join(this.#folder, 'data')]);
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadlineMs = performance.now() + READY_WITHIN_MS;
    while (performance.now() < deadlineMs && child.exitCode === null) {
      const ready = await fetch(`${this.url}/-/ready`).then(
        (response) => response.body?.cancel().then(() => response.ok) ?? response.ok,
        () => false,
      );
      if (ready) return;
      await sleep(POLL_MS);
    }
    throw new Error(`Prometheus is not ready on port ${this.port}:\n${this.#log}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
