/**
 * All of a Mayastor at once: a cluster with a scenario in it, its REST API, its exporters, and what it looks like in
 * Kubernetes. One call for the demo, the bench and the sandbox process.
 */
import type { KubeApiServer } from '../../kube/index.ts';
import type { MayastorCluster } from '../cluster.ts';
import { IoEngineExporters } from '../exporters/index.ts';
import { MayastorRest } from '../rest.ts';
import { MayastorObjects } from './mayastor-objects.ts';
import { demoCluster } from './scenario.ts';
import type { DemoClusterOptions, Scenario, ScenarioOptions } from './scenario.ts';

export interface MayastorStandInOptions extends ScenarioOptions, DemoClusterOptions {
  readonly kube: KubeApiServer;
  readonly host?: string;
  /** Of REST; 0, the default, is any free one. */
  readonly port?: number;
}

export class MayastorStandIn {
  readonly cluster: MayastorCluster;
  readonly scenario: Scenario;
  readonly objects: MayastorObjects;
  readonly exporters: IoEngineExporters;
  readonly #rest: MayastorRest;

  private constructor(
    parts: Pick<MayastorStandIn, 'cluster' | 'scenario' | 'objects' | 'exporters'> & { rest: MayastorRest },
  ) {
    this.cluster = parts.cluster;
    this.scenario = parts.scenario;
    this.objects = parts.objects;
    this.exporters = parts.exporters;
    this.#rest = parts.rest;
  }

  /** Thrown: what the operating system says when it cannot listen; nothing is left running then. */
  static async start(options: MayastorStandInOptions): Promise<MayastorStandIn> {
    const { kube, host = '127.0.0.1', port = 0 } = options;
    const { cluster, scenario } = demoCluster(options);
    const rest = await MayastorRest.start({ cluster, host, port });
    const exporters = await IoEngineExporters.start({ cluster, host }).catch(async (error: unknown) => {
      await rest.stop();
      throw error;
    });
    const objects = new MayastorObjects({ cluster, kube, zones: scenario.zones });
    try {
      objects.start();
      for (const storageClass of scenario.storageClasses) objects.addStorageClass(storageClass);
      objects.addClaims(new Map(scenario.volumes.map(({ volumeId, claim }) => [volumeId, claim])));
      return new MayastorStandIn({ cluster, scenario, objects, exporters, rest });
    } catch (error) {
      objects.stop();
      await Promise.all([exporters.stop(), rest.stop()]);
      throw error;
    }
  }

  /** Of REST, without the path. */
  get url(): string {
    return this.#rest.url;
  }

  async stop(): Promise<void> {
    this.objects.stop();
    await Promise.all([this.exporters.stop(), this.#rest.stop()]);
  }
}
