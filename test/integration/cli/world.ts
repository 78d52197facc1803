/** A sandbox Kubernetes API with CoucheStor's objects in whatever state a test needs; no operator touches them. */
import { KubeApiServer, type JsonObject, type KubeObject } from '@couchestor/sandbox/kube';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CommandLine } from './command.ts';

const crds = join(import.meta.dirname, '..', '..', '..', 'crds');
const GROUP = 'storage.billyronks.io';
const MIGRATIONS = { group: GROUP, resource: 'volumemigrations' };
const POLICIES = { group: GROUP, resource: 'storagepolicies' };

export interface Migration extends KubeObject {
  spec: { cancel: boolean; cleanup: boolean; approval: { mode: string; approved: boolean; approvedBy?: string } };
  status?: JsonObject;
}

export class World {
  readonly kube: KubeApiServer;
  /** As the administrator. */
  readonly cli: CommandLine;
  readonly #others: CommandLine[] = [];

  private constructor(kube: KubeApiServer) {
    this.kube = kube;
    this.cli = new CommandLine(this.#file('admin', kube.kubeconfig()));
  }

  /** `installed`: whether the definitions are there. */
  static async start(installed = true): Promise<World> {
    const kube = await KubeApiServer.start();
    const files = installed ? readdirSync(crds).filter((file) => file.endsWith('.yaml')) : [];
    kube.apply(files.map((file) => parse(readFileSync(join(crds, file), 'utf8')) as JsonObject));
    return new World(kube);
  }

  /** Somebody with another kubeconfig. */
  as(name: string, kubeconfig: string): CommandLine {
    const cli = new CommandLine(this.#file(name, kubeconfig));
    this.#others.push(cli);
    return cli;
  }

  migration(name: string, { spec = {}, status }: { spec?: object; status?: JsonObject } = {}): void {
    this.kube.apply([
      {
        apiVersion: `${GROUP}/v1`,
        kind: 'VolumeMigration',
        metadata: { name },
        spec: {
          policyRef: { name: 'gold' },
          volumeId: 'v1',
          claim: { namespace: 'shop', name: 'data' },
          source: { tier: 'Cold', pool: 'pool-cold-1', node: 'cold-1' },
          target: { tier: 'Hot', pool: 'pool-hot-2', node: 'hot-2' },
          plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
          reason: { code: 'Promote', message: 'Busy.' },
          ...spec,
        },
      },
    ]);
    if (status !== undefined) this.setStatus(name, status);
  }

  setStatus(name: string, status: JsonObject): void {
    this.kube.store.put(MIGRATIONS, { ...this.get(name), status });
  }

  policy(name: string, status: JsonObject): void {
    const spec = {
      highWatermarkIOPS: 1_000,
      lowWatermarkIOPS: 100,
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
    };
    this.kube.apply([{ apiVersion: `${GROUP}/v1`, kind: 'StoragePolicy', metadata: { name }, spec }]);
    this.kube.store.put(POLICIES, { ...this.kube.store.get(POLICIES, undefined, name)!, status });
  }

  get(name: string): Migration {
    return this.kube.store.get(MIGRATIONS, undefined, name) as Migration;
  }

  delete(name: string): void {
    this.kube.store.delete(MIGRATIONS, this.get(name));
  }

  async stop(): Promise<void> {
    for (const cli of [this.cli, ...this.#others]) cli.close();
    await this.kube.stop();
  }

  #file(name: string, text: string): string {
    const folder = new CommandLine();
    this.#others.push(folder);
    const file = join(folder.folder, `${name}.kubeconfig`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}
