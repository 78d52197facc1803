/** One method of a service, with the types of its messages, and with whether they are streams. */
import type { MethodDefinition } from '@grpc/grpc-js';

export interface Method<
  Request,
  Response,
  RequestStream extends boolean,
  ResponseStream extends boolean,
> extends MethodDefinition<Request, Response> {
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
}
