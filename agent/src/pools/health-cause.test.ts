import { describe, expect, it } from '@jest/globals';
import { deviceError, type DeviceOperation } from '../devices/index.ts';
import { causeOf } from './health-cause.ts';
import { systemFailure } from './system-failure.fixture.ts';

const SHARD = 'volume/7-42/3.1.shard';
const INCOMING = '.couchestor/incoming/0a.part';
const SCRUB = '.couchestor/scrub.json';
const TOMBSTONE = '.couchestor/tombstones/volume_7-42_3.1.json';

describe('what an error says about a disk', () => {
  it.each([
    ['EROFS', 'fileSystemReadOnly'],
    ['EMFILE', 'tooManyOpenFiles'],
    ['ENFILE', 'tooManyOpenFiles'],
    ['EUCLEAN', 'fileSystemFailed'],
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
  ] as const)('EIO from %s of %s is %s', (operation, path, cause) => {
    expect(causeOf({ error: systemFailure('EIO'), operation, path })).toBe(cause);
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
