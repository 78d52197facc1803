import { describe, expect, it } from '@jest/globals';
import { errorOfAnswer, errorOfFailure } from './rest-error.ts';

const body = (kind: string, message = 'said', details = ''): string => JSON.stringify({ kind, message, details });
const errorOf = (status: number, text: string, retryAfter?: string) =>
  errorOfAnswer({ status, body: text, retryAfter }, '/v0/pools');

describe('an answer that is no success', () => {
  it.each([
    [400, 'Deserialize', 'invalid', false],
    [401, 'Unauthenticated', 'unauthorized', false],
    [401, 'Unauthorized', 'unauthorized', false],
    [401, 'PermissionDenied', 'forbidden', false],
    [404, 'NotFound', 'notFound', false],
    [406, 'NotAcceptable', 'unsupported', false],
    [408, 'Timeout', 'timeout', true],
    [409, 'Conflict', 'conflict', false],
    [409, 'Deleting', 'conflict', false],
    [412, 'NotPublished', 'conflict', false],
    [412, 'FailedPrecondition', 'conflict', false],
    [422, 'AlreadyExists', 'alreadyExists', false],
    [429, '', 'tooManyRequests', true],
    [500, 'Internal', 'unavailable', true],
    [501, 'Unimplemented', 'unsupported', false],
    [503, 'Unavailable', 'unavailable', true],
    [503, 'Aborted', 'unavailable', true],
    [504, 'DeadlineExceeded', 'timeout', true],
    [302, '', 'unsupported', false],
    [418, '', 'invalid', false],
  ])('%s %s is %s', (status, kind, code, retryable) => {
    const error = errorOf(status, body(kind));
    expect(error).toMatchObject({ code, retryable, fields: { path: '/v0/pools', status, kind } });
    expect(error.message).toContain(`${status} to GET /v0/pools: said`);
  });

  it.each([
    ['ResourceExhausted', 'Not enough suitable pools available, 0/1', 'NotEnoughResources'],
    ['ResourceExhausted', 'Unable to start rebuild. Maximum number of rebuilds permitted is 4', 'MaxRebuilds'],
    ['FailedPersist', 'Failed to persist', 'FailedPersist'],
    ['CapacityLimitExceeded', 'Too much', 'CapacityLimitExceeded'],
  ] as const)('507 %s, "%s", is told from the others', (kind, message, reason) => {
    const meanings = {
      NotEnoughResources: { code: 'resourceExhausted', retryable: false },
      MaxRebuilds: { code: 'tooManyRequests', retryable: true },
      FailedPersist: { code: 'unavailable', retryable: true },
      CapacityLimitExceeded: { code: 'resourceExhausted', retryable: false },
    };
    expect(errorOf(507, body(kind, message))).toMatchObject({ ...meanings[reason], fields: { reason } });
    expect(errorOf(507, body(kind, '', message))).toMatchObject({ ...meanings[reason], fields: { reason } });
  });

  it.each(['<html>Bad gateway</html>', '', 'null', '[]', '{"kind":7,"message":{}}'])('may have the body %s', (text) => {
    expect(errorOf(502, text)).toMatchObject({
      code: 'unavailable',
      message: 'Mayastor answered 502 to GET /v0/pools',
    });
  });

  it('says how long to wait, within reason', () => {
    expect(errorOf(429, '', '3').fields.retryAfterMs).toBe(3_000);
    expect(errorOf(429, '', '86400').fields.retryAfterMs).toBe(60_000);
    expect(errorOf(429, '', 'Wed, 21 Oct 2015').fields.retryAfterMs).toBeUndefined();
  });
});

describe('a request without an answer', () => {
  it.each([
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'unavailable'],
    [Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'unavailable'],
    [new DOMException('late', 'TimeoutError'), 'timeout'],
    [AbortSignal.abort().reason as Error, 'cancelled'],
  ])('%s is %s', (thrown, code) => {
    expect(errorOfFailure(thrown, '/v0/nodes')).toMatchObject({ code, fields: { path: '/v0/nodes' }, cause: thrown });
  });

  it('says what to do, unless nobody waits for it any more', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(errorOfFailure(refused, '/v0/nodes').fields.remedy).toMatch(/check the URL/);
    expect(errorOfFailure(AbortSignal.abort().reason, '/v0/nodes').fields).not.toHaveProperty('remedy');
  });
});
