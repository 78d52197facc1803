/**
 * Everything at once, in one process: the sandbox Kubernetes API behind a proxy that breaks, the Mayastor stand-in with its
 * exporters, a Prometheus that scrapes them, and an operator that runs by itself. Kubernetes keeps real time with little patience;
 * all else is on a virtual clock, which goes on when nothing is under way or what is under way does not end.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nullLogger, realClock, VirtualClock } from '@couchestor/common/base';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { IoEngineExporters, type RandomDraws } from '@couchestor/sandbox/mayastor';
import { PrometheusStandIn, Scraper } from '@couchestor/sandbox/prometheus';
import { Chain } from '../../integration/tiering/chain.ts';
import { Surroundings } from '../../integration/tiering/surroundings.ts';
import { FAST_GUARD, FAST_TIMING } from '../kube-adapter/lab.ts';
import { TcpProxy } from '../kube-adapter/tcp-proxy.ts';
import { PrometheusFront } from './prometheus-front.ts';
import { Watchdog, type OperatorFlags } from './watchdog.ts';

export const POOLS = ['hot-1', 'hot-2', 'warm-1', 'cold-1', 'cold-2'];
const SCRAPE_MS = 10_000;
const ROUND_MS = 10_000;
/** Time goes on by this much at once. */
const STEP_MS = 2_500;
/** Real time without a request after which something under way is taken for hung. */
const HUNG_AFTER_MS = 15;
/** For what was shared of an earlier failure to be forgotten. */
const RECOVERY_MS = 10_000;
/** Both have to pass: rounds are made in virtual time, and what Kubernetes is asked to do has real time. */
const SETTLED_WITHIN = { virtualMs: 5 * 60_000, realMs: 10_000 };
const REQUEST_TIMEOUT_MS = 5_000;

interface Operator {
  readonly chain: Chain;
  readonly heat: PrometheusHeatSource;
  readonly flags: OperatorFlags;
}

export class SoakWorld {
  readonly clock: VirtualClock;
  readonly around: Surroundings;
  readonly prometheus: PrometheusFront;
  readonly proxy: TcpProxy;
  readonly watchdog: Watchdog;
  readonly #scraper: Scraper;
  readonly #standIn: PrometheusStandIn;
  readonly #exporters: IoEngineExporters;
  readonly #stop = new AbortController();
  #underWay = 0;
  #nextScrapeMs = 0;
  #operator: Operator | undefined;

  private constructor(
    parts: Pick<SoakWorld, 'clock' | 'around' | 'prometheus' | 'proxy'> & {
      exporters: IoEngineExporters;
      standIn: PrometheusStandIn;
    },
  ) {
    this.clock = parts.clock;
    this.around = parts.around;
    this.prometheus = parts.prometheus;
    this.proxy = parts.proxy;
    this.#exporters = parts.exporters;
    this.#standIn = parts.standIn;
    const { clock } = this;
    const targets = (): readonly string[] => this.#exporters.targets;
    const { store } = this.#standIn;
    this.#scraper = new Scraper({ targets, store, clock, intervalMs: SCRAPE_MS, job: 'io-engine' });
    this.watchdog = new Watchdog(this.around, this.prometheus);
  }

  static async start(stalenessMs: number): Promise<SoakWorld> {
    const clock = new VirtualClock(Date.UTC(2026, 1, 17, 12));
    const around = await Surroundings.start({
      clock,
      pools: POOLS,
      kube: { bookmarkIntervalMs: 150 },
      stalenessMs,
      objects: { refreshMs: 5_000 },
    });
    const exporters = await IoEngineExporters.start({ cluster: around.cluster });
    // It is told when to scrape, so that no scrape is late.
    const standIn = await PrometheusStandIn.start({ targets: () => [], clock, intervalMs: 3_600_000 });
    const prometheus = await PrometheusFront.start(standIn.url, clock);
    const proxy = await TcpProxy.start(new URL(around.kube.url));
    return new SoakWorld({ clock, around, exporters, standIn, prometheus, proxy });
  }

  get flags(): OperatorFlags {
    return this.#running.flags;
  }

  get report(): Chain['report'] {
    return this.#running.chain.report;
  }

  get #running(): Operator {
    if (this.#operator === undefined) throw new Error('no operator runs');
    return this.#operator;
  }

  /** As a kill and a start: a new process with other flags, of which nothing is known but what is in the cluster. */
  async restart(flags: OperatorFlags): Promise<void> {
    await this.#endOperator();
    const heat = this.#heatSource();
    const chain = this.#chain(heat, flags);
    this.#operator = { chain, heat, flags };
    chain.run();
  }

