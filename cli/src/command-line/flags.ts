/** The flags there are. One name means one thing in every command that has it. */
import { MIGRATION_PHASES } from '@couchestor/common/api';
import type { Program } from '@couchestor/common/command-line';

export const FLAGS = {
  policy: { value: 'NAME', description: 'Only those of this StoragePolicy.' },
  volume: { value: 'ID', description: 'Only those of this volume.' },
  phase: { value: 'PHASE', choices: MIGRATION_PHASES, description: 'Only those in this phase.' },
  output: {
    short: 'o',
    value: 'FORMAT',
    choices: ['table', 'wide', 'json', 'yaml', 'name', 'text'],
    description: 'How to print it.',
  },
  watch: { short: 'w', description: 'Go on telling what changes, until Ctrl-C.' },
  cleanup: { description: 'Have the extra replica removed that a stopped migration leaves.' },
  wait: { description: 'Wait until it is done, and tell the progress.' },
  timeout: { value: 'DURATION', default: '10m', description: 'How long --wait waits.' },
  'dry-run': { description: 'Say what would be done, and change nothing.' },
  by: {
    value: 'NAME',
    description: 'Who approves, for the record; by default who you are to the API server.',
  },
  'operator-url': {
    value: 'URL',
    description: 'The HTTP API of the operator, which knows all volumes and more about each.',
  },
  kubeconfig: { value: 'FILE', description: 'The kubeconfig; by default that of KUBECONFIG, or ~/.kube/config.' },
  context: { value: 'NAME', description: 'The context of the kubeconfig; by default the current one.' },
  'request-timeout': { value: 'DURATION', default: '15s', description: 'How long one request may take.' },
  help: { short: 'h', description: 'Print this text.' },
} as const satisfies Program<string, never>['flags'];

export type FlagName = keyof typeof FLAGS;

export const GLOBAL_FLAGS = ['kubeconfig', 'context', 'request-timeout', 'help'] as const satisfies readonly FlagName[];

/** Flags that users of kubectl are used to and that mean nothing here. */
export const FOREIGN_FLAGS: Readonly<Record<string, string>> = {
  version: 'is a command here; write kubectl couchestor version',
  A: 'VolumeMigrations are in no namespace; leave it out',
  'all-namespaces': 'VolumeMigrations are in no namespace; leave it out',
  n: 'VolumeMigrations are in no namespace; leave it out',
  namespace: 'VolumeMigrations are in no namespace; leave it out',
};
