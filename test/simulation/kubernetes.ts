/**
 * The Kubernetes API as the ports show it: policies, claims and migrations in memory, caches that lag behind, writes that get lost
 * before or after their effect, and times at which nothing answers. Each process gets ports of its own.
 */
import { parseStoragePolicy, type VolumeMigrationManifest } from '@couchestor/common/api';
import { CoucheStorError, parseVolumeId, type VirtualClock } from '@couchestor/common/base';
import { historyFacts, readMigration } from '@couchestor/control-plane/adapters/kubernetes';
import type { MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import type {
  MigrationRetentionOptions,
  MigrationStarterOptions,
  StoragePolicyReconcilerOptions,
} from '@couchestor/control-plane/loop';
import type { ClaimFacts, MigrationFacts } from '@couchestor/control-plane/model';
import { InMemoryMigrations, lost, type Fault, type MigrationObject } from '../fault/hands/in-memory-migrations.ts';
import { LaggingCache } from './lagging-cache.ts';
import type { Life } from './life.ts';

type Policies = StoragePolicyReconcilerOptions['policies'];
export type Policy = Extract<ReturnType<Policies['lookup']>, { kind: 'found' }>['policy'];
type Objects = MigrationStarterOptions['objects'];
type Migrations = MigrationReconcilerOptions['migrations'] &
  MigrationStarterOptions['migrations'] &
  MigrationRetentionOptions['migrations'] & { subscribe(changed: (name: string) => unknown): () => void };

const LOCK_MS = 5 * 60_000;
const REFUSED = { kind: 'refused', message: 'The cache is not ready.' } as const;

export interface Ports {
  readonly policies: Policies;
  readonly objects: Objects & { subscribe(changed: () => void): () => void };
  readonly migrations: Migrations;
  readonly lock: MigrationReconcilerOptions['lock'];
}

export interface InMemoryKubernetesOptions {
  readonly clock: VirtualClock;
  readonly lagMs: number;
  /** How long the garbage collector takes to notice. */
  readonly collectMs: () => number;
  readonly draw: () => Fault;
}

export class InMemoryKubernetes {
  readonly migrations: InMemoryMigrations;
  readonly policies: Map<string, Policy> = new Map<string, Policy>();
  readonly claims = new Map<string, ClaimFacts>();
  isDown = false;
  /** Told right after a migration was created. */
  onCreate: (manifest: VolumeMigrationManifest) => void = () => undefined;
  onMigration: (name: string, record: MigrationObject | undefined) => void = () => undefined;
  readonly #options: InMemoryKubernetesOptions;
  readonly #policyCache: LaggingCache<Policy>;
  readonly #migrationCache: LaggingCache<MigrationObject>;
  #policyCount = 0;
  readonly #lock = { holder: '', sinceMs: 0 };
  readonly #facts = new WeakMap<MigrationObject, readonly MigrationFacts[]>();
  readonly #pasts = new WeakMap<Policy, readonly MigrationFacts[]>();

  constructor(options: InMemoryKubernetesOptions) {
    this.#options = options;
    const { clock, lagMs, draw } = options;
    this.#policyCache = new LaggingCache(clock, lagMs);
    this.#migrationCache = new LaggingCache(clock, lagMs);
    this.migrations = new InMemoryMigrations(draw, () => clock.now());
    this.migrations.onChange = (name, record) => {
      this.#migrationCache.put(name, record);
      this.onMigration(name, record);
    };
  }

  /** As a person applies it. */
  putPolicy(name: string, spec: object): void {
    const known = this.policies.get(name);
    const generation = (known?.generation ?? 0) + 1;
    const creationTimestamp = new Date(this.#options.clock.now()).toISOString();
    const uid = known?.uid ?? `uid-${name}-${(this.#policyCount += 1)}`;
    const metadata = { name, uid, generation, creationTimestamp };
    const document = { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', metadata, spec };
    const parsed = parseStoragePolicy(document);
    if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
    this.#store({ name, uid, generation, parsed, status: known?.status ?? {} });
  }

  /** With what it owns, a while later, as the garbage collector does it. */
  deletePolicy(name: string): void {
    const policy = this.policies.get(name);
    if (policy === undefined) return;
    this.policies.delete(name);
    this.#policyCache.put(name, undefined);
    this.#collect(policy.uid);
  }

  isPolicyGone(uid: string): boolean {
    return [...this.policies.values()].every((policy) => policy.uid !== uid);
  }

  setClaim(volumeId: string, claim: Omit<ClaimFacts, 'volumeId'> | undefined): void {
    if (claim === undefined) this.claims.delete(volumeId);
    else this.claims.set(volumeId, { ...claim, volumeId: parseVolumeId(volumeId) });
  }

  /** Undefined: nobody steers. */
  get lockHolder(): string | undefined {
    const isHeld = this.#lock.holder !== '' && this.#options.clock.monotonic() - this.#lock.sinceMs < LOCK_MS;
    return isHeld ? this.#lock.holder : undefined;
  }

  portsFor(life: Life): Ports {
    const before = (): void => {
      if (this.isDown) throw new CoucheStorError('unavailable', 'The API server does not answer.');
    };
    return {
      policies: life.gate(this.#policyPort(), ['updateStatus'], before),
      objects: this.#objectPort(),
      migrations: life.gate(
        this.#migrationPort(),
        ['read', 'create', 'writeStatus', 'hold', 'release', 'remove'],
        before,
      ),
      lock: life.gate(this.#lockPort(), ['acquire', 'release'], before),
    };
  }

  #collect(uid: string): void {
    const collect = (): void => {
      for (const name of this.migrations.ownedBy(uid)) this.migrations.delete(name);
    };
    const laterMs = this.#options.collectMs();
    if (laterMs === 0) collect();
    else this.#options.clock.setTimer(laterMs, collect);
  }

  #store(policy: Policy): void {
    this.policies.set(policy.name, policy);
    this.#policyCache.put(policy.name, policy);
  }

  #policyPort(): Policies {
    const cache = this.#policyCache;
    return {
      subscribe: (changed) => cache.subscribe((name) => void changed(name)),
      snapshot: () => (this.isDown ? REFUSED : { kind: 'ok', policies: [...cache.entries.values()] }),
      lookup: (name) => {
        const policy = cache.entries.get(name);
        if (this.isDown) return REFUSED;
        return policy === undefined ? { kind: 'absent' } : { kind: 'found', policy };
      },
      updateStatus: async ({ name, uid }, change) => {
        const fault = this.#options.draw();
        await Promise.resolve();
        if (fault === 'lost before') throw lost();
        const current = this.policies.get(name);
        if (current?.uid !== uid) return 'gone';
        const status = change(current);
        if (status !== undefined) this.#store({ ...current, status });
        if (fault === 'lost after') throw lost();
        return status === undefined ? 'unchanged' : 'written';
      },
    };
  }

  #migrationPort(): Migrations {
    const { migrations } = this;
    return {
      read: (name) => migrations.read(name),
      writeStatus: (record, status) => migrations.writeStatus(record, status),
      hold: (record) => migrations.hold(record),
      release: (record) => migrations.release(record),
      remove: (record) => migrations.remove(record),
      create: async (manifest) => {
        const fault = this.#options.draw();
        await Promise.resolve();
        if (fault === 'lost before') throw lost();
        const outcome = migrations.put(manifest);
        if (outcome === 'created') this.#created(manifest);
        if (fault === 'lost after') throw lost();
        return outcome;
      },
      snapshot: () => (this.isDown ? REFUSED : { kind: 'ok', migrations: [...this.#migrationCache.entries.values()] }),
      subscribe: (changed) => this.#migrationCache.subscribe(changed),
    };
  }

  #created(manifest: VolumeMigrationManifest): void {
    this.onCreate(manifest);
    const [owner] = manifest.metadata.ownerReferences;
    if (owner !== undefined && this.isPolicyGone(owner.uid)) this.#collect(owner.uid);
  }

  #objectPort(): Ports['objects'] {
    const known = new Map<string, string>();
    return {
      snapshot: () => {
        if (this.isDown) return REFUSED;
        const objects = [...this.#migrationCache.entries.values()];
        const names = new Set(objects.map(({ name }) => name));
        const past = [...this.#policyCache.entries.values()].flatMap((policy) => this.#pastOf(policy));
        return {
          kind: 'ok',
          claims: [...this.claims.values()],
          nodeLabels: new Map(),
          migrations: [
            ...objects.flatMap((record) => this.#factsOf(record)),
            ...past.filter(({ name }) => !names.has(name)),
          ],
        };
      },
      subscribe: (changed) =>
        this.#migrationCache.subscribe((name) => {
          const record = this.#migrationCache.entries.get(name);
          const now = JSON.stringify(record === undefined ? [] : this.#factsOf(record));
          if (known.get(name) === now) return;
          known.set(name, now);
          changed();
        }),
    };
  }

  #lockPort(): Ports['lock'] {
    return {
      acquire: async (holder) => {
        await Promise.resolve();
        const by = this.lockHolder;
        if (by !== undefined && by !== holder) return { kind: 'taken', by };
        Object.assign(this.#lock, { holder, sinceMs: this.#options.clock.monotonic() });
        return { kind: 'held' };
      },
      release: async (holder) => {
        await Promise.resolve();
        if (this.#lock.holder === holder) this.#lock.holder = '';
      },
    };
  }

  #factsOf(record: MigrationObject): readonly MigrationFacts[] {
    let facts = this.#facts.get(record);
    if (facts === undefined) {
      const { name, uid, resourceVersion, createdAtMs, parsed, deleting } = record;
      const creationTimestamp = new Date(createdAtMs).toISOString();
      const deletion = deleting ? { deletionTimestamp: creationTimestamp } : {};
      const reading = readMigration(
        { metadata: { name, uid, resourceVersion, creationTimestamp, ...deletion } },
        parsed,
      );
      facts = reading.kind === 'migration' ? [reading.facts] : [];
      this.#facts.set(record, facts);
    }
    return facts;
  }

  #pastOf(policy: Policy): readonly MigrationFacts[] {
    let facts = this.#pasts.get(policy);
    if (facts === undefined) this.#pasts.set(policy, (facts = historyFacts(policy.name, policy.status)));
    return facts;
  }
}
