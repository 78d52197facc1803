/**
 * The wire under the Kubernetes client: bytes and status codes, no meaning. A port of its own because every fault that the
 * adapter must survive is an event at this seam, so that a scripted fake can cause each one on a virtual clock.
 */

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, a stream's body included; its reason is the error's cause. */
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TransportStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends when the server ends the body; throws when the connection breaks or the signal aborts. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface KubeTransport {
  /** Thrown when there is no complete answer: TransportError. */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Resolves with the headers. Thrown when there are none: TransportError. */
  open(request: TransportRequest): Promise<TransportStream>;
  close(): void;
}

/** Thrown when a request got no answer. `sent` false proves that the server did not see it; true means that it may have. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;

  constructor(message: string, { sent, cause }: { sent: boolean; cause?: unknown }) {
    super(message, { cause });
    this.sent = sent;
  }
}
