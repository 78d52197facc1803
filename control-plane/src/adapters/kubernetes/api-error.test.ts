import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { errorOfFailure, errorOfResponse, errorOfStatus, outcomeOf, retryAfterMsOf } from './api-error.ts';
import { TransportError } from './transport.ts';

const context = { verb: 'update', resource: 'widgets.example.com', key: 'a' };
const status = (code: number, extra: object = {}): string => JSON.stringify({ kind: 'Status', code, ...extra });

describe('errorOfResponse', () => {
  it.each([
    [400, 'invalid', false, 'refused'],
    [401, 'unauthorized', false, 'refused'],
    [403, 'forbidden', false, 'refused'],
    [404, 'notFound', false, 'refused'],
    [405, 'unsupported', false, 'refused'],
    [409, 'conflict', false, 'refused'],
    [410, 'gone', false, 'refused'],
    [415, 'unsupported', false, 'refused'],
    [422, 'invalid', false, 'refused'],
    [429, 'tooManyRequests', true, 'refused'],
    [500, 'unavailable', true, 'unknown'],
    [503, 'unavailable', true, 'unknown'],
    [504, 'timeout', true, 'unknown'],
    [418, 'internal', false, 'refused'],
  ] as const)('translates %d to %s (retryable %s, write %s)', (code, expected, retryable, outcome) => {
    const error = errorOfResponse({ status: code, headers: {}, body: status(code) }, context);
    expect(error).toMatchObject({
      code: expected,
      retryable,
      fields: { status: code, outcome, resource: context.resource },
    });
    expect(outcomeOf(error)).toBe(outcome);
  });

  it('tells an object that exists from a conflict of versions', () => {
    const body = status(409, { reason: 'AlreadyExists' });
    expect(errorOfResponse({ status: 409, headers: {}, body }, context).code).toBe('alreadyExists');
  });

  it('reads Retry-After from the header or the details, within reason', () => {
    const of = (headers: Record<string, string>, details = {}): number =>
      retryAfterMsOf(errorOfResponse({ status: 429, headers, body: status(429, { details }) }, context));
    expect(of({ 'retry-after': '7' })).toBe(7_000);
    expect(of({}, { retryAfterSeconds: 3 })).toBe(3_000);
    expect(of({ 'retry-after': '999999' })).toBe(600_000);
    expect(of({ 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' })).toBe(0);
    expect(of({})).toBe(0);
  });

  it('says what to do about missing credentials and rights', () => {
    const of = (code: number): unknown =>
      errorOfResponse({ status: code, headers: {}, body: '' }, context).fields.remedy;
    expect(of(401)).toMatch(/service account token/);
    expect(of(403)).toMatch(/grant the verb "update" on widgets.example.com/);
    expect(of(500)).toBeUndefined();
  });

  it('survives an error page that is no Status', () => {
    const error = errorOfResponse({ status: 502, headers: {}, body: '<html>Bad Gateway' }, context);
    expect(error.code).toBe('unavailable');
  });
});

describe('errorOfFailure', () => {
  it('says whether the server can have seen the request', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const notSent = errorOfFailure(new TransportError('x', { sent: false, cause }), context);
    const lost = errorOfFailure(new TransportError('x', { sent: true, cause }), context);
    expect([notSent.code, notSent.fields.outcome]).toEqual(['unavailable', 'notSent']);
    expect([lost.code, lost.fields.outcome, lost.retryable]).toEqual(['unavailable', 'unknown', true]);
  });

  it('keeps cancelled and timeout apart', () => {
    const of = (code: 'cancelled' | 'timeout'): string =>
      errorOfFailure(new TransportError('x', { sent: true, cause: new CoucheStorError(code, 'x') }), context).code;
    expect(of('cancelled')).toBe('cancelled');
    expect(of('timeout')).toBe('timeout');
  });

  it('takes what only the TLS layer understands for an outage', () => {
    expect(errorOfFailure(new TransportError('CERT_HAS_EXPIRED', { sent: false }), context).code).toBe('unavailable');
  });
});

describe('errorOfStatus', () => {
  it('reads the Status of an ERROR event', () => {
    expect(errorOfStatus({ kind: 'Status', code: 410, message: 'too old' }, context)).toMatchObject({ code: 'gone' });
    expect(errorOfStatus(undefined, context).code).toBe('unavailable');
  });
});
