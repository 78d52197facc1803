/** What an HTTP status says whoever sends it. Services that mean something of their own by one add it, or put it in place. */
import type { ErrorCode } from './errors.ts';

export type CodeOfStatus = Readonly<Partial<Record<number, ErrorCode>>>;

/** Of other statuses from 500 on nothing is known but that the service failed. */
export const CODE_OF_STATUS: CodeOfStatus = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  405: 'unsupported',
  406: 'unsupported',
  408: 'timeout',
  409: 'conflict',
  429: 'tooManyRequests',
  504: 'timeout',
};
