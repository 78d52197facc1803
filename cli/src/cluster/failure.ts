/**
 * What goes wrong between this command and the API server, in words that say what to do. Each failure is a CoucheStorError; who
 * calls decides by its code, and a person reads its message.
 */
import type { IncomingMessage } from 'node:http';
import {
  CODE_OF_STATUS,
  type CodeOfStatus,
  CoucheStorError,
  type ErrorCode,
  formatDuration,
  toCoucheStorError,
} from '@couchestor/common/base';

export interface Endpoint {
  readonly server: string;
  readonly context: string;
  readonly user: string;
}

interface Status {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly name?: unknown } | undefined;
}

const CODES: CodeOfStatus = { ...CODE_OF_STATUS, 410: 'gone', 422: 'invalid' };
/** A proxy's error page is no message. */
const MAX_MESSAGE_LENGTH = 1024;
const NOT_INSTALLED = 'unsupported' satisfies ErrorCode;

/** The answer was not a success. */
export function refused(
  { statusCode = 0 }: Pick<IncomingMessage, 'statusCode'>,
  body: string,
  { method, path }: { readonly method: string; readonly path: string },
  { server, context, user }: Endpoint,
): CoucheStorError {
  const status = readStatus(body);
  const said = typeof status.message === 'string' ? status.message.slice(0, MAX_MESSAGE_LENGTH) : '';
  const code = CODES[statusCode] ?? (statusCode >= 500 ? 'unavailable' : 'internal');
  const fields = { status: statusCode };
  const error = (message: string, as: ErrorCode = code) => new CoucheStorError(as, message, { fields });
  if (code === 'unauthorized') {
    return error(
      `${server} does not know who you are (401): the credentials of user ${user} in the kubeconfig are missing, wrong or expired. ` +
        'Log in again, or choose another --context.',
    );
  }
  if (code === 'forbidden') {
    const verb = { GET: 'get, list and watch', PATCH: 'patch', POST: 'create' }[method] ?? method;
    return error(`Not allowed (403): ${said}. Ask for a ClusterRole with the verbs ${verb} on ${resourceOf(path)}.`);
  }
  if (code === 'notFound') {
    const name = typeof status.details?.name === 'string' ? status.details.name : '';
    if (name !== '' && decodeURIComponent(path).split('?')[0]?.endsWith(`/${name}`) === true) return error(`${said}.`);
    return error(
      `${server} has no ${resourceOf(path)}: CoucheStor's CustomResourceDefinitions are not installed there. ` +
        `Install them with kubectl apply -f crds/, or choose another --context than ${context}.`,
      NOT_INSTALLED,
    );
  }
  const remedy = code === 'unavailable' || code === 'tooManyRequests' || code === 'timeout' ? ' Try again later.' : '';
  return error(`${server} answered ${statusCode}${said === '' ? '' : `: ${said}`}.${remedy}`);
}

/** There was no whole answer; `timeoutMs` if that is because of the limit. */
export function noAnswer(thrown: unknown, { server, context }: Endpoint, timeoutMs?: number): CoucheStorError {
  const { message, code, cause } = toCoucheStorError(thrown);
  if (timeoutMs !== undefined) {
    return new CoucheStorError(
      'timeout',
      `${server} did not answer within ${formatDuration(timeoutMs)}. Is the cluster up? A longer --request-timeout waits longer.`,
      { cause },
    );
  }
  return new CoucheStorError(
    code === 'internal' || code === 'notFound' ? 'unavailable' : code,
    `${server} cannot be reached: ${message}. Is the cluster up, and is its address in context ${context} of the kubeconfig right?`,
    { cause },
  );
}

export function noSense(thrown: unknown, { server, context }: Endpoint): CoucheStorError {
  const message = `${server} answers, but not as a Kubernetes API. Is its address in context ${context} of the kubeconfig right?`;
  return new CoucheStorError('unavailable', message, { cause: thrown });
}

/** A plug-in or a file that the kubeconfig names. */
export function credentialsFailed(thrown: unknown, { user }: Endpoint): CoucheStorError {
  const { message } = toCoucheStorError(thrown);
  return new CoucheStorError(
    'unauthorized',
    `The credentials of user ${user} in the kubeconfig cannot be had: ${message}. Does kubectl work with it?`,
    { cause: thrown },
  );
}

function resourceOf(path: string): string {
  const [, group, plural] = /^\/apis\/([^/]+)\/[^/]+\/([^/?]+)/.exec(path) ?? [];
  return group === undefined ? 'this resource' : `${plural}.${group}`;
}

function readStatus(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