  /** Lets time pass with scrapes and rounds in it. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.monotonic() + ms;
    for (let restMs = ms; restMs > 0; restMs = untilMs - this.clock.monotonic()) {
      if (this.clock.monotonic() >= this.#nextScrapeMs) {
        this.#nextScrapeMs = this.clock.monotonic() + SCRAPE_MS;
        await this.#scraper.scrapeAll(this.#stop.signal);
      }
      await this.clock.advance(Math.min(restMs, STEP_MS));
      await this.#quiet();
    }
    const { failure } = this.#running.chain;
    if (failure !== undefined) throw new Error('a part of the operator has ended', { cause: failure });
  }

  clearFaults(): void {
    this.around.kube.faults.clear();
    this.around.cluster.faults.clear();
    this.prometheus.fault = undefined;
  }

  /**
   * Without faults, until the operator has decided on the present state and every status says so. Thrown when it does not come to
   * that: what is still missing.
   */
  async settle(): Promise<void> {
    this.clearFaults();
    await this.#running.chain.inStep();
    await this.pass(RECOVERY_MS);
    const sinceMs = this.clock.now();
    const startedMs = performance.now();
    const isPatient = (): boolean =>
      this.clock.now() - sinceMs < SETTLED_WITHIN.virtualMs || performance.now() - startedMs < SETTLED_WITHIN.realMs;
    let missing: string | undefined = 'nothing was looked at';
    while (isPatient()) {
      await this.pass(STEP_MS);
      const { report } = this;
      if (report === undefined || report.startedAtMs < sinceMs) missing = 'there was no round';
      else missing = this.watchdog.unsettled(report);
      if (missing === undefined) return;
      await realClock.sleep(3);
    }
    throw new Error(`the operator does not settle: ${missing}`);
  }

  /** What a new operator would decide at this moment. */
  async freshReport(): Promise<NonNullable<Chain['report']>> {
    const heat = this.#heatSource();
    const chain = new Chain(this.around, { heat, settings: this.flags, informers: patience }).follow();
    try {
      await chain.inStep();
      return await chain.rounds.report(undefined, this.#stop.signal);
    } finally {
      await chain.stop();
      heat.close();
    }
  }

  async stop(): Promise<void> {
    this.clearFaults();
    await this.#endOperator();
    this.#stop.abort();
    await this.prometheus.stop();
    await this.proxy.stop();
    await Promise.all([this.#standIn.stop(), this.#exporters.stop(), this.around.stop()]);
  }

  async #endOperator(): Promise<void> {
    await this.#operator?.chain.stop();
    this.#operator?.heat.close();
    this.#operator = undefined;
  }

  #heatSource(): PrometheusHeatSource {
    const timing = { cacheTtlMs: ROUND_MS, scrapeIntervalMs: SCRAPE_MS, staleAfterMs: 45_000 };
    const limits = { requestTimeoutMs: REQUEST_TIMEOUT_MS, deadlineMs: 2 * REQUEST_TIMEOUT_MS, attempts: 2 };
    const { url } = this.prometheus;
    return new PrometheusHeatSource({ url, clock: this.clock, logger: nullLogger, ...timing, ...limits });
  }

  #chain(heat: PrometheusHeatSource, flags: OperatorFlags): Chain {
    const { watchdog } = this;
    return new Chain(this.around, {
      heat: { read: (windowMs, signal) => this.#track(heat.read(windowMs, signal)) },
      settings: flags,
      intervalMs: ROUND_MS,
      timeoutMs: 3 * REQUEST_TIMEOUT_MS,
      requestTimeoutMs: 300,
      apiPort: this.proxy.port,
      mayastor: { requestTimeoutMs: REQUEST_TIMEOUT_MS, attempts: 2, pages: { pageSize: 20 } },
      informers: patience,
      onReport: (report) => watchdog.round(report, flags),
      between: {
        storage: (real) => ({ observe: (signal) => this.#track(real.observe(signal)) }),
        announcer: (real) => watchdog.announcing(real, flags),
        events: (real) => watchdog.recording(real),
      },
    });
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #quiet(): Promise<void> {
    let [askedCount, sinceMs] = [0, performance.now()];
    do {
      await nextTurn();
      const { length } = this.around.asked;
      if (length > askedCount) [askedCount, sinceMs] = [length, performance.now()];
    } while (this.#underWay > 0 && performance.now() - sinceMs < HUNG_AFTER_MS);
  }
}

/** Events that were lost without a trace come back soon. */
const patience = {
  timing: { ...FAST_TIMING, relistMs: 700, livenessMs: 450 },
  guard: FAST_GUARD,
};

export interface Step {
  readonly name: string;
  readonly weight: number;
  readonly run: (world: SoakWorld, draws: RandomDraws) => void | Promise<void>;
}
