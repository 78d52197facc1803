/**
 * How a SCSI disk is reached. The SCSI layer itself does not say: the folders on the way do (a USB device, an ATA port, a SAS end
 * device), and where there are none, the driver of the host adapter.
 */
import { posix } from 'node:path';

import { textOf, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import type { Transport } from '../model/device.ts';
import { fact, seen, type Fact } from './facts.ts';
import { above, folderAbove } from './place.ts';

const RAID_HOSTS = new Set([
  'megaraid_sas',
  'megaraid',
  'megaraid_mbox',
  'hpsa',
  'cciss',
  'smartpqi',
  'aacraid',
  'arcmsr',
  '3w-9xxx',
  '3w-sas',
  'ips',
  'ipr',
  'mvumi',
  'stex',
  'esas2r',
  'pmcraid',
  'mpi3mr',
]);
/** A disk of theirs that is no end device of SAS is a volume that the adapter makes of disks. */
const SAS_HOSTS = new Set([
  'mptsas',
  'mpt2sas',
  'mpt3sas',
  'isci',
  'pm80xx',
  'pm8001',
  'hisi_sas',
  'aic94xx',
  'mvsas',
  'bfa',
]);
const FC_HOSTS = new Set(['qla2xxx', 'lpfc', 'fnic', 'zfcp', 'bnx2fc', 'fcoe', 'qedf', 'mptfc']);
const ISCSI_HOSTS = new Set(['iscsi_tcp', 'iser', 'be2iscsi', 'bnx2i', 'cxgb3i', 'cxgb4i', 'qla4xxx', 'qedi']);
const USB_HOSTS = new Set(['usb-storage', 'uas', 'ums-realtek']);
/** Memory that looks like a disk, for tests; and the kernel's own SCSI target, handed back to itself. */
const VIRTUAL_HOSTS = new Set(['scsi_debug', 'tcm_loopback']);
const ATA_HOST = /^(ahci|ata_|sata_|pata_|pdc_adma|libata)/;

export function scsiTransport(snapshot: HardwareSnapshot, path: string, device: Folder): Fact<Transport> {
  const byPlace = transportOfPlace(snapshot, path, device);
  return byPlace ?? transportOfHost(snapshot, path, device);
}

function transportOfPlace(snapshot: HardwareSnapshot, path: string, device: Folder): Fact<Transport> | null {
  const at = (name: RegExp): { path: string; value: string } | null => {
    const found = above(path, name);
    return found === null ? null : { path: found, value: posix.basename(found) };
  };
  const usb = at(/^\d+-[\d.]+$/);
  if (usb !== null && above(path, /^usb\d+$/) !== null) return fact('usb', usb);
  const end = above(path, /^end_device-[\d:]+$/);
  if (end !== null) return transportOfEnd(snapshot, end, device);
  const ata = at(/^ata\d+$/);
  if (ata !== null) return fact('sata', ata);
  const fibre = at(/^rport-[\d:-]+$/);
  if (fibre !== null) return fact('fc', fibre);
  const session = at(/^session\d+$/);
  return session === null ? null : fact('iscsi', session);
}

/** SAS adapters and expanders reach SATA disks too, by a protocol of their own. */
function transportOfEnd(snapshot: HardwareSnapshot, end: string, device: Folder): Fact<Transport> {
  const folder = snapshot.folders.get(`${end}/sas_device/${posix.basename(end)}`);
  const protocols = textOf(folder, 'target_port_protocols');
  const from = [seen(device, 'vendor'), ...(folder === undefined ? [] : [seen(folder, 'target_port_protocols')])];
  const sata = isAta(device) || /\b(sata|stp)\b/.test(protocols ?? '');
  return fact(sata ? 'sata' : 'sas', { path: end, value: posix.basename(end) }, ...from);
}

function transportOfHost(snapshot: HardwareSnapshot, path: string, device: Folder): Fact<Transport> {
  const at = above(path, /^host\d+$/);
  const host = at === null ? undefined : snapshot.folders.get(`${at}/scsi_host/${posix.basename(at)}`);
  const name = textOf(host, 'proc_name');
  const from = host === undefined ? [] : [seen(host, 'proc_name')];
  if (name === null) return fact('unknown', ...from);
  if (USB_HOSTS.has(name)) return fact('usb', ...from);
  if (ATA_HOST.test(name)) return fact('sata', ...from);
  if (RAID_HOSTS.has(name)) return raidTransport(device, fact(name, ...from));
  if (SAS_HOSTS.has(name)) return fact('raid', ...from);
  if (FC_HOSTS.has(name)) return fact('fc', ...from);
  if (ISCSI_HOSTS.has(name)) return fact('iscsi', ...from);
  if (name === 'virtio_scsi' || name.startsWith('Virtio')) return fact('virtio', ...from);
  if (VIRTUAL_HOSTS.has(name)) return fact('virtual', ...from);
  return fact('scsi', ...from);
}

/** Adapters that hand single disks through tell them from volumes each in its own way. */
function raidTransport(device: Folder, host: Fact<string>): Fact<Transport> {
  const level = textOf(device, 'raid_level');
  const channel = Number(posix.basename(device.path).split(':')[1]);
  // Of MegaRAID, disks are on the first two channels, and volumes behind them.
  const single = host.value.startsWith('megaraid') ? channel < 2 : level === 'N/A' || level === 'HBA';
  const from = [...host.from, seen(device, 'raid_level'), { path: device.path, value: `channel ${channel}` }];
  if (!single) return fact('raid', ...from);
  return fact(isAta(device) ? 'sata' : 'sas', ...from, seen(device, 'vendor'));
}

/** What translates SCSI commands for an ATA disk gives this vendor. */
export function isAta(device: Folder): boolean {
  return textOf(device, 'vendor')?.trim() === 'ATA';
}

export function usbDevice(snapshot: HardwareSnapshot, path: string): Folder | null {
  return folderAbove(snapshot, path, /^\d+-[\d.]+$/);
}
