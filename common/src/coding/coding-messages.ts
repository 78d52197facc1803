/** What the pool and its threads say to each other. A thread answers the parts it is sent one by one, in their order. */
import type { ArenaPlace, EngineName, SharedMemory } from '../erasure/index.ts';
import type { EngineWish } from './choose-engine.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly memory: SharedMemory;
  /** The part of the arena that the thread's WebAssembly engine works in. */
  readonly scratch: ArenaPlace;
  /** SELF_TEST_BYTES of the arena: engines are tested on the memory that they will work on. */
  readonly selfTest: ArenaPlace;
  readonly wish: EngineWish;
}

/** The engine that a thread, and so the pool, works with. */
export interface EngineReport {
  readonly name: EngineName;
  readonly detail: string;
  readonly rejected: readonly { readonly name: EngineName; readonly reason: string }[];
}

export type ThreadMessage =
  | ({ readonly kind: 'ready' } & EngineReport)
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'done'; readonly differs: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };
