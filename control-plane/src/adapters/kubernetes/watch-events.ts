/**
 * The body of a watch as events: one JSON object a line. A line that cannot be understood is an error here (client-node drops
 * it in silence), because what it said is lost and only a new list can tell.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { isKubeObject, isRecord, type KubeObject } from './kube-object.ts';

export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

export interface Bookmark {
  readonly type: 'BOOKMARK';
  readonly resourceVersion: string;
}

/** Nothing comes after it. */
export interface WatchFailure {
  readonly type: 'ERROR';
  readonly status: unknown;
}

export type WatchEvent = ObjectEvent | Bookmark | WatchFailure;

/** An object is at most 1.5 MiB in etcd; its JSON with managedFields stays well below this. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Thrown on a malformed or oversized line: CoucheStorError `corrupt`; whatever `chunks` throws passes through. */
export async function* watchEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line.trim() !== '') yield parseEvent(line);
    }
    if (rest.length > MAX_LINE_BYTES) throw new CoucheStorError('corrupt', 'A watch event is too large.');
  }
  // A half line at the end was cut off by whatever closed the connection; the next watch brings it again.
}

function parseEvent(line: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new CoucheStorError('corrupt', 'A watch event is not JSON.', { cause: error });
  }
  const { type, object } = isRecord(event) ? event : {};
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (isKubeObject(object)) return { type, object };
      break;
    case 'BOOKMARK': {
      const metadata = isRecord(object) ? object.metadata : undefined;
      const version = isRecord(metadata) ? metadata.resourceVersion : undefined;
      if (typeof version === 'string') return { type, resourceVersion: version };
      break;
    }
    case 'ERROR':
      return { type, status: object };
  }
  throw new CoucheStorError('corrupt', `A watch event of type ${JSON.stringify(type)} is malformed.`);
}
