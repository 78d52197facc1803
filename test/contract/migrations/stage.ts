/** VolumeMigrations of one policy on a sandbox API server, through the adapter under test and as people change them. */
import {
  parseVolumeMigration,
  volumeMigrationManifest,
  type VolumeMigrationManifest,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import {
  KubernetesVolumeMigrations,
  volumeMigrations,
  type KubeObject,
  type KubeResource,
} from '@couchestor/control-plane/adapters/kubernetes';
import { Lab, type LabOptions } from '../../fault/kube-adapter/lab.ts';

export type VolumeMigrationRecord = Awaited<ReturnType<KubernetesVolumeMigrations['writeStatus']>>;

export const MIGRATIONS: KubeResource = {
  group: 'storage.billyronks.io',
  version: 'v1',
  plural: 'volumemigrations',
  kind: 'VolumeMigration',
};

export class Stage {
  readonly lab: Lab;
  readonly migrations: KubernetesVolumeMigrations;
  readonly resource: ReturnType<typeof volumeMigrations>;
  readonly signal = AbortSignal.timeout(60_000);
  readonly #policyUid: string;

  private constructor(lab: Lab, policyUid: string) {
    this.lab = lab;
    this.#policyUid = policyUid;
    this.resource = volumeMigrations({ client: lab.client, backoffBaseMs: 5, backoffMaxMs: 20 });
    this.migrations = new KubernetesVolumeMigrations(this.resource);
  }

  static async open(options?: LabOptions): Promise<Stage> {
    const lab = await Lab.open(options);
    lab.put('gold');
    return new Stage(lab, (await lab.get('gold')).metadata.uid);
  }

  manifest(name: string, changes: object = {}): VolumeMigrationManifest {
    const parsed = parseVolumeMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name },
      spec: {
        policyRef: { name: 'gold', uid: this.#policyUid, generation: 1 },
        volumeId: 'v-1',
        claim: { namespace: 'shop', name: 'data' },
        source: { tier: 'Hot', pool: 'pool-a', node: 'node-a', replicaId: 'r-1' },
        target: { tier: 'Cold', pool: 'pool-b', node: 'node-b' },
        plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2, timeout: '30m' },
        reason: { code: 'BelowLowWatermark', message: 'Idle.', samplingWindow: '1h' },
        ...changes,
      },
    });
    if (parsed.kind === 'invalid') throw new Error(parsed.errors.map(({ message }) => message).join('; '));
    return volumeMigrationManifest(name, parsed.value.spec, this.#policyUid);
  }

  /** Creates it and, if given, walks it through these phases. */
  async migration(
    name: string,
    { phases = [], spec = {} }: { phases?: readonly VolumeMigrationStatus['phase'][]; spec?: object } = {},
  ): Promise<VolumeMigrationRecord> {
    await this.migrations.create(this.manifest(name, spec), this.signal);
    let record = await this.read(name);
    for (const phase of phases) record = await this.migrations.writeStatus(record, { phase }, this.signal);
    return record;
  }

  async read(name: string): Promise<VolumeMigrationRecord> {
    const record = await this.migrations.read(name, this.signal);
    if (record === undefined) throw new Error(`There is no VolumeMigration ${name}.`);
    return record;
  }

  async exists(name: string): Promise<boolean> {
    return (await this.migrations.read(name, this.signal)) !== undefined;
  }

  /** As the server has it, unparsed. */
  stored(name: string): Promise<KubeObject> {
    return this.lab.admin.get(MIGRATIONS, { name });
  }

  /** What a person says, or another controller. */
  async say(name: string, patch: object): Promise<VolumeMigrationRecord> {
    await this.lab.admin.mergePatch(MIGRATIONS, { name }, { patch });
    return this.read(name);
  }

  /** As by `kubectl delete`. */
  async delete(name: string): Promise<void> {
    await this.lab.admin.delete(MIGRATIONS, { name });
  }

  /** The same name, another object. */
  async recreate(name: string): Promise<void> {
    await this.say(name, { metadata: { finalizers: [] } });
    await this.delete(name);
    await this.lab.admin.create(MIGRATIONS, this.manifest(name));
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

export function statusOf({ parsed }: VolumeMigrationRecord): VolumeMigrationStatus | undefined {
  if (parsed.kind === 'invalid') throw new Error(parsed.errors.map(({ field }) => field).join());
  return parsed.value.status;
}
