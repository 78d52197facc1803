/** What each command asks for, of the values that it was given. */
import { MIGRATION_PHASES } from '@couchestor/common/api';
import type { CommandName } from './commands.ts';
import type { Connection, Request } from './requests.ts';
import { approverOf, durationOf, migrationNamesOf, policyOf, urlOf, volumeOf, waitMsOf, type Flags } from './values.ts';

export interface ConnectedRequest {
  readonly connection: Connection;
  readonly request: Request;
}

export function readRequest(command: CommandName, flags: Flags, operands: readonly string[]): ConnectedRequest {
  const connection = {
    kubeconfig: flags.text('kubeconfig'),
    context: flags.text('context'),
    requestTimeoutMs: durationOf(flags, 'request-timeout'),
  };
  return { connection, request: requestOf(command, flags, operands) };
}

function requestOf(command: CommandName, flags: Flags, operands: readonly string[]): Request {
  switch (command) {
    case 'migrations':
      flags.none(operands, 'choose with --policy, --volume and --phase');
      return {
        command,
        policy: policyOf(flags),
        volume: flags.text('volume'),
        phase: flags.choice('phase', MIGRATION_PHASES),
        output: flags.choice('output', ['table', 'wide', 'json', 'yaml', 'name']) ?? 'table',
        watch: flags.is('watch'),
      };
    case 'cancel':
      return {
        command,
        names: migrationNamesOf(flags, operands),
        cleanup: flags.is('cleanup'),
        wait: flags.is('wait'),
        timeoutMs: waitMsOf(flags),
        dryRun: flags.is('dry-run'),
      };
    case 'approve':
      return {
        command,
        names: migrationNamesOf(flags, operands),
        by: approverOf(flags),
        dryRun: flags.is('dry-run'),
      };
    case 'explain':
      return {
        command,
        volume: volumeOf(flags, operands),
        policy: policyOf(flags),
        output: flags.choice('output', ['text', 'json']) ?? 'text',
        operatorUrl: urlOf(flags, 'operator-url'),
      };
    case 'version':
      flags.none(operands, 'leave it out');
      return { command };
  }
}
