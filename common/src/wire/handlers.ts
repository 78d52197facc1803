/** What implements a service: a function for each method, of the kind that its streams ask for. */
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import type { Method } from './method.ts';

export type Handlers<Service> = { readonly [Name in keyof Service]: HandlerOf<Service[Name]> };

type HandlerOf<M> =
  M extends Method<infer Request, infer Response, false, false>
    ? handleUnaryCall<Request, Response>
    : M extends Method<infer Request, infer Response, true, false>
      ? handleClientStreamingCall<Request, Response>
      : M extends Method<infer Request, infer Response, false, true>
        ? handleServerStreamingCall<Request, Response>
        : M extends Method<infer Request, infer Response, true, true>
          ? handleBidiStreamingCall<Request, Response>
          : never;
