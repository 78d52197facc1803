/**
 * Volumes of which nothing is deleted until somebody says so. Each is a small file that is named after its volume, so that one whose
 * content is damaged still holds; it only has lost its reason.
 */
import { CoucheStorError, parseVolumeId, quote, type Clock, type VolumeId } from '@couchestor/common/base';
import { QUARANTINE_FOLDER, readSealed, replaceSealed, type PoolFiles } from '../pools/index.ts';
import type { Quarantine } from './answers.ts';
import { FieldReader } from './field-reader.ts';
import { unlessInvalid } from './unless-invalid.ts';

const SUFFIX = '.json';

/** What is shown to people on one line. */
const MAX_REASON_LENGTH = 1024;

const LOST_REASON = 'its record is damaged, and what it said is lost';

export interface QuarantinesOptions {
  readonly files: PoolFiles;
  readonly clock: Clock;
  /** At most so many; those of an earlier process count, and are all taken. */
  readonly most: number;
}

export class Quarantines {
  readonly #files: PoolFiles;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #byVolume = new Map<VolumeId, Quarantine>();

  constructor({ files, clock, most }: QuarantinesOptions) {
    this.#files = files;
    this.#clock = clock;
    this.#most = most;
  }

  /** Takes those that are there. @returns the names of files that are none. */
  async adopt(fileNames: readonly string[]): Promise<string[]> {
    const foreign: string[] = [];
    for (const fileName of fileNames) {
      const volumeId = volumeOf(fileName);
      if (volumeId === undefined) foreign.push(fileName);
      else this.#byVolume.set(volumeId, await this.#read(volumeId));
    }
    return foreign;
  }

  get size(): number {
    return this.#byVolume.size;
  }

  has(volumeId: VolumeId): boolean {
    return this.#byVolume.has(volumeId);
  }

  list(): Quarantine[] {
    return [...this.#byVolume.values()].toSorted((a, b) => (a.volumeId < b.volumeId ? -1 : 1));
  }

  /** @throws CoucheStorError `conflict` when it is quarantined, so that nothing is written for it and nothing deleted. */
  refuse(volumeId: VolumeId): void {
    const quarantine = this.#byVolume.get(volumeId);
    if (quarantine === undefined) return;
    throw new CoucheStorError(
      'conflict',
      `volumeId: volume ${volumeId} is quarantined (${quarantine.reason}); release it when it is known what it is.`,
      { fields: { field: 'volumeId', volumeId } },
    );
  }

  /** Ends when it survives a power loss; holds from the call on, even if it fails. The first reason stays. */
  async add(volumeId: VolumeId, reason: string): Promise<void> {
    if (reason.length === 0 || reason.length > MAX_REASON_LENGTH) {
      throw new CoucheStorError(
        'invalid',
        `reason: ${quote(reason)} has ${reason.length} characters; say in 1 to ${MAX_REASON_LENGTH} why nothing may be deleted.`,
        { fields: { field: 'reason' } },
      );
    }
    if (!this.#byVolume.has(volumeId) && this.#byVolume.size >= this.#most) {
      throw new CoucheStorError(
        'resourceExhausted',
        `${this.#byVolume.size} volumes are quarantined, as many as may be; release those of which it is known what they are.`,
        { fields: { quarantines: this.#byVolume.size } },
      );
    }
    const quarantine = this.#byVolume.get(volumeId) ?? { volumeId, reason, since: this.#clock.now() };
    this.#byVolume.set(volumeId, quarantine);
    await replaceSealed(this.#files, fileOfQuarantine(volumeId), quarantine);
  }

  /** Ends when no power loss brings it back; until then it holds. @returns false: it was not quarantined. */
  async remove(volumeId: VolumeId): Promise<boolean> {
    if (!this.#byVolume.has(volumeId)) return false;
    await this.#files.unlink(fileOfQuarantine(volumeId));
    await this.#files.syncFolder(QUARANTINE_FOLDER);
    return this.#byVolume.delete(volumeId);
  }

  async #read(volumeId: VolumeId): Promise<Quarantine> {
    try {
      const found = await readSealed(this.#files, fileOfQuarantine(volumeId), parseQuarantine);
      if (found?.volumeId === volumeId) return found;
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
    }
    return { volumeId, reason: LOST_REASON, since: this.#clock.now() };
  }
}

export function fileOfQuarantine(volumeId: VolumeId): string {
  return `${QUARANTINE_FOLDER}/${volumeId}${SUFFIX}`;
}

function volumeOf(fileName: string): VolumeId | undefined {
  if (!fileName.endsWith(SUFFIX)) return undefined;
  return unlessInvalid(() => parseVolumeId(fileName.slice(0, -SUFFIX.length)));
}

function parseQuarantine(value: unknown): Quarantine {
  const reader = FieldReader.of(value, 'quarantine');
  const quarantine = {
    volumeId: parseVolumeId(reader.take('volumeId')),
    reason: reader.take('reason'),
    since: reader.count('since'),
  };
  reader.end();
  if (typeof quarantine.reason !== 'string') {
    throw new CoucheStorError('invalid', 'quarantine.reason: is no text; write why nothing may be deleted.');
  }
  return { ...quarantine, reason: quarantine.reason };
}
