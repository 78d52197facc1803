/** What each command asks for, of the values that it was given. */
import { resolve } from 'node:path';
import { parseNodeName, parsePoolUuid, parseVolumeId, type NodeName } from '@couchestor/common/base';
import type { FlagReader } from '@couchestor/common/command-line';
import { POOL_TIERS, type PoolTier } from '../pools/index.ts';
import { BLOCK_BYTES } from '../shards/index.ts';
import { readDiscover } from './discover-request.ts';
import type { CommandName, FlagName } from './program.ts';
import type { Request } from './requests.ts';

type Flags = FlagReader<FlagName>;

/** A step of seconds would be followed by a rest of hours. */
const MAX_TRANQUILITY = 1000;

/** A request with a problem is never carried out, so what is missing may be anything. */
export function readRequest(command: CommandName, flags: Flags, operands: readonly string[]): Request {
  switch (command) {
    case 'pool init':
      return {
        command,
        folder: folderOf(flags, operands),
        node: nodeOf(flags),
        tier: tierOf(flags),
        uuid: flags.parsed('uuid', parsePoolUuid),
        output: flags.choice('output', ['text', 'json']) ?? 'text',
        dryRun: flags.is('dry-run'),
      };
    case 'pool ls':
      if (flags.is('volume') && !flags.is('shards')) {
        flags.problem('flag --volume: chooses among shards; add --shards, or leave it out.');
      }
      return {
        command,
        folders: foldersOf(flags, operands),
        shards: flags.is('shards'),
        volume: flags.parsed('volume', parseVolumeId),
        output: tableOrJson(flags),
      };
    case 'pool check':
      return { command, folders: foldersOf(flags, operands), output: tableOrJson(flags) };
    case 'pool scrub':
      return {
        command,
        folder: folderOf(flags, operands),
        bandwidthBytesPerSecond: bandwidthOf(flags),
        tranquility: tranquilityOf(flags),
        restart: flags.is('restart'),
        output: tableOrJson(flags),
        dryRun: flags.is('dry-run'),
      };
    case 'discover':
      return readDiscover(flags, operands);
    case 'version':
      flags.none(operands, 'leave it out');
      return { command };
  }
}

function tableOrJson(flags: Flags): 'table' | 'json' {
  return flags.choice('output', ['table', 'json']) ?? 'table';
}

/** Each once, as it was written first. */
function foldersOf(flags: Flags, operands: readonly string[]): readonly string[] {
  if (operands.length === 0) flags.problem('DIR: is missing; give the folder of a pool, where its disk is mounted.');
  if (operands.includes('')) flags.problem('DIR: is empty; give the folder of a pool, where its disk is mounted.');
  const folders = new Map<string, string>();
  for (const folder of operands) folders.set(resolve(folder), folders.get(resolve(folder)) ?? folder);
  return [...folders.values()];
}

function folderOf(flags: Flags, [folder, ...others]: readonly string[]): string {
  flags.none(others, 'give one folder at a time');
  return foldersOf(flags, folder === undefined ? [] : [folder])[0] ?? '';
}

function nodeOf(flags: Flags): NodeName {
  if (!flags.is('node'))
    flags.problem('flag --node: is missing; say which node the disk is part of, such as --node node-a.');
  return flags.parsed('node', parseNodeName) ?? parseNodeName('none');
}

function tierOf(flags: Flags): PoolTier {
  const tiers = POOL_TIERS.join(', ');
  if (!flags.is('tier')) flags.problem(`flag --tier: is missing; say which tier the disk is fit for: ${tiers}.`);
  return flags.choice('tier', POOL_TIERS) ?? POOL_TIERS[0];
}

function bandwidthOf(flags: Flags): number | undefined {
  const bytes = flags.bytes('bandwidth');
  if (bytes !== undefined && bytes > 0 && bytes < BLOCK_BYTES) {
    flags.refuse('bandwidth', `is less than a block in a second; give at least ${BLOCK_BYTES / 1024}Ki`);
  }
  return bytes;
}

function tranquilityOf(flags: Flags): number {
  const text = flags.text('tranquility') ?? '0';
  const isNumber = /^(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?$/.test(text) && Number(text) <= MAX_TRANQUILITY;
  if (!isNumber) flags.refuse('tranquility', `is not a number from 0 to ${MAX_TRANQUILITY}; give one such as 2`);
  return isNumber ? Number(text) : 0;
}
