/** The read model of the operator over HTTP: decisions with all that they rest on. */
import { CoucheStorError, formatDuration, toCoucheStorError } from '@couchestor/common/base';

export interface Explained {
  readonly decision: {
    readonly volumeId: string;
    readonly policy: { readonly name: string };
    readonly explanation: string;
  };
  readonly since: string;
  readonly round: { readonly decidedAt: string; readonly fresh: boolean; readonly staleReason?: string };
}

export interface OperatorApiOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class OperatorApi {
  readonly #options: OperatorApiOptions;

  constructor(options: OperatorApiOptions) {
    this.#options = options;
  }

  /** By the id of the volume, or the name of its PersistentVolume. Thrown when no policy watches it: `notFound`. */
  async volume(volume: string): Promise<Explained> {
    return (await this.#get(`/api/v1/decisions/${encodeURIComponent(volume)}`)) as Explained;
  }

  /** Undefined when no policy watches the volume of the claim. */
  async claim(namespace: string, name: string): Promise<Explained | undefined> {
    const query = new URLSearchParams({ namespace, claim: name, limit: '1' });
    const page = (await this.#get(`/api/v1/decisions?${query.toString()}`)) as Pick<Explained, 'round'> & {
      items: readonly Omit<Explained, 'round'>[];
    };
    const [item] = page.items;
    return item === undefined ? undefined : { round: page.round, ...item };
  }

  async #get(path: string): Promise<unknown> {
    const { url, timeoutMs, signal } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const headers = { accept: 'application/json' };
      const response = await fetch(url.replace(/\/+$/, '') + path, {
        headers,
        signal: AbortSignal.any([limit, signal]),
      });
      ({ status } = response);
      text = await response.text();
    } catch (thrown) {
      if (limit.aborted)
        throw failed('timeout', `the operator did not answer within ${formatDuration(timeoutMs)}`, url);
      const { cause } = thrown as { cause?: unknown };
      const { message } = toCoucheStorError(cause ?? thrown);
      throw failed('unavailable', `the operator cannot be reached: ${message}`, url);
    }
    const answer = read(text);
    if (status === 200 && answer !== undefined) return answer;
    const { detail, remedy } = answer ?? {};
    if (typeof detail !== 'string') throw failed('unavailable', `this is no operator: it answers ${status}`, url);
    const said = typeof remedy === 'string' && !detail.includes(remedy) ? `${detail} To mend it, ${remedy}.` : detail;
    throw new CoucheStorError(status === 404 ? 'notFound' : 'unavailable', said);
  }
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function failed(code: 'timeout' | 'unavailable', what: string, url: string): CoucheStorError {
  const forward = 'kubectl -n couchestor-system port-forward deploy/couchestor-operator 8090';
  return new CoucheStorError(code, `flag --operator-url: ${url}: ${what}. Is it forwarded (${forward})?`);
}
