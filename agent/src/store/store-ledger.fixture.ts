/**
 * What a store was asked and what it answered, and so what may be found on its disk after whatever happened to it: what was answered
 * holds, what was asked and not answered holds wholly or not at all, and nobody is served a byte that was not written.
 */
import type { VolumeId } from '@couchestor/common/base';
import { INCOMING_FOLDER, type PoolFiles } from '../pools/index.ts';
import { pathOfShard, type ExpectedShard, type ShardIdentity, type ShardName } from '../shards/index.ts';
import { crc32c, identityOf, payloadOf, stripeOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import { PROOF, tombstoneOf } from './store.fixture.ts';

/** `damaged`: under its name is what is no shard. */
export type ShardFate = 'live' | 'tombstoned' | 'absent' | 'damaged';

/** A shard whose bytes follow from its name. */
export interface SampleShard {
  readonly identity: ShardIdentity;
  readonly payload: Uint8Array;
  readonly expected: ExpectedShard;
}

const PAYLOAD_BYTES = 5000;

const REASON = 'nobody knows it';

export function sampleOf(name: ShardName): SampleShard {
  const payload = payloadOf(PAYLOAD_BYTES, 1 + crc32c(Buffer.from(pathOfShard(name))));
  const expected = { name, payloadBytes: payload.length, checksum: crc32c(payload) };
  return { identity: identityOf({ name }), payload, expected };
}

export class StoreLedger {
  readonly #shards = new Map<string, { readonly sample: SampleShard; may: ReadonlySet<ShardFate> }>();
  readonly #quarantined = new Map<VolumeId, ReadonlySet<boolean>>();

  copy(): StoreLedger {
    const copy = new StoreLedger();
    for (const [path, { sample, may }] of this.#shards) copy.#shards.set(path, { sample, may });
    for (const [volumeId, may] of this.#quarantined) copy.#quarantined.set(volumeId, may);
    return copy;
  }

  async put(store: ShardStore, name: ShardName): Promise<void> {
    const { identity, payload } = sampleOf(name);
    await this.#ask(name, 'live', async () => {
      const put = await store.put(identity, { maxPayloadBytes: payload.length, purpose: 'data' });
      await put.append(payload);
      await put.commit(stripeOf());
    });
  }

  /** Somebody has left a part of it under its name. */
  async damage(files: PoolFiles, name: ShardName): Promise<void> {
    const path = pathOfShard(name);
    await files.unlink(path);
    const device = await files.create(path);
    await device.write(0, sampleOf(name).payload);
    await device.close();
    this.#shards.set(path, { sample: sampleOf(name), may: new Set(['damaged']) });
  }

  async delete(store: ShardStore, name: ShardName): Promise<void> {
    await this.#ask(name, 'tombstoned', () => store.delete(name, PROOF));
  }

  async undelete(store: ShardStore, name: ShardName): Promise<void> {
    await this.#ask(name, 'live', () => store.undelete(name));
  }

  /** Of shards whose grace is over. */
  async collect(store: ShardStore, ...names: readonly ShardName[]): Promise<void> {
    const work = async (): Promise<void> => {
      const collector = store.collect();
      while ((await collector.step()) === 'busy');
      const { kept } = collector.report;
      if (kept.length > 0) throw new Error(`kept: ${kept.map(({ detail }) => detail).join(', ')}`);
      if (store.tombstones > 0) throw new Error(`${store.tombstones} are not collected`);
    };
    let asked = work;
    for (const name of names) {
      const inner = asked;
      asked = () => this.#ask(name, 'absent', inner);
    }
    await asked();
  }

  async quarantine(store: ShardStore, volumeId: VolumeId, isQuarantined: boolean): Promise<void> {
    this.#quarantined.set(volumeId, new Set([...(this.#quarantined.get(volumeId) ?? [false]), isQuarantined]));
    await (isQuarantined ? store.quarantine(volumeId, REASON) : store.release(volumeId));
    this.#quarantined.set(volumeId, new Set([isQuarantined]));
  }

  /**
   * @param hasLeftovers - of what failed, which only whoever opens the store next removes.
   * @throws Error with everything that is not as it may be.
   */
  async check(store: ShardStore, files: PoolFiles, { hasLeftovers = false } = {}): Promise<void> {
    const problems: string[] = [];
    const scan = store.scan();
    while ((await scan.step()) === 'busy');
    if (scan.report.foreign > 0) problems.push(`foreign: ${scan.report.foreignExamples.join(', ')}`);
    const incoming = (await files.entries(INCOMING_FOLDER)) ?? [];
    if (incoming.length > 0 && !hasLeftovers)
      problems.push(`left in ${INCOMING_FOLDER}: ${incoming.map(({ name }) => name).join(', ')}`);
    const { shards } = await store.list({ limit: 1000 });
    const found = new Map(shards.map((shard) => [pathOfShard(shard.name), shard.state]));
    for (const path of found.keys()) if (!this.#shards.has(path)) problems.push(`${path} was never put`);
    for (const [path, { sample, may }] of this.#shards) {
      const served = await servedOf(store, sample);
      const state = found.get(path) ?? 'absent';
      const fate = state === 'live' && served !== 'whole' ? 'damaged' : state;
      const isServedSo = fate === 'damaged' || served === (fate === 'absent' ? 'absent' : 'whole');
      if (!may.has(fate) || !isServedSo) {
        problems.push(`${path} is ${state} and ${served}, and should be ${[...may].join(' or ')}`);
      }
      if (fate === 'tombstoned' && !hasLeftovers) problems.push(...(await problemsOfTombstone(files, sample)));
    }
    const quarantined = new Map(store.quarantined().map(({ volumeId, reason }) => [volumeId, reason]));
    for (const [volumeId, may] of this.#quarantined) {
      const is = quarantined.has(volumeId);
      if (is && quarantined.get(volumeId) !== REASON) problems.push(`${volumeId}: ${quarantined.get(volumeId)}`);
      if (!may.has(is)) problems.push(`${volumeId} is ${is ? '' : 'not '}quarantined`);
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  async #ask(name: ShardName, fate: ShardFate, call: () => Promise<unknown>): Promise<void> {
    const path = pathOfShard(name);
    const entry = this.#shards.get(path) ?? { sample: sampleOf(name), may: new Set<ShardFate>(['absent']) };
    this.#shards.set(path, entry);
    // What is no shard may go before the shard is there.
    entry.may = new Set([...entry.may, fate, ...(entry.may.has('damaged') ? (['absent'] as const) : [])]);
    await call();
    entry.may = new Set([fate]);
  }
}

/** It is deleted only with its proof. */
async function problemsOfTombstone(files: PoolFiles, { expected: { name } }: SampleShard): Promise<string[]> {
  try {
    const tombstone = await tombstoneOf(files, name);
    return tombstone === undefined ? [`the tombstone of ${pathOfShard(name)} is gone`] : [];
  } catch (error) {
    return [String(error)];
  }
}

/** `whole`, or what the store says instead. @throws Error for bytes that were never written. */
async function servedOf(store: ShardStore, { payload, expected }: SampleShard): Promise<string> {
  const found = await store.read(expected);
  if (found.kind !== 'open') return found.kind === 'missing' ? found.reason : found.kind;
  try {
    const into = new Uint8Array(payload.length);
    const read = await found.reader.read(0, into);
    if (read.kind !== 'verified') return read.kind;
    if (Buffer.compare(into, payload) !== 0) throw new Error('served with other bytes');
    return 'whole';
  } finally {
    await found.close();
  }
}
