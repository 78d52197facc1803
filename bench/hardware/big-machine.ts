/**
 * A machine with as many disks as one likes: a recorded one whose SAS disk and NVMe drive are there many times, each with its own numbers,
 * names, serial number and WWN, with all the attributes and links of the real kernel.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/sysfs/storage-node-a.tar.gz');
const SAS = '/sys/devices/pci0000:00/0000:00:04.0/host6/port-6:1';
const NVME = '/sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0';
/** In what it is recorded, a quarter of the disks that are added are NVMe. */
const NVME_SHARE = 4;

export interface BigMachine {
  readonly root: string;
  remove(): void;
}

/** @param added - disks besides those that were recorded. */
export function makeBigMachine(added: number): BigMachine {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-bench-hardware-'));
  execFileSync('tar', ['xzf', FIXTURE, '-C', folder]);
  const root = join(folder, 'storage-node-a');
  for (let number = 0; number < added; number += 1) {
    if (number % NVME_SHARE === 0) addNvme(root, number);
    else addSas(root, number);
  }
  return { root, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function addSas(root: string, number: number): void {
  const lun = 100 + number;
  const minor = 1024 + number * 16;
  const name = `sd${letters(number + 26)}`;
  const change = changer([
    ['port-6:1', `port-6:${lun}`],
    ['end_device-6:1', `end_device-6:${lun}`],
    ['target6:0:1', `target6:0:${lun}`],
    ['6:0:1:0', `6:0:${lun}:0`],
    ['WFK1SAS02A', `WFK1S${String(number).padStart(5, '0')}`],
    ['5000c500a1000004', `5000c500b${String(number).padStart(7, '0')}`],
    ['8:48', `8:${minor}`],
    ['8:49', `8:${minor + 1}`],
    ['sdd', name],
  ]);
  copy(join(root, SAS), join(root, change(SAS)), change);
  const block = `${change(SAS)}/end_device-6:${lun}/target6:0:${lun}/6:0:${lun}:0/block/${name}`;
  linkTo(root, `/sys/block/${name}`, block);
  linkTo(root, `/sys/dev/block/8:${minor}`, block);
  linkTo(root, `/sys/dev/block/8:${minor + 1}`, `${block}/${name}1`);
  for (const dev of ['8:48', '8:49']) copyUdev(root, dev, change);
}

function addNvme(root: string, number: number): void {
  const controller = 10 + number;
  const place = `0000:${(0x40 + number).toString(16)}:00.0`;
  const minor = 1024 + number;
  const change = changer([
    ['0000:01:00.0', place],
    ['hwmon4', `hwmon${controller}`],
    ['nvme0', `nvme${controller}`],
    ['ng0n1', `ng${controller}n1`],
    ['S6A1NE0R100001', `S6A1N${String(number).padStart(9, '0')}`],
    ['533641314e453052313030303031', Buffer.from(`S6A1N${String(number).padStart(9, '0')}`).toString('hex')],
    [devOf(root, 'nvme0n1'), `259:${minor}`],
  ]);
  copy(join(root, NVME), join(root, change(NVME)), change);
  const path = `${change(NVME)}/nvme/nvme${controller}`;
  linkTo(root, `/sys/class/nvme/nvme${controller}`, path);
  linkTo(root, `/sys/class/hwmon/hwmon${controller}`, `${path}/hwmon${controller}`);
  linkTo(root, `/sys/block/nvme${controller}n1`, `${path}/nvme${controller}n1`);
  linkTo(root, `/sys/dev/block/259:${minor}`, `${path}/nvme${controller}n1`);
  copyUdev(root, devOf(root, 'nvme0n1'), change);
}

const devOf = (root: string, name: string): string => readFileSync(join(root, 'sys/block', name, 'dev'), 'utf8').trim();

function copyUdev(root: string, dev: string, change: (text: string) => string): void {
  const record = join(root, 'run/udev/data', `b${dev}`);
  cpSync(record, join(dirname(record), change(basename(record))));
  rewrite(record, join(dirname(record), change(basename(record))), change);
}

type Change = (text: string) => string;

/** What is replaced is not replaced again: names of disks are parts of each other. */
function changer(pairs: readonly (readonly [string, string])[]): Change {
  const replacements = new Map(pairs);
  const pattern = new RegExp(pairs.map(([from]) => from.replaceAll('.', '\\.')).join('|'), 'g');
  return (text) => text.replace(pattern, (found) => replacements.get(found) ?? found);
}

function copy(from: string, to: string, change: Change): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, change(name))];
    const status = lstatSync(source);
    if (status.isDirectory()) copy(source, target, change);
    else if (status.isSymbolicLink()) symlinkSync(change(readlinkSync(source)), target);
    else rewrite(source, target, change);
  }
}

/** Pages of vital product data are bytes, each of which is a character here. */
function rewrite(from: string, to: string, change: Change): void {
  writeFileSync(to, change(readFileSync(from, 'latin1')), 'latin1');
}

function linkTo(root: string, link: string, target: string): void {
  const depth = dirname(link).split('/').length - 2;
  symlinkSync(`${'../'.repeat(depth)}${target.replace('/sys/', '')}`, join(root, link));
}

/** As the kernel counts disks: z is followed by aa. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
