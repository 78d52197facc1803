import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertInvariant, CoucheStorError, ERROR_CODES, InvariantError, toCoucheStorError } from './errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

describe('CoucheStorError', () => {
  it('is retryable by what its code means, unless told otherwise', () => {
    const retryable = ERROR_CODES.filter((code) => new CoucheStorError(code, 'x').retryable);
    expect(retryable).toEqual(['unavailable', 'timeout', 'tooManyRequests', 'resourceExhausted']);
    expect(new CoucheStorError('timeout', 'x', { retryable: false }).retryable).toBe(false);
    expect(new CoucheStorError('conflict', 'x', { retryable: true }).retryable).toBe(true);
  });

  it('freezes a copy of its fields', () => {
    const fields = { volume: 'a' };
    const error = new CoucheStorError('notFound', 'x', { fields });
    fields.volume = 'b';
    expect(error.fields).toEqual({ volume: 'a' });
    expect(Object.isFrozen(error.fields)).toBe(true);
  });

  it('has a cause only when one was given', () => {
    expect('cause' in new CoucheStorError('internal', 'x')).toBe(false);
    expect(new CoucheStorError('internal', 'x', { cause: 'why' }).cause).toBe('why');
  });

  it('is an Error that says its name', () => {
    expect(String(new CoucheStorError('gone', 'too late'))).toBe('CoucheStorError: too late');
    expect(new CoucheStorError('gone', 'x')).toBeInstanceOf(Error);
  });
});

describe('toCoucheStorError', () => {
  it('leaves a CoucheStorError as it is', () => {
    const error = new CoucheStorError('gone', 'x');
    expect(toCoucheStorError(error)).toBe(error);
  });

  it.each([
    ['ECONNREFUSED', 'unavailable', true],
    ['ECONNRESET', 'unavailable', true],
    ['UND_ERR_SOCKET', 'unavailable', true],
    ['ETIMEDOUT', 'timeout', true],
    ['ENOSPC', 'resourceExhausted', true],
    ['EROFS', 'forbidden', false],
    ['ENOENT', 'notFound', false],
    ['EEXIST', 'alreadyExists', false],
    ['ABORT_ERR', 'cancelled', false],
    ['ESOMETHING', 'internal', false],
    ['constructor', 'internal', false],
  ])('translates the system error %s to %s', (systemCode, code, retryable) => {
    const original = systemError(systemCode);
    const error = toCoucheStorError(original);
    expect(error).toMatchObject({ code, retryable, message: original.message });
    expect(error.cause).toBe(original);
  });

  it('finds the socket error that fetch hides in its cause', () => {
    const error = new TypeError('fetch failed', { cause: systemError('ECONNREFUSED') });
    expect(toCoucheStorError(error).code).toBe('unavailable');
  });

  it('finds a CoucheStorError in the cause', () => {
    expect(toCoucheStorError(new Error('x', { cause: new CoucheStorError('conflict', 'y') })).code).toBe('conflict');
  });

  it('tells an abort from a time-out', () => {
    expect(toCoucheStorError(AbortSignal.abort().reason).code).toBe('cancelled');
    expect(toCoucheStorError(new DOMException('late', 'TimeoutError')).code).toBe('timeout');
  });

  it('recognises errors of another realm', () => {
    const foreign: unknown = runInNewContext(`Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })`);
    expect(foreign).not.toBeInstanceOf(Error);
    expect(toCoucheStorError(foreign)).toMatchObject({ code: 'unavailable', message: 'refused' });
  });

  it('ends on a cycle of causes', () => {
    const error = new Error('a');
    error.cause = error;
    expect(toCoucheStorError(error).code).toBe('internal');
  });

  it('never makes a broken invariant retryable, whatever caused it', () => {
    const error = new InvariantError('x', { cause: systemError('ECONNRESET') });
    expect(toCoucheStorError(error)).toMatchObject({ code: 'internal', retryable: false });
  });

  it('translates any thrown value', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const error = toCoucheStorError(thrown);
        expect(error).toBeInstanceOf(CoucheStorError);
        expect(ERROR_CODES).toContain(error.code);
      }),
    );
  });
});

describe('assertInvariant', () => {
  it('does nothing while the invariant holds and throws an InvariantError when it does not', () => {
    expect(() => assertInvariant(true, 'one is one')).not.toThrow();
    expect(() => assertInvariant(false, 'one is one')).toThrow(new InvariantError('Invariant broken: one is one'));
  });
});
