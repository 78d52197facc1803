/**
 * A process that uses devices, to be run where its system calls fail. Prints a line of JSON for each thing that it did.
 *
 *     node device-process.ts sync FILE      writes and syncs, then tries again, then with a new device
 *     node device-process.ts write FILE     writes, syncs and reads back
 *     node device-process.ts open FOLDER    opens files until there are too many, closes them, opens one more
 *     node device-process.ts zones FILE     writes to the zoned disk in the file without end
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { CoucheStorError } from '@couchestor/common/base';
import { openFileDevice, openZonedModel, type BlockDevice } from '@couchestor/agent/devices';

function say(what: string, details: object = {}): void {
  writeSync(1, `${JSON.stringify({ what, ...details })}\n`);
}

/** Says how it ended, and whether it succeeded. */
async function attempt(what: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    say(what);
    return true;
  } catch (error) {
    if (!(error instanceof CoucheStorError)) throw error;
    const { code, retryable, fields } = error;
    say(what, { code, retryable, ...fields });
    return false;
  }
}

async function sync(path: string): Promise<void> {
  const device = await openFileDevice(path, { mode: 'create' });
  await attempt('write', () => device.write(0, Buffer.from('first')));
  await attempt('sync', () => device.sync());
  await attempt('sync', () => device.sync());
  await attempt('write', () => device.write(0, Buffer.from('again')));
  await attempt('read', () => device.read(0, Buffer.alloc(5)));
  await attempt('close', () => device.close());
  const next = await openFileDevice(path, { mode: 'write' });
  await attempt('write', () => next.write(0, Buffer.from('anew!')));
  await attempt('sync', () => next.sync());
  await next.close();
}

async function write(path: string): Promise<void> {
  const device = await openFileDevice(path, { mode: 'create' });
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  await attempt('write', () => device.write(0, content));
  const into = Buffer.alloc(device.sizeBytes);
  await attempt('read', () => device.read(0, into));
  say('compare', { isSame: into.equals(content.subarray(0, into.byteLength)), bytes: into.byteLength });
  await device.close();
}

async function open(folder: string): Promise<void> {
  const devices: BlockDevice[] = [];
  const one = async (): Promise<void> => {
    devices.push(await openFileDevice(join(folder, `file-${devices.length}`), { mode: 'create' }));
  };
  for (let isOpened = true; isOpened && devices.length < 1000;) isOpened = await attempt('open', one);
  await Promise.all(devices.map((device) => device.close()));
  await attempt('open', async () => (await openFileDevice(join(folder, 'one-more'), { mode: 'create' })).close());
}

/** Blocks of zone 0, then zone 1, and so on round; a zone is reset before it is used again. Block n is full of 1 + n mod 255. */
async function zones(path: string): Promise<void> {
  const device = await openZonedModel(await openFileDevice(path, { mode: 'write' }));
  const { blockBytes } = device;
  let block = 0;
  for (;;) {
    for (const { index, startBytes, capacityBytes } of await device.reportZones()) {
      await device.resetZone(index);
      say('reset', { zone: index });
      for (let offset = 0; offset < capacityBytes; offset += blockBytes) {
        await device.write(startBytes + offset, device.allocate(blockBytes).fill(1 + (block % 255)));
        say('written', { zone: index, offset, block });
        block += 1;
      }
    }
  }
}

const [command = '', path = ''] = process.argv.slice(2);
const commands: Readonly<Record<string, (path: string) => Promise<void>>> = { sync, write, open, zones };
await commands[command]?.(path);
