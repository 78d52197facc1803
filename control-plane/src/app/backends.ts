/** The systems outside Kubernetes, as the configuration names them. What cannot be meant is refused here, before anything starts. */
import { readFile } from 'node:fs/promises';
import { CoucheStorError, quote, toCoucheStorError, type Clock, type Logger } from '@couchestor/common/base';
import { KubernetesOpenEbsObjects, type KubeClient } from '../adapters/kubernetes/index.ts';
import {
  chooseStorageSystem,
  MayastorCrdMover,
  MayastorCrdSystem,
  MayastorRestMover,
  MayastorRestSystem,
  parseRelease,
  RememberedObjects,
  type MayastorRestSystemOptions,
} from '../adapters/mayastor/index.ts';
import { PrometheusHeatSource } from '../adapters/prometheus/index.ts';
import { options, type OperatorConfig } from '../config.ts';
import { metricFamilies, parseCustomMetrics, type CustomMetrics } from '../eyes/index.ts';
import type { HeatSource } from '../ports/heat-source.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { StorageSystem } from '../ports/storage-system.ts';

export interface BackendOptions {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Longer than a round and its policies take, and shorter than heat takes to change. */
const HEAT_CACHE_TTL_MS = 30_000;
/** What migrations remember of Kubernetes between their calls; what Mayastor says they ask each time. */
const OBJECTS_MAX_AGE_MS = 10_000;

/** Everything about these systems that cannot be meant; what creates them refuses the same, one by one. */
export function backendProblems(config: OperatorConfig): readonly string[] {
  const { heatMetrics, mayastorUrl, mayastorVersion, mayastorTokenFile, mayastorCaFile } = config;
  return [
    ...problemOf(() => heatMetrics !== undefined && customMetrics(heatMetrics)),
    ...problemOf(() => mayastorUrl ?? refuseWithoutUrl({ mayastorVersion, mayastorTokenFile, mayastorCaFile })),
    ...(mayastorVersion === undefined || parseRelease(mayastorVersion) !== undefined
      ? []
      : [`flag --mayastor-version: ${quote(mayastorVersion)} is no release of Mayastor; give one such as 2.9.1.`]),
  ];
}

function problemOf(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (thrown) {
    const error = toCoucheStorError(thrown);
    if (error.code !== 'invalid') throw thrown;
    return [error.message];
  }
}

/** Thrown when the configuration cannot be meant: CoucheStorError `invalid`. */
export function createHeatSource({ config, clock, logger }: BackendOptions): HeatSource {
  const { prometheusUrl, prometheusTokenFile, prometheusCaFile, heatMetrics, scrapeInterval } = config;
  const custom = heatMetrics === undefined ? undefined : customMetrics(heatMetrics);
  return new PrometheusHeatSource({
    url: prometheusUrl,
    clock,
    logger: logger.child({ system: 'prometheus' }),
    families: metricFamilies(custom),
    bearerToken: prometheusTokenFile === undefined ? undefined : () => tokenIn(prometheusTokenFile),
    caPem: prometheusCaFile,
    scrapeIntervalMs: scrapeInterval,
    // Who wants to decide more often wants to know more often.
    cacheTtlMs: Math.min(HEAT_CACHE_TTL_MS, config.reconcileInterval),
  });
}

/** What is observed, and what moves replicas in it. */
export interface StorageBackend {
  readonly system: StorageSystem;
  readonly mover: StorageMover;
}

/** Thrown when the configuration cannot be meant: CoucheStorError `invalid`. */
export function createStorageBackend(options: BackendOptions, client: KubeClient): StorageBackend {
  const { mayastorUrl, mayastorVersion, mayastorTokenFile, mayastorCaFile } = options.config;
  const objects = new KubernetesOpenEbsObjects({ client });
  if (mayastorUrl === undefined) {
    refuseWithoutUrl({ mayastorVersion, mayastorTokenFile, mayastorCaFile });
    const system = new ServedStorageSystem(new MayastorCrdSystem({ objects }));
    return { system, mover: new MayastorCrdMover({ system }) };
  }
  const rest: MayastorRestSystemOptions = {
    url: mayastorUrl,
    clock: options.clock,
    logger: options.logger.child({ system: 'mayastor' }),
    version: mayastorVersion,
    bearerToken: mayastorTokenFile === undefined ? undefined : () => tokenIn(mayastorTokenFile),
    caPem: mayastorCaFile,
    objects,
  };
  const remembered = new RememberedObjects({ objects, clock: options.clock, maxAgeMs: OBJECTS_MAX_AGE_MS });
  return { system: new MayastorRestSystem(rest), mover: new MayastorRestMover({ ...rest, objects: remembered }) };
}

function customMetrics(text: string): CustomMetrics {
  return parseCustomMetrics(text, 'flag --heat-metrics');
}

/** Flags that nobody would look at are a mistake: most likely the address is missing. */
function refuseWithoutUrl(given: Partial<Readonly<Record<keyof typeof options, string | undefined>>>): void {
  const idle = Object.keys(options).filter((name) => given[name as keyof typeof options] !== undefined);
  if (idle.length === 0) return;
  const flags = idle.map((name) => `--${options[name as keyof typeof options].flag}`).join(', ');
  throw new CoucheStorError('invalid', `flag ${flags}: says nothing without --mayastor-url; give both or neither.`, {
    fields: { field: idle.join(', '), remedy: 'give --mayastor-url' },
  });
}

/** The custom resources, if they are served; looked up when they are needed, since the API may be down at the start. */
class ServedStorageSystem implements StorageSystem {
  readonly #crd: MayastorCrdSystem;
  #chosen: StorageSystem | undefined;

  constructor(crd: MayastorCrdSystem) {
    this.#crd = crd;
  }

  async observe(signal: AbortSignal): ReturnType<StorageSystem['observe']> {
    this.#chosen ??= await chooseStorageSystem({ rest: undefined, crd: this.#crd }, signal);
    return this.#chosen.observe(signal);
  }
}

async function tokenIn(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}
