/** `couchestor-agent` on the command line, as a value: its commands, what each takes, and what it says of itself. */
import type { Program } from '@couchestor/common/command-line';
import { POOL_TIERS } from '../pools/index.ts';

const FLAGS = {
  node: { value: 'NAME', description: 'The node that the disk is part of.' },
  tier: { value: 'TIER', choices: POOL_TIERS, description: 'The tier that the disk is fit for.' },
  uuid: { value: 'UUID', description: 'What the pool is known by; by default a new one.' },
  shards: { description: 'List the shards instead, in their order on the disk.' },
  volume: { value: 'ID', description: 'With --shards: only those of this volume.' },
  bandwidth: { value: 'SIZE', description: 'Read at most so much in a second; by default as fast as it goes.' },
  tranquility: {
    value: 'NUMBER',
    default: '0',
    description: 'Rest so many times as long as each step took, for those who use the disk meanwhile.',
  },
  restart: { description: 'Begin a new pass, and do not go on where the last one was stopped.' },
  root: { value: 'DIR', default: '/', description: 'Where the sys, proc, run and dev of the machine are.' },
  explain: { value: 'DISK', description: 'Say of one disk from which attributes each answer came.' },
  trace: { value: 'DIR', description: 'Say on which disks a directory lies, with their tier and health.' },
  watch: { description: 'Go on looking, and print what is added, removed or changed.' },
  interval: { value: 'DURATION', default: '2s', description: 'With --watch: how often to look.' },
  policy: {
    value: 'FILE',
    description: 'Rules for tiers, what is forced or remote, and thresholds of health, in JSON.',
  },
  force: { value: 'DISK,...', description: 'Offer these disks in spite of old content; by id or kernel name.' },
  remote: { description: 'Offer disks that are reached through a network.' },
  'no-probe': { description: 'Open no disk; what is said of free ones stays unverified.' },
  smartctl: { description: 'Ask the disks for their health by running smartctl, which needs privileges.' },
  'smart-reports': { value: 'DIR', description: 'Take their health from what smartctl --json printed into files.' },
  facts: { description: 'Say also what processor, memory and network the node has.' },
  output: { short: 'o', value: 'FORMAT', description: 'How to print it.' },
  'dry-run': { description: 'Say what would be done, and change nothing.' },
  help: { short: 'h', description: 'Print this text.' },
} as const satisfies Program<string, never>['flags'];

export type FlagName = keyof typeof FLAGS;

const COMMANDS = {
  'pool init': {
    summary: 'Make a pool of a folder.',
    operands: 'DIR',
    flags: ['node', 'tier', 'uuid', 'output', 'dry-run'],
    formats: ['text', 'json'],
    details:
      'DIR is where the disk is mounted, and is empty but for lost+found. Nothing is formatted or deleted. A pool keeps its\n' +
      'identity; there is no flag to change it.',
    examples: [
      'couchestor-agent pool init /mnt/nvme0 --node node-a --tier hot --dry-run',
      'couchestor-agent pool init /mnt/nvme0 --node node-a --tier hot',
    ],
  },
  'pool ls': {
    summary: 'List pools, or their shards.',
    operands: 'DIR...',
    flags: ['shards', 'volume', 'output'],
    formats: ['table', 'json'],
    details:
      'Reads only, and beside the process that uses a pool. Shards are counted by the names of their files; check looks into\n' +
      'them. FREE is what new data may take; the last part of a disk is kept for repair. PROCESS is the one that uses it.',
    examples: [
      'couchestor-agent pool ls /mnt/nvme0 /mnt/nvme1',
      'couchestor-agent pool ls /mnt/nvme0 --shards --volume pvc-5f0c954c',
    ],
  },
  'pool check': {
    summary: 'Find what is wrong with pools, without reading all of them.',
    operands: 'DIR...',
    flags: ['output'],
    formats: ['table', 'json'],
    details:
      'Reads only, and beside the process that uses a pool. Looks at the identity, the lock, the room, tombstones,\n' +
      'quarantine, the names of all files, and both ends of each shard; scrub reads what lies between. Files that a crash has\n' +
      'left half written are no problem: whoever next uses the pool for shards clears them away.',
    examples: ['couchestor-agent pool check /mnt/nvme0', 'couchestor-agent pool check /mnt/* -o json'],
  },
  'pool scrub': {
    summary: 'Read every shard of a pool, and tell which are not as they were written.',
    operands: 'DIR',
    flags: ['bandwidth', 'tranquility', 'restart', 'output', 'dry-run'],
    formats: ['table', 'json'],
    details:
      'Takes the pool for itself meanwhile, and goes on where it was stopped last, by Ctrl-C or a crash. Nothing is repaired\n' +
      'or deleted. A write that the disk has lost as a whole may leave an older file that fits itself: that is found when the\n' +
      'shard is read, against the record of its stripe.',
    examples: [
      'couchestor-agent pool scrub /mnt/nvme0',
      'couchestor-agent pool scrub /mnt/nvme0 --bandwidth 100Mi --tranquility 2 --restart',
    ],
  },
  discover: {
    summary: 'Find the disks of the node, and say which of them may be offered.',
    operands: '',
    flags: [
      'root',
      'node',
      'explain',
      'trace',
      'watch',
      'interval',
      'policy',
      'force',
      'remote',
      'no-probe',
      'smartctl',
      'smart-reports',
      'facts',
      'output',
    ],
    formats: ['table', 'wide', 'json'],
    details:
      'Reads only. A disk that may be offered is opened for exclusive use, read at both ends and closed, where that is\n' +
      'permitted; OFFERABLE says unverified where it is not. Disks are known by their ids, since kernel names change\n' +
      'between boots. Without --smartctl or --smart-reports the health of a disk is Unknown, or worse. Of a recorded\n' +
      'machine, where --root has a cmd/index.json, the reports in its cmd are taken unless others are named.',
    examples: [
      'couchestor-agent discover',
      'couchestor-agent discover --explain nvme0n1',
      'couchestor-agent discover --root /host --smart-reports /run/smart -o json',
    ],
  },
  version: {
    summary: 'Print the version.',
    operands: '',
    flags: [],
    details: '',
    examples: ['couchestor-agent version'],
  },
} as const satisfies Program<FlagName, string>['commands'];

export type CommandName = keyof typeof COMMANDS;

export const PROGRAM: Program<FlagName, CommandName> = {
  name: 'couchestor-agent',
  purpose: 'looks after the disks of a storage node.',
  flags: FLAGS,
  globalFlags: ['help'],
  foreignFlags: {
    version: 'is a command here; write couchestor-agent version',
    repair: 'is not there: shards are repaired from others of their stripe, by the agents',
  },
  commands: COMMANDS,
  exitCodes: `Exit codes: 0 it is done, and all is well; 1 it failed, or there are problems; 2 the command line cannot be meant;
130 Ctrl-C stopped it.`,
};
