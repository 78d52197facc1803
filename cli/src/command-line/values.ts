/** What flags and operands of these commands mean, read strictly and with the remedy for what cannot be meant. */
import { parsePolicyName, quote } from '@couchestor/common/base';
import type { FlagReader } from '@couchestor/common/command-line';
import { FLAGS, type FlagName } from './flags.ts';

export type Flags = FlagReader<FlagName>;

/** How kubectl names what it prints with `-o name`, and what people type. */
const RESOURCE_PREFIX = /^(volumemigrations?(\.storage\.billyronks\.io)?|volmig)\//;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const MAX_APPROVER_LENGTH = 253;

export function durationOf(flags: Flags, name: 'timeout' | 'request-timeout'): number {
  return flags.durationMs(name, FLAGS[name].default);
}

export function waitMsOf(flags: Flags): number {
  if (flags.is('timeout') && !flags.is('wait')) {
    flags.problem('flag --timeout: says how long --wait waits; add --wait, or leave it out.');
  }
  if (flags.is('wait') && flags.is('dry-run')) {
    flags.problem('flag --wait: there is nothing to wait for with --dry-run; leave one of them out.');
  }
  return durationOf(flags, 'timeout');
}

export function policyOf(flags: Flags): string | undefined {
  return flags.parsed('policy', parsePolicyName);
}

export function urlOf(flags: Flags, name: FlagName): string | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.search === '') return text;
  flags.refuse(name, 'is not the address of a server; give one such as http://localhost:8090');
  return undefined;
}

export function approverOf(flags: Flags): string | undefined {
  const text = flags.text('by');
  if (text !== undefined && text.length > MAX_APPROVER_LENGTH) {
    flags.refuse('by', `is longer than ${MAX_APPROVER_LENGTH} characters; give a shorter name`);
  }
  return text;
}

/** Each once. */
export function migrationNamesOf(flags: Flags, operands: readonly string[]): readonly string[] {
  const names = operands.map((operand) => operand.replace(RESOURCE_PREFIX, ''));
  for (const [index, name] of names.entries()) {
    if (OBJECT_NAME.test(name)) continue;
    flags.problem(
      `NAME: ${quote(operands[index] ?? '')} is not the name of a VolumeMigration; list them with migrations.`,
    );
  }
  if (names.length === 0) {
    flags.problem('NAME: is missing; give the names of VolumeMigrations, as migrations lists them.');
  }
  return [...new Set(names)];
}

export function volumeOf(flags: Flags, operands: readonly string[]): string {
  const [volume = '', ...others] = operands;
  const remedy = 'give the id of a volume, or NAMESPACE/CLAIM';
  const [first = '', ...rest] = volume.split('/');
  if (volume === '') flags.problem(`VOLUME: is missing; ${remedy}.`);
  else if (rest.length > 1 || ![first, ...rest].every((part) => OBJECT_NAME.test(part))) {
    flags.problem(`VOLUME: ${quote(volume)} names no volume; ${remedy}.`);
  }
  flags.none(others, 'ask for one volume at a time');
  return volume;
}
