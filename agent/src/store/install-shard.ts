/**
 * Puts a whole, synced file under the name of its shard. What is under a name is never another content than was acknowledged: another
 * shard is a conflict, and only the same one, or what is no shard, is replaced. It counts as stored when the names on the way to it
 * survive a power loss and every byte was read back.
 *
 * What is replaced is so only by a file that was read back before: of a damaged shard most blocks may be right, and wanted when others
 * are lost. The same shard may be there because an earlier process could not sync its name, of which the kernel tells nobody a second
 * time; to give the name again is a change that a sync has to write.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { pathOfShard, type ExpectedShard } from '../shards/index.ts';
import { stripeFolderOf } from './shard-folders.ts';
import { refusePut, type StoreParts } from './store-parts.ts';
import type { Verified } from './stored-verifier.ts';

/** What lies under the name of a shard, is none of this name, and is not ours to replace. */
const NOT_TO_REPLACE: ReadonlySet<string> = new Set(['otherShard', 'unsupportedVersion']);

/** By its ends it is a shard of the name with another content: it is, if its blocks are as they were written. */
const OTHER_CONTENT: ReadonlySet<string> = new Set(['otherLength', 'otherChecksum']);

/**
 * @param temporary - is gone afterwards, and may be there when this fails.
 * @throws CoucheStorError as PutShard.commit().
 */
export async function installShard(parts: StoreParts, temporary: string, expected: ExpectedShard): Promise<void> {
  const { name } = expected;
  await parts.names.run(pathOfShard(name), async () => {
    const isTaken = await isNameTaken(parts, expected);
    if (isTaken) refuseUnlessVerified(parts, expected, await parts.verifier.verify(expected, temporary));
    await parts.volumes.run(name.volumeId, async () => {
      refusePut(parts, name);
      await parts.folders.make(name);
      await parts.pool.files.rename(temporary, pathOfShard(name));
    });
    // Somebody may rely on what was there, so whatever fails now leaves the name to what has replaced it.
    if (isTaken) return parts.folders.sync(name);
    try {
      await parts.folders.sync(name);
      refuseUnlessVerified(parts, expected, await parts.verifier.verify(expected));
    } catch (thrown) {
      await removeUnacknowledged(parts, expected);
      throw thrown;
    }
  });
}

/** Whether something is there that may be replaced: the same shard, or what is no shard. */
async function isNameTaken({ pool, verifier }: StoreParts, expected: ExpectedShard): Promise<boolean> {
  const path = pathOfShard(expected.name);
  const stat = await pool.files.stat(path);
  if (stat === undefined) return false;
  if (stat.kind !== 'file') throw conflict(path, 'it is no regular file');
  const found = await verifier.verify(expected);
  if (found.kind === 'unreadable') throw found.error;
  if (found.kind === 'verified') return true;
  if (NOT_TO_REPLACE.has(found.reason)) throw conflict(path, found.detail);
  if (!OTHER_CONTENT.has(found.reason)) return true;
  const itself = await verifier.examine(expected.name);
  if (itself.kind === 'unreadable') throw itself.error;
  if (itself.kind === 'verified') throw conflict(path, found.detail);
  return true;
}

function conflict(path: string, detail: string): CoucheStorError {
  return new CoucheStorError(
    'conflict',
    `name: something else is stored as ${path}: ${detail}. Nothing was changed; give the shard another placement.`,
    { fields: { field: 'name', path } },
  );
}

function refuseUnlessVerified({ pool }: StoreParts, { name }: ExpectedShard, found: Verified): void {
  if (found.kind === 'verified') return;
  if (found.kind === 'unreadable') throw found.error;
  const path = pathOfShard(name);
  pool.health.noteCorrupt(path);
  throw new CoucheStorError(
    'corrupt',
    `${path} was written and synced, and what is read back is something else: ${found.detail}. Write the shard to another pool, and look at the kernel log and at the health of this disk.`,
    { fields: { path, reason: found.reason } },
  );
}

/** As far as the disk lets it; whole or not, nobody was told of the file. */
async function removeUnacknowledged({ pool }: StoreParts, { name }: ExpectedShard): Promise<void> {
  try {
    await pool.files.unlink(pathOfShard(name));
    await pool.files.syncFolder(stripeFolderOf(name));
  } catch (thrown) {
    if (!(thrown instanceof CoucheStorError)) throw thrown;
  }
}
