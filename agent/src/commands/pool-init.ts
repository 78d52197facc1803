/** `pool init`: makes a pool of the folder where a disk is mounted. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { systemError } from '../devices/index.ts';
import { initPool } from '../pools/index.ts';
import type { InitRequest } from './requests.ts';

export async function poolInit(request: InitRequest, console: Console): Promise<ExitCode> {
  const { folder, node, tier, uuid, dryRun, output } = request;
  const options = { node, tier, clock: console.clock, dryRun, ...(uuid === undefined ? {} : { uuid }) };
  const identity = await initPool(folder, options);
  if (dryRun) await checkWritable(folder);
  if (!(await isMountPoint(folder))) {
    console.err(
      `Note: no file system is mounted at ${folder}; what is stored there goes to that of the folder above it.\n`,
    );
  }
  if (output === 'json') console.out(jsonText({ path: folder, ...identity, dryRun }));
  else if (dryRun) console.out(`${folder} would become a pool of node ${node}, tier ${tier} (dry run).\n`);
  else console.out(`${folder} is pool ${identity.uuid} of node ${node}, tier ${tier}.\n`);
  return 0;
}

/** A folder of its own file system, which a disk has when it is mounted. */
async function isMountPoint(folder: string): Promise<boolean> {
  const path = await realpath(folder);
  const [own, above] = await Promise.all([stat(path), stat(dirname(path))]);
  return own.dev !== above.dev || path === dirname(path);
}

/** What making it would run into at once. */
async function checkWritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw systemError(error, { device: folder, operation: 'makeFolder' });
  });
}
