/**
 * The control plane at work. Probes are served before anything else runs, so that a cluster that does not answer is visible as
 * such. Every replica plans and answers questions; the leader alone writes. Whatever ends unexpectedly ends everything.
 */
import { allOrNone, type InvariantError } from '@couchestor/common/base';
import type { OperatorConfig } from '../config.ts';
import { runController } from '../loop/index.ts';
import { assemble, OBSERVE_TIMEOUT_MS, type OperatorOptions, type OperatorParts } from './assemble.ts';
import { startHttpServers, type HttpServers } from './http-servers.ts';

const WORKERS = 4;
const RESYNC_MS = 10 * 60_000;
const SYNC_PATIENCE_MS = 5_000;
/** Beyond the longest that a round and the pause before it should take. */
const SPARE_MS = 60_000;

/**
 * Runs until `signal` aborts, and then in order to its end. Thrown: CoucheStorError `invalid` when the configuration cannot be
 * meant, others when an address is taken or leadership is lost; InvariantError.
 */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, version } = options;
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const parts = assemble(options, stop);
  const broken = Promise.withResolvers<never>();
  const servers = await serve(options, parts, (error) => broken.reject(error));
  logger.info('Serving.', { version, ...servers.urls });
  const { queue, reconciler, policies } = parts;
  const reconcilePolicies = (leading: AbortSignal): Promise<void> =>
    runController(
      {
        queue,
        reconciler,
        subscribe: (changed) => policies.subscribe(changed),
        workers: WORKERS,
        resyncMs: RESYNC_MS,
        clock,
        logger,
      },
      leading,
    );
  const control = async (leading: AbortSignal): Promise<void> => {
    await allOrNone(leading, (all) => [reconcilePolicies(all), parts.migrating.run(all)]);
  };
  const running = [
    ...parts.informers.map((informer) => informer.run(stop)),
    parts.losses.run(stop),
    parts.events.run(stop),
    plan(parts, options, stop),
    parts.leading.run(control, stop),
  ];
  try {
    await Promise.race([broken.promise, Promise.all(running)]);
  } finally {
    ending.abort();
    await Promise.allSettled(running);
    await servers.close();
    parts.close();
    logger.info('Stopped.');
  }
}

/** After the caches had a moment to fill: the first round would only find that they are empty. */
async function plan(parts: OperatorParts, { config, clock }: OperatorOptions, stop: AbortSignal): Promise<void> {
  const beat = parts.vitals.expect('planning', maxSilenceMs(config));
  const enough = new AbortController();
  const patience = AbortSignal.any([stop, enough.signal]);
  const timer = clock.setTimer(SYNC_PATIENCE_MS, () => enough.abort());
  await Promise.allSettled(parts.informers.map((informer) => informer.waitForSync(patience)));
  timer.cancel();
  await parts.rounds.run(beat, stop);
}

/** Two bounded waits for other systems in a round, with a queue for its rate, and the pause after it. */
function maxSilenceMs({ reconcileInterval }: OperatorConfig): number {
  return reconcileInterval + 2 * OBSERVE_TIMEOUT_MS + SPARE_MS;
}

function serve(
  { config, logger }: OperatorOptions,
  { metrics, health, board }: OperatorParts,
  onBroken: (error: InvariantError) => void,
): Promise<HttpServers> {
  return startHttpServers({
    metrics: { host: config.metricsHost, port: config.metricsPort },
    probes: { host: config.probeHost, port: config.probePort },
    api: { host: config.apiHost, port: config.apiPort },
    exposition: metrics,
    healthCheck: () => health.check(),
    board,
    logger,
    onBroken,
  });
}
