import { describe, expect, it } from '@jest/globals';
import { deviceError, DISK_ERRNOS, type DeviceOperation } from '../devices/index.ts';
import { causeOf } from './health-cause.ts';
import { systemFailure } from './system-failure.fixture.ts';

const SHARD = 'volume/7-42/3.1.shard';
const INCOMING = '.couchestor/incoming/0a.part';
const SCRUB = '.couchestor/scrub.json';
const TOMBSTONE = '.couchestor/tombstones/volume_7-42_3.1.json';

describe('what an error says about a disk', () => {
  it.each([
    ['EMFILE', 'tooManyOpenFiles'],
    ['ENFILE', 'tooManyOpenFiles'],
    ['EUCLEAN', 'fileSystemFailed'],
    ['EBADMSG', 'fileSystemFailed'],
    ['ESHUTDOWN', 'fileSystemFailed'],
    ['ENODEV', 'fileSystemFailed'],
    ['ENXIO', 'fileSystemFailed'],
  ])('%s is the same from every call: %s', (errno, cause) => {
    const operations: DeviceOperation[] = ['open', 'read', 'write', 'sync', 'rename', 'entries', 'syncFolder'];
    for (const operation of operations) {
      for (const path of [SHARD, TOMBSTONE, '']) {
        expect(causeOf({ error: systemFailure(errno), operation, path })).toBe(cause);
      }
    }
  });

  it.each([
    ['sync', SHARD, 'syncFailed'],
    ['sync', TOMBSTONE, 'syncFailed'],
    ['syncFolder', 'volume', 'syncFailed'],
    ['read', SHARD, 'diskErrors'],
    ['open', SHARD, 'diskErrors'],
    ['write', INCOMING, 'diskErrors'],
    ['close', INCOMING, 'diskErrors'],
    ['read', SCRUB, 'diskErrors'],
    ['read', TOMBSTONE, 'fileSystemFailed'],
    ['open', TOMBSTONE, 'fileSystemFailed'],
    ['entries', 'volume', 'fileSystemFailed'],
    ['entries', '', 'fileSystemFailed'],
    ['stat', SHARD, 'fileSystemFailed'],
    ['rename', SHARD, 'fileSystemFailed'],
    ['unlink', SHARD, 'fileSystemFailed'],
    ['makeFolder', 'volume', 'fileSystemFailed'],
    ['removeFolder', 'volume', 'fileSystemFailed'],
    ['space', '', 'fileSystemFailed'],
  ] as const)('EIO, or another errno of disks, from %s of %s is %s', (operation, path, cause) => {
    for (const errno of DISK_ERRNOS) {
      expect([errno, causeOf({ error: systemFailure(errno), operation, path })]).toEqual([errno, cause]);
    }
  });

  it('a sync that failed has failed, whatever the kernel says of it', () => {
    for (const errno of ['EROFS', 'EINTR', 'EAGAIN', 'ENOMEM', 'EINVAL', 'EBUSY', 'unknown']) {
      const error = systemFailure(errno);
      expect([errno, causeOf({ error, operation: 'sync', path: INCOMING })]).toEqual([errno, 'syncFailed']);
      expect([errno, causeOf({ error, operation: 'syncFolder', path: 'volume' })]).toEqual([errno, 'syncFailed']);
    }
  });

  it('a folder that could not be opened to be synced has lost nothing', () => {
    for (const errno of ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']) {
      const error = systemFailure(errno);
      expect([errno, causeOf({ error, operation: 'syncFolder', path: 'volume' })]).toEqual([errno, undefined]);
    }
  });

  it('a file system that is read-only is so from every call that is no sync', () => {
    for (const operation of ['open', 'read', 'write', 'rename', 'entries'] as const) {
      expect(causeOf({ error: systemFailure('EROFS'), operation, path: SHARD })).toBe('fileSystemReadOnly');
    }
  });

  it('a disk that is full is no failed sync, unless names are lost with it', () => {
    for (const errno of ['ENOSPC', 'EDQUOT']) {
      const error = systemFailure(errno);
      expect(causeOf({ error, operation: 'write', path: INCOMING })).toBe('noSpace');
      expect(causeOf({ error, operation: 'makeFolder', path: 'volume' })).toBe('noSpace');
      expect(causeOf({ error, operation: 'sync', path: INCOMING })).toBe('noSpace');
      expect(causeOf({ error, operation: 'syncFolder', path: 'volume' })).toBe('syncFailed');
    }
  });

  it('calls that never get anywhere are the disk’s', () => {
    const error = deviceError('noProgress', { device: SHARD, operation: 'read' }, '100 calls moved nothing');
    expect(causeOf({ error, operation: 'read', path: SHARD })).toBe('diskErrors');
  });

  it('what is not there, not allowed, not asked well or refused by us says nothing', () => {
    for (const errno of ['ENOENT', 'EACCES', 'EPERM', 'EEXIST', 'ELOOP', 'EISDIR', 'ENOMEM']) {
      expect(causeOf({ error: systemFailure(errno), operation: 'open', path: SHARD })).toBeUndefined();
    }
    for (const fault of ['poisoned', 'closed', 'outOfRange', 'endedEarly', 'badPath'] as const) {
      const error = deviceError(fault, { device: SHARD, operation: 'sync' }, 'it is');
      expect(causeOf({ error, operation: 'sync', path: SHARD })).toBeUndefined();
    }
  });
});
