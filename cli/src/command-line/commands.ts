/** `kubectl couchestor` as a value: its commands, what each takes, and what it says of itself. */
import type { Program } from '@couchestor/common/command-line';
import { FLAGS, FOREIGN_FLAGS, GLOBAL_FLAGS, type FlagName } from './flags.ts';

const COMMANDS = {
  migrations: {
    summary: 'List the VolumeMigrations, those under way first.',
    operands: '',
    flags: ['policy', 'volume', 'phase', 'output', 'watch'],
    formats: ['table', 'wide', 'json', 'yaml', 'name'],
    details:
      'A table on a terminal leaves out the columns that do not fit; in a pipe, and with -o wide, it has all of its\n' +
      'columns. EXTRA is the pool of a replica beyond those that the volume asks for; cancel --cleanup has it removed.',
    examples: [
      'kubectl couchestor migrations --policy gold --watch',
      'kubectl couchestor migrations --phase AwaitingApproval -o name | xargs kubectl couchestor approve',
    ],
  },
  cancel: {
    summary: 'Stop migrations, and have removed what they leave.',
    operands: 'NAME...',
    flags: ['cleanup', 'wait', 'timeout', 'dry-run'],
    details:
      'A migration that is stopped after it added a replica leaves both copies. With --cleanup the extra one is removed, as\n' +
      'soon as the others are as many and as healthy as the volume asks for. Of one that has ended only --cleanup applies.\n' +
      'Of several names either all are changed or, if one cannot be, none is.',
    examples: ['kubectl couchestor cancel NAME --cleanup --dry-run', 'kubectl couchestor cancel NAME --cleanup --wait'],
  },
  approve: {
    summary: 'Approve migrations that await it.',
    operands: 'NAME...',
    flags: ['by', 'dry-run'],
    details:
      'An approval cannot be taken back; cancel stops the migration. Of several names either all are approved or, if one\n' +
      'does not await it, none is.',
    examples: ['kubectl couchestor approve NAME'],
  },
  explain: {
    summary: 'Tell why a volume moves, or does not.',
    operands: 'VOLUME',
    flags: ['policy', 'output', 'operator-url'],
    formats: ['text', 'json'],
    details:
      'VOLUME is the id of a volume, the name of its PersistentVolume, or NAMESPACE/CLAIM. Without --operator-url the answer is\n' +
      'that of the status of the policies, which lists up to 100 volumes each, moves and blocked ones first.',
    examples: [
      'kubectl couchestor explain shop/data',
      'kubectl -n couchestor-system port-forward deploy/couchestor-operator 8090 &',
      'kubectl couchestor explain shop/data --operator-url http://localhost:8090',
    ],
  },
  version: {
    summary: 'Print the version.',
    operands: '',
    flags: [],
    details: '',
    examples: ['kubectl couchestor version'],
  },
} as const satisfies Program<FlagName, string>['commands'];

export type CommandName = keyof typeof COMMANDS;

export const PROGRAM: Program<FlagName, CommandName> = {
  name: 'kubectl couchestor',
  purpose: 'looks after the volumes that CoucheStor moves between tiers.',
  flags: FLAGS,
  globalFlags: GLOBAL_FLAGS,
  foreignFlags: FOREIGN_FLAGS,
  commands: COMMANDS,
  exitCodes: `Exit codes: 0 it is done, or there was nothing to do; 1 it failed; 2 the command line cannot be meant;
130 Ctrl-C ended --wait.`,
};
