/**
 * A process that uses the store of a pool, to be killed, or to be told by the system that a call failed. Prints a line of JSON for each
 * thing that it did.
 *
 *     node store-process.ts POOL GRACE_MS ACT...
 *
 *         put:PATH  delete:PATH  undelete:PATH  collect  quarantine:VOLUME  scan  scrub  read:PATH
 *         exit (at once, with nothing closed)
 *         hoard (opens as many files as it may)  drop (closes them)
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { CoucheStorError, parseVolumeId, realClock } from '@couchestor/common/base';
import { Scrub, type ShardResult } from '@couchestor/agent/scrub';
import { parseShardPath, pathOfShard } from '@couchestor/agent/shards';
import type { ShardStore, StoredShard, Worker } from '@couchestor/agent/store';
import { crc32c, openStore, PROOF, putSample, servedOf } from './samples.ts';

function say(what: string, details: object = {}): void {
  writeSync(1, `${JSON.stringify({ what, ...details })}\n`);
}

async function workThrough(worker: Worker): Promise<void> {
  while ((await worker.step()) === 'busy');
}

/** Keeps after each shard how far it is. */
async function scrub(store: ShardStore): Promise<object> {
  const onResult = ({ name }: StoredShard, { kind }: ShardResult): void =>
    say('scrubbed', { path: pathOfShard(name), kind });
  const options = { crc32c, clock: realClock, tranquility: 0, checkpointMs: 0, atOnce: 1, onResult };
  const opened = await Scrub.open(store, options);
  const state = await opened.run();
  const { pass, counters } = opened.report;
  return { state, pass, counters };
}

const hoarded: number[] = [];

function hoard(): number {
  try {
    for (;;) hoarded.push(openSync('/dev/null', 'r'));
  } catch {
    return hoarded.length;
  }
}

async function act(store: ShardStore, verb: string, object: string): Promise<object> {
  switch (verb) {
    case 'put':
      await putSample(store, object);
      return {};
    case 'delete':
      return store.delete(parseShardPath(object), PROOF);
    case 'undelete':
      await store.undelete(parseShardPath(object));
      return {};
    case 'collect': {
      const collector = store.collect();
      await workThrough(collector);
      return { kept: collector.report.keptCount };
    }
    case 'quarantine':
      await store.quarantine(parseVolumeId(object), 'nobody knows it');
      return {};
    case 'scan': {
      const scan = store.scan();
      await workThrough(scan);
      return { shards: scan.report.shards };
    }
    case 'scrub':
      return scrub(store);
    case 'exit':
      return process.exit(0);
    case 'hoard':
      return { files: hoard() };
    case 'drop':
      for (const file of hoarded.splice(0)) closeSync(file);
      return {};
    case 'read':
      return { served: await servedOf(store, object) };
    default:
      throw new Error(`no such act: ${verb}`);
  }
}

/** Says how it ended. */
async function attempt<Result extends object>(what: string, call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    const result = await call();
    say(what, 'pool' in result ? {} : result);
    return result;
  } catch (error) {
    if (!(error instanceof CoucheStorError)) throw error;
    const { code, retryable, fields, message } = error;
    say(what, { code, retryable, message, ...fields });
    return undefined;
  }
}

const [pool = '', graceMs = '', ...acts] = process.argv.slice(2);
const opened = await attempt('open', () => openStore(pool, { graceMs: Number(graceMs) }));
if (opened !== undefined) {
  for (const one of acts) {
    const [verb = '', object = ''] = one.split(':');
    await attempt(one, () => act(opened.store, verb, object));
  }
  say('health', { state: opened.pool.health.state, causes: opened.pool.health.reasons.map(({ cause }) => cause) });
  await opened.close();
}
