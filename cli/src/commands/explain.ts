/**
 * `explain`: the decision about one volume. The operator tells it whole; without a way to the operator, the status of the policies
 * tells it in a sentence, of as many volumes as fit there.
 */
import { MAX_REPORTED_DECISIONS, type ReportedDecision, type StoragePolicy } from '@couchestor/common/api';
import { CoucheStorError } from '@couchestor/common/base';
import { jsonText, shortDuration, type Console, type ExitCode } from '@couchestor/common/command-line';
import type { ClusterObjects } from '../cluster/objects.ts';
import type { Explained, OperatorApi } from '../cluster/operator-api.ts';
import type { ExplainRequest } from '../command-line/requests.ts';

export async function explainByOperator(
  request: ExplainRequest,
  operator: OperatorApi,
  console: Console,
): Promise<ExitCode> {
  const { volume, policy, output } = request;
  const found = await ask(volume, operator);
  if (found === undefined) throw new CoucheStorError('notFound', `No policy watches a volume of the claim ${volume}.`);
  const decidedBy = found.decision.policy.name;
  if (policy !== undefined && policy !== decidedBy) throw otherPolicy(volume, policy, decidedBy);
  console.out(output === 'json' ? jsonText(found) : paragraphs(found, console.clock.now()));
  return 0;
}

export async function explainByStatus(
  request: ExplainRequest,
  objects: ClusterObjects,
  console: Console,
): Promise<ExitCode> {
  const { volume, policy, output } = request;
  const policies = await objects.policies();
  if (policy !== undefined && !policies.some(({ metadata }) => metadata.name === policy)) {
    const names = policies.map(({ metadata }) => metadata.name).join(', ');
    throw new CoucheStorError(
      'notFound',
      `flag --policy: there is no policy ${policy}; there ${names === '' ? 'is none' : `are ${names}`}.`,
    );
  }
  const found = policies.flatMap((one) => reported(one, volume))[0];
  if (found === undefined) throw untold(volume, policies);
  if (policy !== undefined && policy !== found.policy) throw otherPolicy(volume, policy, found.policy);
  console.out(output === 'json' ? jsonText(found) : sentences(found, console.clock.now()));
  return 0;
}

async function ask(volume: string, operator: OperatorApi): Promise<Explained | undefined> {
  const [namespace = '', claim] = volume.split('/');
  return claim === undefined ? operator.volume(volume) : operator.claim(namespace, claim);
}

function paragraphs({ decision, since, round }: Explained, nowMs: number): string {
  const stale = round.fresh ? '' : `\nThis is not fresh: ${round.staleReason ?? 'a later round could not decide'}`;
  return `${decision.explanation}

Decided ${ago(round.decidedAt, nowMs)} by policy ${decision.policy.name}; it has been so since ${since}.${stale}
`;
}

interface Told {
  readonly policy: string;
  /** When the policy last wrote its status. */
  readonly lastReconcileTime?: string;
  readonly decision: ReportedDecision;
}

function reported({ metadata, status }: StoragePolicy, volume: string): Told[] {
  const decision = status.decisions?.find(
    ({ volumeId, volumeName, claim }) =>
      [volumeId, volumeName].some((name) => name === volume) ||
      (claim !== undefined && `${claim.namespace}/${claim.name}` === volume),
  );
  if (decision === undefined) return [];
  const { lastReconcileTime } = status;
  return [{ policy: metadata.name, ...(lastReconcileTime === undefined ? {} : { lastReconcileTime }), decision }];
}

function sentences({ policy, lastReconcileTime, decision }: Told, nowMs: number): string {
  const { volumeId, claim, outcome, code, from, to, message, since, earliestChangeTime, dryRun } = decision;
  const name = claim === undefined ? volumeId : `${claim.namespace}/${claim.name} (${volumeId})`;
  const written = lastReconcileTime === undefined ? '' : `; the policy last said so ${ago(lastReconcileTime, nowMs)}`;
  return [
    `${name}: ${outcome}, ${code}, ${from}${to === undefined ? '' : `→${to}`}${dryRun === true ? ' (dry run)' : ''}`,
    message,
    ...(earliestChangeTime === undefined ? [] : [`Nothing changes before ${earliestChangeTime} unless its inputs do.`]),
    '',
    `Decided by policy ${policy}; it has been so since ${since}${written}.`,
    '--operator-url tells on what it rests.',
    '',
  ].join('\n');
}

function untold(volume: string, policies: readonly StoragePolicy[]): CoucheStorError {
  const isCut = policies.some(({ status }) => (status.decisions?.length ?? 0) >= MAX_REPORTED_DECISIONS);
  const why = isCut
    ? `policies name ${MAX_REPORTED_DECISIONS} of their volumes there; --operator-url tells of all`
    : 'no policy watches it, or the operator has not decided yet (kubectl get spol)';
  return new CoucheStorError('notFound', `No policy names a volume ${volume} in its status: ${why}.`);
}

function otherPolicy(volume: string, policy: string, decidedBy: string): CoucheStorError {
  return new CoucheStorError(
    'notFound',
    `flag --policy: ${volume} is decided about by policy ${decidedBy}, not ${policy}; leave the flag out.`,
  );
}

function ago(time: string, nowMs: number): string {
  return `${shortDuration(nowMs - Date.parse(time))} ago`;
}
