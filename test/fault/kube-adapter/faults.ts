/** What the informer has to recover from by itself: how each fault strikes an informer that is in step. */
import { ADAPTER, type Lab } from './lab.ts';

export interface Fault {
  readonly name: string;
  /** Makes `lab` fail, and changes the policy `marker` so that only a recovered informer can know it. */
  readonly strike: (lab: Lab, marker: string) => void;
}

const watch = { user: ADAPTER, verb: 'watch', path: /storagepolicies/ };
const list = { user: ADAPTER, verb: 'list', path: /storagepolicies/ };

/** An expired watch cannot be resumed, so that a list is needed. */
function expire({ server, proxy }: Lab): void {
  server.faults.add({ match: watch, times: 1, effect: { kind: 'status', code: 410 } });
  proxy.reset();
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'connection reset',
    strike: (lab, marker) => {
      lab.proxy.reset();
      lab.put(marker);
    },
  },
  {
    name: '410 at connect',
    strike: (lab, marker) => {
      expire(lab);
      lab.put(marker);
    },
  },
  {
    name: '410 in stream',
    strike: (lab, marker) => {
      lab.proxy.reset();
      lab.put(`${marker}-before`);
      lab.put(marker);
      lab.server.compact();
    },
  },
  {
    name: 'half-open connection',
    strike: (lab, marker) => {
      lab.proxy.freeze();
      lab.put(marker);
    },
  },
  {
    name: 'half-open watch',
    strike: (lab, marker) => {
      lab.server.faults.add({ match: watch, times: 1, effect: { kind: 'half-open-watch' } });
      lab.put(marker);
    },
  },
  {
    name: '429 with Retry-After 1 s',
    strike: (lab, marker) => {
      const effect = { kind: 'status', code: 429, retryAfterSeconds: 1 } as const;
      lab.server.faults.add({ match: list, times: 1, effect });
      expire(lab);
      lab.put(marker);
    },
  },
  {
    name: 'three 500s in a row',
    strike: (lab, marker) => {
      lab.server.faults.add({ match: list, times: 3, effect: { kind: 'status', code: 500 } });
      expire(lab);
      lab.put(marker);
    },
  },
  {
    name: 'request never answered',
    strike: (lab, marker) => {
      lab.server.faults.add({ match: list, times: 1, effect: { kind: 'drop' } });
      expire(lab);
      lab.put(marker);
    },
  },
  {
    name: 'events out of order',
    strike: (lab, marker) => {
      lab.server.faults.add({ match: watch, times: 1, effect: { kind: 'watch-events', mode: 'reorder' } });
      lab.put(marker);
      lab.put(`${marker}-after`);
    },
  },
  {
    name: 'stale list',
    strike: (lab, marker) => {
      const { revision } = lab.server.store;
      lab.put(marker);
      // The first strikes the page that the informer looks at before it watches again, the second the list that follows.
      lab.server.faults.add({ match: list, times: 2, effect: { kind: 'stale-list', revision: revision - 1 } });
      expire(lab);
    },
  },
];
