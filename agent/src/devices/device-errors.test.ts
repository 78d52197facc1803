import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { deviceError, errnoOf, systemError } from './device-errors.ts';

const call = { device: '/pool/file', operation: 'rename' } as const;

/** As Node throws it, with the path that was used. */
function thrown(code: string, errno: number): Error {
  const message = `${code}: it went wrong, rename '/proc/self/fd/20/./file' -> '/proc/self/fd/20/./other'`;
  return Object.assign(new Error(message), { code, errno, syscall: 'rename' });
}

describe('what the system refuses', () => {
  it.each([
    ['EIO', 'unavailable', false],
    ['ENODATA', 'unavailable', false],
    ['ETIMEDOUT', 'unavailable', false],
    ['ENOLINK', 'unavailable', false],
    ['EREMOTEIO', 'unavailable', false],
    ['EILSEQ', 'unavailable', false],
    ['EBADE', 'unavailable', false],
    ['EBADMSG', 'unavailable', false],
    ['EUCLEAN', 'unavailable', false],
    ['ESHUTDOWN', 'unavailable', false],
    ['ENODEV', 'unavailable', false],
    ['ENXIO', 'unavailable', false],
    ['ENOSPC', 'resourceExhausted', true],
    ['EDQUOT', 'resourceExhausted', true],
    ['EMFILE', 'resourceExhausted', true],
    ['ENFILE', 'resourceExhausted', true],
    ['EROFS', 'forbidden', false],
    ['EACCES', 'forbidden', false],
    ['ENOENT', 'notFound', false],
    ['EEXIST', 'alreadyExists', false],
    ['ENOTDIR', 'invalid', false],
  ])('as %s is %s', (errno, code, retryable) => {
    const error = systemError(thrown(errno, -1), call);
    const remedy = expect.stringMatching(/^[A-Z].*\.$/);
    expect(error).toMatchObject({ code, retryable, fields: { ...call, fault: 'system', errno, remedy } });
  });

  it('is told with the path that people know, not the one that was used', () => {
    const error = systemError(thrown('EIO', -5), call);
    expect(error.message).toMatch(/^\/pool\/file: rename: EIO: it went wrong\. The disk failed/);
    expect(error.cause).toHaveProperty('syscall', 'rename');
  });

  it('is known by its number where Node has no name for it', () => {
    expect(errnoOf(thrown('Unknown system error -117', -117))).toBe('EUCLEAN');
    expect(errnoOf(thrown('Unknown system error -122', -122))).toBe('EDQUOT');
    expect(errnoOf(thrown('Unknown system error -52', -52))).toBe('EBADE');
    expect(errnoOf(thrown('Unknown system error -67', -67))).toBe('ENOLINK');
    expect(errnoOf(thrown('Unknown system error -74', -74))).toBe('EBADMSG');
    expect(systemError(thrown('Unknown system error -117', -117), call)).toMatchObject({ code: 'unavailable' });
  });

  it('is told in full when it is no call of the system', () => {
    expect(systemError(new Error('a, rename of things'), call).message).toBe(
      '/pool/file: rename: a, rename of things. Look at the kernel log.',
    );
    expect(systemError('a text', call)).toMatchObject({ code: 'internal', fields: { errno: 'unknown' } });
    expect(errnoOf('a text')).toBeUndefined();
  });

  it('that was translated before stays as it is', () => {
    const error = deviceError('misaligned', call, 'it is');
    expect(systemError(error, call)).toBe(error);
    expect(error).toBeInstanceOf(CoucheStorError);
  });
});
