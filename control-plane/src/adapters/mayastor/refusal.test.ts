import { describe, expect, it } from '@jest/globals';
import { isRefusal } from './refusal.ts';
import { errorOfAnswer, errorOfFailure } from './rest-error.ts';

const PATH = '/v0/nodes/node-a/cordon/label';
const errorOf = (status: number, body: string) => errorOfAnswer({ status, body, retryAfter: undefined }, PATH, 'PUT');
const inItsWords = (kind: string) => JSON.stringify({ kind, message: 'said', details: '' });

describe('a change that was not answered with success', () => {
  it.each([
    [400, 'Deserialize'],
    [400, 'InvalidArgument'],
    [401, 'Unauthorized'],
    [401, 'PermissionDenied'],
    [404, 'NotFound'],
    [406, 'NotAcceptable'],
    [409, 'Conflict'],
    [409, 'Deleting'],
    [409, 'InUse'],
    [412, 'FailedPrecondition'],
    [412, 'NotPublished'],
    [422, 'AlreadyExists'],
    [507, 'ResourceExhausted'],
    [507, 'CapacityLimitExceeded'],
  ])('was refused by %s %s', (status, kind) => {
    expect(isRefusal(errorOf(status, inItsWords(kind)))).toBe(true);
  });

  it.each([
    [408, 'Timeout'],
    [416, 'OutOfRange'],
    [500, 'Internal'],
    [501, 'Unimplemented'],
    [503, 'Unavailable'],
    [503, 'Aborted'],
    [504, 'DeadlineExceeded'],
    [507, 'FailedPersist'],
    [409, 'NewKind'],
    [503, 'FailedPrecondition'],
    [200, 'NotFound'],
  ])('may have been made in spite of %s %s', (status, kind) => {
    expect(isRefusal(errorOf(status, inItsWords(kind)))).toBe(false);
  });

  it.each([400, 401, 403, 404, 409, 412, 429, 502, 507])('may have been made in spite of %s of a proxy', (status) => {
    expect(isRefusal(errorOf(status, '<html>No</html>'))).toBe(false);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT'])('may have been made in spite of %s', (code) => {
    expect(isRefusal(errorOfFailure(Object.assign(new Error('lost'), { code }), PATH, 'PUT'))).toBe(false);
  });
});
