import { Metadata, status as Status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError, ERROR_CODES } from '../base/index.ts';
import { fromErrorDetail, fromGrpcStatus, toErrorDetail, toGrpcStatus } from './grpc-error.ts';

const said = ({ code, message, retryable, fields }: CoucheStorError): object => ({ code, message, retryable, fields });

const errors = fc
  .record({
    code: fc.constantFrom(...ERROR_CODES),
    message: fc.string({ unit: 'grapheme', maxLength: 40 }),
    retryable: fc.boolean(),
    fields: fc.dictionary(
      fc.string({ maxLength: 20 }),
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.double({ noNaN: true }), fc.boolean()),
      { maxKeys: 8 },
    ),
  })
  .map(({ code, message, ...options }) => new CoucheStorError(code, message, options));

describe('an error on gRPC', () => {
  it.each([
    ['invalid', Status.INVALID_ARGUMENT],
    ['notFound', Status.NOT_FOUND],
    ['conflict', Status.ABORTED],
    ['alreadyExists', Status.ALREADY_EXISTS],
    ['unavailable', Status.UNAVAILABLE],
    ['timeout', Status.DEADLINE_EXCEEDED],
    ['unauthorized', Status.UNAUTHENTICATED],
    ['forbidden', Status.PERMISSION_DENIED],
    ['gone', Status.FAILED_PRECONDITION],
    ['tooManyRequests', Status.RESOURCE_EXHAUSTED],
    ['resourceExhausted', Status.RESOURCE_EXHAUSTED],
    ['cancelled', Status.CANCELLED],
    ['corrupt', Status.DATA_LOSS],
    ['unsupported', Status.UNIMPLEMENTED],
    ['internal', Status.INTERNAL],
  ] as const)('%s has a status, and comes back as it was', (code, status) => {
    const error = new CoucheStorError(code, 'pool: it is gone.', {
      retryable: code === 'internal',
      fields: { field: 'pool', remedy: 'look', bytes: 7, forced: true },
    });
    const sent = toGrpcStatus(error);
    expect(sent).toMatchObject({ code: status, details: 'pool: it is gone.' });
    expect(said(fromGrpcStatus(sent))).toEqual(said(error));
  });

  it('covers every code', () => {
    for (const code of ERROR_CODES) expect(fromGrpcStatus(toGrpcStatus(new CoucheStorError(code, ''))).code).toBe(code);
  });

  it('comes back as it was, whatever it says', () => {
    fc.assert(
      fc.property(errors, (error) => {
        expect(said(fromGrpcStatus(toGrpcStatus(error)))).toEqual(said(error));
        expect(said(fromErrorDetail(toErrorDetail(error)))).toEqual(said(error));
      }),
    );
  });

  it('is cut to what headers hold, and keeps field and remedy', () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`f${at}`, '€'.repeat(2000)]));
    const error = new CoucheStorError('invalid', 'm'.repeat(5000), { fields: { ...fields, field: 'f', remedy: 'r' } });
    const sent = toGrpcStatus(error);
    const [bytes] = sent.metadata.get('grpc-status-details-bin');
    expect(sent.details).toHaveLength(1024);
    expect((bytes as Buffer).length).toBeLessThan(10_000);
    expect(said(fromGrpcStatus(sent))).toEqual({
      code: 'invalid',
      message: 'm'.repeat(1024),
      retryable: false,
      fields: { field: 'f', remedy: 'r' },
    });
  });

  it('has no half of a character, which no status can carry', () => {
    const sent = toGrpcStatus(new CoucheStorError('invalid', `${'x'.repeat(1023)}😀`, { fields: { a: '\ud800' } }));
    expect(() => encodeURI(sent.details)).not.toThrow();
    expect(fromGrpcStatus(sent).fields).toEqual({ a: '\ufffd' });
  });
});

describe('a status without an error of ours', () => {
  const plain = (code: Status): CoucheStorError => fromGrpcStatus({ code, details: 'said', metadata: new Metadata() });

  it.each([
    [Status.INVALID_ARGUMENT, 'invalid', false],
    [Status.OUT_OF_RANGE, 'invalid', false],
    [Status.NOT_FOUND, 'notFound', false],
    [Status.ABORTED, 'conflict', false],
    [Status.FAILED_PRECONDITION, 'conflict', false],
    [Status.ALREADY_EXISTS, 'alreadyExists', false],
    [Status.UNAVAILABLE, 'unavailable', true],
    [Status.DEADLINE_EXCEEDED, 'timeout', true],
    [Status.UNAUTHENTICATED, 'unauthorized', false],
    [Status.PERMISSION_DENIED, 'forbidden', false],
    [Status.RESOURCE_EXHAUSTED, 'resourceExhausted', false],
    [Status.CANCELLED, 'cancelled', false],
    [Status.DATA_LOSS, 'corrupt', false],
    [Status.UNIMPLEMENTED, 'unsupported', false],
    [Status.INTERNAL, 'internal', false],
    [Status.UNKNOWN, 'internal', false],
  ] as const)('%d is %s', (code, expected, retryable) => {
    expect(plain(code)).toMatchObject({ code: expected, message: 'said', retryable });
  });

  it('says what the status says when its detail is of another error, or is nothing', () => {
    const other = toGrpcStatus(new CoucheStorError('corrupt', 'block 7'));
    expect(fromGrpcStatus({ ...other, code: Status.UNAVAILABLE, details: 'reset' })).toMatchObject({
      code: 'unavailable',
      message: 'reset',
      fields: {},
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const metadata = new Metadata();
        metadata.set('grpc-status-details-bin', Buffer.from(bytes));
        expect(fromGrpcStatus({ code: Status.NOT_FOUND, details: 'said', metadata }).code).toBe('notFound');
      }),
    );
  });

  it('keeps the error of gRPC as its cause', () => {
    const thrown = Object.assign(new Error('14 UNAVAILABLE'), {
      code: Status.UNAVAILABLE,
      details: 'no',
      metadata: new Metadata(),
    });
    expect(fromGrpcStatus(thrown).cause).toBe(thrown);
  });
});

describe('an error of a newer program', () => {
  it('is internal, with what is understood of it', () => {
    const detail = {
      code: 99,
      message: 'new',
      retryable: true,
      fields: { a: { value: 'flag', flag: true }, b: {} },
    } as const;
    expect(said(fromErrorDetail(detail))).toEqual({
      code: 'internal',
      message: 'new',
      retryable: true,
      fields: { a: true },
    });
  });
});
