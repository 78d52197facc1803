/** `discover`: which disks a node has, and which of them may be offered. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { CoucheStorError, toCoucheStorError } from '@couchestor/common/base';
import { jsonText, Table, type Console, type ExitCode } from '@couchestor/common/command-line';
import {
  HardwareObserver,
  mountLines,
  parsePolicy,
  readNodeFacts,
  RootedTree,
  SmartctlRunner,
  SmartReportFolder,
  traceDirectory,
  viewOf,
  type HardwareLook,
  type HardwarePolicy,
  type NodeFacts,
  type SeenMount,
  type SmartSource,
} from '../hardware/index.ts';
import { DISK_COLUMNS, WIDE_DISK_COLUMNS } from './discover-cells.ts';
import { explanationOf, explanationText, findDisk } from './discover-explain.ts';
import type { DiscoverRequest } from './discover-request.ts';
import { factLines, traceText } from './discover-text.ts';
import { watchDisks } from './discover-watch.ts';

export async function discover(request: DiscoverRequest, console: Console): Promise<ExitCode> {
  const observer = new HardwareObserver({
    clock: console.clock,
    root: request.root,
    probe: request.probe,
    policy: await policyOf(request),
    smart: await smartOf(request, console),
  });
  if (request.watch) return watchDisks(observer, request, console);
  const look = await observer.look();
  refuseNoMachine(look, request.root);
  const node = nodeOf(request);
  if (request.explain !== undefined) {
    const disk = findDisk(request.explain, look.devices);
    const explanation = explanationOf(node, disk, look);
    console.out(request.output === 'json' ? jsonText(explanation) : explanationText(disk, explanation));
    return 0;
  }
  if (request.trace !== undefined) return tellTrace(request, request.trace, { node, look }, console);
  await tellDisks(request, { node, look }, console);
  return 0;
}

interface Seen {
  readonly node: string;
  readonly look: HardwareLook;
}

async function tellDisks({ output, facts }: DiscoverRequest, { node, look }: Seen, console: Console): Promise<void> {
  const views = look.devices.map(viewOf);
  const machine: NodeFacts | undefined = facts ? await readNodeFacts(console.clock) : undefined;
  if (output === 'json') {
    console.out(jsonText({ node, devices: views, ...(machine !== undefined && { facts: machine }) }));
    return;
  }
  if (machine !== undefined) console.out(factLines(node, machine));
  if (views.length === 0) {
    console.err('No disks found.\n');
    return;
  }
  const table = new Table(output === 'wide' ? WIDE_DISK_COLUMNS : DISK_COLUMNS, views, console.columns);
  console.out(table.heading() + views.map((view) => table.row(view)).join(''));
}

async function tellTrace(
  { root, output }: DiscoverRequest,
  directory: string,
  { node, look }: Seen,
  console: Console,
): Promise<ExitCode> {
  const resolved = root === '/' ? await resolve(directory) : directory;
  const trace = traceDirectory(resolved, {
    mounts: mountsOf(look, root),
    devices: look.devices.map(({ device }) => device),
    fileSystems: look.snapshot.fileSystems,
    health: new Map(look.devices.map(({ device, health }) => [device.id, health])),
  });
  const views = look.devices.filter(({ device }) => trace.devices.includes(device)).map(viewOf);
  console.out(output === 'json' ? jsonText({ node, ...trace, devices: views }) : traceText(trace));
  return trace.problem === null ? 0 : 1;
}

/** Below another root a directory is named as the first process of that machine names it, where one can be seen. */
function mountsOf({ snapshot }: HardwareLook, root: string): readonly SeenMount[] {
  const all = mountLines(snapshot);
  const first = root === '/' ? [] : all.filter(({ evidence }) => evidence.path === '/proc/1/mountinfo');
  return first.length > 0 ? first : all.filter(({ elsewhere }) => !elsewhere);
}

async function resolve(directory: string): Promise<string> {
  return realpath(directory).catch((thrown: unknown) => {
    throw toCoucheStorError(thrown);
  });
}

/** Nothing found is an answer only where one could look. */
function refuseNoMachine({ snapshot, devices }: HardwareLook, root: string): void {
  const gap = snapshot.gaps.find(({ path }) => path === '/sys/block');
  if (gap !== undefined) {
    throw new CoucheStorError(
      'unavailable',
      `${root}: the disks in sys/block cannot be listed (${gap.errno}); run it as a user who may.`,
    );
  }
  if (devices.length > 0 || new RootedTree(root).list('/sys/block').kind === 'value') return;
  throw new CoucheStorError(
    'notFound',
    `${root}: has no sys/block; give the folder that holds the sys, proc and run of a machine.`,
  );
}

/** As it was given, as the machine calls itself, or as this one does. */
function nodeOf({ node, root }: DiscoverRequest): string {
  if (node !== undefined) return node;
  const read = new RootedTree(root).readText('/proc/sys/kernel/hostname');
  if (read.kind === 'value' && read.value !== '') return read.value;
  return root === '/' ? hostname() : 'unknown';
}

async function policyOf({ policyFile, force, remote }: DiscoverRequest): Promise<HardwarePolicy> {
  const policy = policyFile === undefined ? {} : parsePolicy(await textOf(policyFile), policyFile);
  return { ...policy, remote: remote || policy.remote === true, force: new Set([...(policy.force ?? []), ...force]) };
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((thrown: unknown) => {
    throw toCoucheStorError(thrown);
  });
}

async function smartOf(
  { smartctl, smartReports, root }: DiscoverRequest,
  console: Console,
): Promise<SmartSource | undefined> {
  if (smartReports !== undefined) return SmartReportFolder.open(smartReports);
  if (smartctl) return new SmartctlRunner({ clock: console.clock, root, signal: console.interrupted });
  return (await hasRecordedCommands(root)) ? SmartReportFolder.open(join(root, RECORDED_COMMANDS)) : undefined;
}

/** Where a recorded machine has what programs printed on it, smartctl among them, beside a list of what was run. */
const RECORDED_COMMANDS = 'cmd';

/** Never of the machine itself: what lies in its `/cmd` was put there by anybody, at any time. */
async function hasRecordedCommands(root: string): Promise<boolean> {
  if (resolvePath(root) === '/') return false;
  return stat(join(root, RECORDED_COMMANDS, 'index.json')).then(
    (index) => index.isFile(),
    () => false,
  );
}
