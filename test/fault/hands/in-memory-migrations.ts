/** VolumeMigrations that enforce what the API server does: resourceVersions, the order of phases, and the form of a status. */
import {
  canChangePhase,
  isFinal,
  MIGRATION_FINALIZER,
  parseVolumeMigration,
  volumeMigrationManifest,
  type MigrationPhase,
  type VolumeMigrationManifest,
  type VolumeMigrationSpec,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { CoucheStorError } from '@couchestor/common/base';
import type { MigrationReconcilerOptions } from '@couchestor/control-plane/hands';

type Port = MigrationReconcilerOptions['migrations'];
export type MigrationObject = NonNullable<Awaited<ReturnType<Port['read']>>>;

interface Stored {
  readonly uid: string;
  manifest: VolumeMigrationManifest;
  readonly createdAtMs: number;
  status: VolumeMigrationStatus | undefined;
  generation: number;
  version: number;
  deleting: boolean;
  released: boolean;
  /** Has our finalizer. */
  isHeld: boolean;
}

/** What the next call of a port does instead of what it should. */
export type Fault = 'none' | 'lost before' | 'lost after';

export class InMemoryMigrations implements Port {
  /** What no API server would have taken; stays empty. */
  readonly offences: string[] = [];
  readonly walks: MigrationPhase[] = [];
  readonly #objects = new Map<string, Stored>();
  readonly #draw: () => Fault;
  readonly #nowMs: () => number;
  /** Of all objects, so that none that is made anew under a name is taken for its predecessor. */
  #version = 0;
  /** Told of every change; the object is undefined once it is gone. */
  onChange: (name: string, record: MigrationObject | undefined) => void = () => undefined;

  constructor(draw: () => Fault, nowMs = () => 0) {
    this.#draw = draw;
    this.#nowMs = nowMs;
  }

  create(name: string, spec: VolumeMigrationSpec): void {
    this.put(volumeMigrationManifest(name, spec, 'policy-uid'));
  }

  put(manifest: VolumeMigrationManifest): 'created' | 'exists' {
    const { name } = manifest.metadata;
    const known = this.#objects.get(name);
    if (known !== undefined && !known.released) return 'exists';
    const version = this.#next();
    const uid = `0f3b2a52-6d53-4b6c-9d5e-${String(version).padStart(12, '0')}`;
    const isHeld = manifest.metadata.finalizers.includes(MIGRATION_FINALIZER);
    const fresh = { status: undefined, generation: 1, version, deleting: false, released: false, isHeld };
    this.#objects.set(name, { uid, manifest, createdAtMs: this.#nowMs(), ...fresh });
    this.#tell(name);
    return 'created';
  }

  /** As a person changes the object. */
  edit(name: string, changes: Partial<Pick<VolumeMigrationSpec, 'cancel' | 'cleanup' | 'approval'>>): void {
    const stored = this.#stored(name);
    stored.manifest = { ...stored.manifest, spec: { ...stored.manifest.spec, ...changes } };
    stored.generation += 1;
    stored.version = this.#next();
    this.#tell(name);
  }

  delete(name: string): void {
    const stored = this.#stored(name);
    stored.deleting = true;
    stored.generation += 1;
    stored.version = this.#next();
    if (!stored.isHeld) stored.released = true;
    this.#tell(name);
  }

  /** As a client deletes exactly what it read. */
  async remove({ name, resourceVersion }: MigrationObject): Promise<void> {
    await Promise.resolve();
    const stored = this.#objects.get(name);
    if (stored !== undefined && !stored.released && String(stored.version) === resourceVersion) this.delete(name);
  }

  /** Of the policy with this uid, and not deleted yet. */
  ownedBy(uid: string): readonly string[] {
    const isOwned = ({ manifest, deleting, released }: Stored): boolean =>
      !deleting && !released && manifest.metadata.ownerReferences.some((owner) => owner.uid === uid);
    return [...this.#objects].filter(([, stored]) => isOwned(stored)).map(([name]) => name);
  }

  status(name: string): VolumeMigrationStatus | undefined {
    return this.#objects.get(name)?.status;
  }

  isReleased(name: string): boolean {
    return this.#stored(name).released;
  }

  async read(name: string): Promise<MigrationObject | undefined> {
    await Promise.resolve();
    const stored = this.#objects.get(name);
    return stored === undefined || stored.released ? undefined : recordOf(name, stored);
  }

  async writeStatus(record: MigrationObject, status: VolumeMigrationStatus): Promise<MigrationObject> {
    const fault = this.#draw();
    await Promise.resolve();
    if (fault === 'lost before') throw lost();
    const stored = this.#stored(record.name);
    if (stored.released) throw gone(record.name);
    if (String(stored.version) !== record.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    this.#check(stored, status);
    stored.status = structuredClone(status);
    stored.version = this.#next();
    this.walks.push(status.phase);
    this.#tell(record.name);
    if (fault === 'lost after') throw lost();
    return recordOf(record.name, stored);
  }

  async hold(record: MigrationObject): Promise<MigrationObject> {
    const fault = this.#draw();
    await Promise.resolve();
    if (fault === 'lost before') throw lost();
    const stored = this.#stored(record.name);
    if (stored.released) throw gone(record.name);
    if (stored.isHeld) return recordOf(record.name, stored);
    if (String(stored.version) !== record.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    if (stored.deleting) throw new CoucheStorError('invalid', 'No finalizer comes to what was deleted.');
    stored.isHeld = true;
    stored.version = this.#next();
    this.#tell(record.name);
    if (fault === 'lost after') throw lost();
    return recordOf(record.name, stored);
  }

  async release(record: MigrationObject): Promise<void> {
    await Promise.resolve();
    const stored = this.#stored(record.name);
    if (stored.released) return;
    if (String(stored.version) !== record.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    const { phase, cordons } = stored.status ?? { phase: 'Pending' };
    if (!isFinal(phase) || cordons !== undefined) this.offences.push(`released in ${phase}`);
    stored.released = true;
    this.#tell(record.name);
  }

  #next(): number {
    this.#version += 1;
    return this.#version;
  }

  #tell(name: string): void {
    const stored = this.#stored(name);
    this.onChange(name, stored.released ? undefined : recordOf(name, stored));
  }

  #check({ status: before, manifest }: Stored, status: VolumeMigrationStatus): void {
    const parsed = parseVolumeMigration({ ...manifest, status });
    if (parsed.kind === 'invalid') this.offences.push(JSON.stringify(parsed.errors));
    if (before !== undefined && !canChangePhase(before.phase, status.phase)) {
      this.offences.push(`${before.phase} to ${status.phase}`);
    }
  }

  #stored(name: string): Stored {
    const stored = this.#objects.get(name);
    if (stored === undefined) throw gone(name);
    return stored;
  }
}

function gone(name: string): CoucheStorError {
  return new CoucheStorError('notFound', `There is no migration ${name}.`);
}

function recordOf(name: string, stored: Stored): MigrationObject {
  const { uid, manifest, status, generation, version, deleting, createdAtMs, isHeld } = stored;
  return {
    name,
    uid,
    generation,
    resourceVersion: String(version),
    createdAtMs,
    deleting,
    finalizers: isHeld ? [MIGRATION_FINALIZER] : [],
    parsed: parseVolumeMigration({ ...manifest, ...(status === undefined ? {} : { status }) }),
  };
}

export function lost(): CoucheStorError {
  return new CoucheStorError('timeout', 'No answer came in time.');
}
