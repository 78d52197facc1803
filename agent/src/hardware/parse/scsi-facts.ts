/**
 * Disks and drives of the SCSI layer, which is most of what is no NVMe: SAS, SATA, RAID volumes, USB, virtio-scsi, Fibre Channel, iSCSI. The
 * text attributes are those of an INQUIRY from 1986; what they cut off is in the binary pages.
 */
import { posix } from 'node:path';

import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type BlockEntry, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import type { CommandCounts, Media, Transport, Zoned } from '../model/device.ts';
import type { Evidence } from '../model/evidence.ts';
import { udevEvidence, udevProperty, unreadableIn, type CommonFacts } from './common-facts.ts';
import { fact, seen, type Fact } from './facts.ts';
import type { HardwareFacts, KindFacts } from './kind-facts.ts';
import { hexadecimal } from './numbers.ts';
import { trimmed } from './texts.ts';
import { pciPlace } from './place.ts';
import { isAta, scsiTransport, usbDevice } from './scsi-transport.ts';
import { ataDesignator, ataIdentity, rotationRate, unitSerial, type AtaIdentity } from './vpd.ts';

/** Peripheral device types of SCSI. */
const OPTICAL_TYPES = new Set(['4', '5', '7']);
const ZONED_TYPE = '20';
/** Behind these the kernel's flag says what the disk is; elsewhere it is 1 unless somebody cleared it. */
const FLAG_IS_TRUE = new Set<Transport>(['sas', 'sata', 'raid', 'fc', 'iscsi']);
const ONLINE_STATES = new Set(['running', 'created']);
const REMOTE = new Set<Transport>(['fc', 'iscsi']);
/** Rates below are reserved, but for 1, which does not rotate. */
const SLOWEST_RPM = 0x0401;

export function scsiFacts(
  snapshot: HardwareSnapshot,
  { block, device }: { readonly block: BlockEntry; readonly device: Folder },
  common: CommonFacts,
): KindFacts {
  const transport = scsiTransport(snapshot, block.folder.path, device);
  const identity = identityOf(device);
  const place = pciPlace(snapshot, block.folder.path);
  const rate = rotation(device, identity);
  const zoned = zonedOf(device, common.zoned);
  const media = mediaOf({ block, device, transport: transport.value, rate, zoned });
  const state = textOf(device, 'state');
  const usb = transport.value === 'usb' ? usbDevice(snapshot, block.folder.path) : null;
  const wwid = wwidOf(device);
  const hardware: HardwareFacts = {
    transport,
    remote: fact(REMOTE.has(transport.value), ...transport.from),
    media,
    rotational: rotationalOf(media),
    rotationRpm: fact(rate.value !== null && rate.value >= SLOWEST_RPM ? rate.value : null, ...rate.from),
    ...namesOf(device, identity),
    serial: serialOf({ block, device, identity, usb }),
    wwid,
    wwn: wwnOf(block, wwid),
    namespaceId: fact(null),
    ...place,
    state: fact(state, seen(device, 'state')),
    online: fact(state === null || ONLINE_STATES.has(state), seen(device, 'state')),
    paths: fact(
      [
        {
          kernelName: block.kernelName,
          controller: /\/(host\d+)\//.exec(device.path)?.[1] ?? null,
          transport: transport.value,
          address: posix.basename(device.path),
          pciAddress: place.pciAddress.value,
          numaNode: place.numaNode.value,
          state,
          anaState: null,
        },
      ],
      { path: device.path, value: posix.basename(device.path) },
    ),
    commands: commandsOf(device),
  };
  return {
    hardware,
    common: { ...common, zoned, sizeBytes: mediumSize(block, media, common) },
    virtual: transport.value === 'virtual',
    label: fact(null),
    unreadable: unreadableIn(block.folder, device),
    hwmonOf: [device.path],
  };
}

function page(device: Folder, name: string): Uint8Array | null {
  return valueOf(device.binary.get(name));
}

function pageEvidence(device: Folder, name: string, value: string | null): Evidence {
  const attribute = device.binary.get(name);
  const note = attribute === undefined ? 'absent' : attribute.kind === 'unreadable' ? attribute.errno : 'binary';
  return { path: `${device.path}/${name}`, value, note };
}

function identityOf(device: Folder): AtaIdentity | null {
  const identify = page(device, 'vpd_pg89');
  return identify === null || !isAta(device) ? null : ataIdentity(identify);
}

function namesOf(device: Folder, identity: AtaIdentity | null): Pick<HardwareFacts, 'model' | 'vendor' | 'firmware'> {
  const text = (name: string): string | null => trimmed(textOf(device, name));
  if (!isAta(device)) {
    return {
      model: fact(text('model'), seen(device, 'model')),
      vendor: fact(text('vendor'), seen(device, 'vendor')),
      firmware: fact(text('rev'), seen(device, 'rev')),
    };
  }
  const designators = page(device, 'vpd_pg83');
  const designated = designators === null ? null : (ataDesignator(designators)?.model ?? null);
  const model = identity?.model ?? designated;
  const pages = [
    pageEvidence(device, 'vpd_pg89', identity?.model ?? null),
    pageEvidence(device, 'vpd_pg83', designated),
  ];
  return {
    model:
      model === null
        ? fact(text('model'), ...pages, seen(device, 'model', 'cut to 16 characters'))
        : fact(model, ...pages),
    // The translation layer's, not the maker's.
    vendor: fact(null, seen(device, 'vendor')),
    firmware:
      typeof identity?.firmware === 'string'
        ? fact(identity.firmware, pageEvidence(device, 'vpd_pg89', identity.firmware))
        : fact(text('rev'), seen(device, 'rev')),
  };
}

/** Behind USB the bridge answers for the disk, and often alike for all of its kind: what USB itself says comes first. */
function serialOf(of: {
  readonly block: BlockEntry;
  readonly device: Folder;
  readonly identity: AtaIdentity | null;
  readonly usb: Folder | null;
}): Fact<string | null> {
  const { block, device, identity, usb } = of;
  const unit = page(device, 'vpd_pg80');
  const unitText = unit === null ? null : unitSerial(unit);
  const scsiKey = udevProperty(block.udev, 'ID_SCSI_SERIAL') === null ? 'SCSI_IDENT_SERIAL' : 'ID_SCSI_SERIAL';
  const sources: (readonly [string | null, Evidence])[] = [
    [unitText, pageEvidence(device, 'vpd_pg80', unitText)],
    [identity?.serial ?? null, pageEvidence(device, 'vpd_pg89', identity?.serial ?? null)],
    [udevProperty(block.udev, scsiKey), udevEvidence(block.udev, scsiKey)],
  ];
  // Of a SCSI disk udev's short serial is the WWN.
  if (udevProperty(block.udev, 'ID_BUS') !== 'scsi') {
    sources.push([udevProperty(block.udev, 'ID_SERIAL_SHORT'), udevEvidence(block.udev, 'ID_SERIAL_SHORT')]);
  }
  if (usb !== null) sources.unshift([textOf(usb, 'serial'), seen(usb, 'serial')]);
  const tried: Evidence[] = [];
  for (const [value, evidence] of sources) {
    tried.push(evidence);
    if (value !== null && value.trim() !== '') return fact(value.trim(), ...tried);
  }
  return fact(null, ...tried);
}

function wwidOf(device: Folder): Fact<string | null> {
  const text = textOf(device, 'wwid')?.trim() ?? '';
  // Some bridges give a name of zeros to every disk.
  return fact(text === '' || /^(naa|eui)\.0+$/.test(text) ? null : text, seen(device, 'wwid'));
}

function wwnOf(block: BlockEntry, wwid: Fact<string | null>): Fact<string | null> {
  const named = /^(?:naa|eui)\.([0-9a-f]+)$/i.exec(wwid.value ?? '')?.[1];
  if (named !== undefined) return fact(`0x${named.toLowerCase()}`, ...wwid.from);
  const key = udevProperty(block.udev, 'ID_WWN_WITH_EXTENSION') === null ? 'ID_WWN' : 'ID_WWN_WITH_EXTENSION';
  return fact(udevProperty(block.udev, key), ...wwid.from, udevEvidence(block.udev, key));
}

/** Zones can be there and not be shown: by a kernel without support of zones the type of the device still is. */
function zonedOf(device: Folder, shown: Fact<Zoned | null>): Fact<Zoned | null> {
  if (shown.value !== null || textOf(device, 'type') !== ZONED_TYPE) return shown;
  const zoned = {
    model: 'host-managed',
    zoneSizeBytes: null,
    zones: null,
    maxOpenZones: null,
    maxActiveZones: null,
  } as const;
  return fact(zoned, ...shown.from, seen(device, 'type', 'a disk that is written in zones'));
}

function rotation(device: Folder, identity: AtaIdentity | null): Fact<number | null> {
  const characteristics = page(device, 'vpd_pgb1');
  const rate = characteristics === null ? null : rotationRate(characteristics);
  if (rate !== null && rate > 0) return fact(rate, pageEvidence(device, 'vpd_pgb1', `rate ${rate}`));
  const identified = identity?.rotationRate ?? 0;
  const tried = pageEvidence(device, 'vpd_pgb1', rate === null ? null : 'rate 0: not said');
  return identified > 0
    ? fact(identified, tried, pageEvidence(device, 'vpd_pg89', `rate ${identified}`))
    : fact(null, tried);
}

function mediaOf(of: {
  readonly block: BlockEntry;
  readonly device: Folder;
  readonly transport: Transport;
  readonly rate: Fact<number | null>;
  readonly zoned: Fact<Zoned | null>;
}): Fact<Media> {
  const { block, device, rate, zoned } = of;
  const flag = seen(block.folder, 'queue/rotational');
  if (OPTICAL_TYPES.has(textOf(device, 'type') ?? '') || block.kernelName.startsWith('sr')) {
    return fact('optical', seen(device, 'type'));
  }
  // Shingled disks may say that they do not rotate, or the flag says it for them; zones on SCSI mean one.
  if (zoned.value !== null) return fact('smr', ...zoned.from);
  if (rate.value === 1) return fact('ssd', ...rate.from);
  if (rate.value !== null && rate.value >= SLOWEST_RPM) return fact('hdd', ...rate.from);
  if (!FLAG_IS_TRUE.has(of.transport)) return fact('unknown', ...rate.from, flag);
  const rotational = textOf(block.folder, 'queue/rotational');
  if (rotational === null) return fact('unknown', ...rate.from, flag);
  return fact(rotational === '0' ? 'ssd' : 'hdd', ...rate.from, flag);
}

function rotationalOf(media: Fact<Media>): Fact<boolean | null> {
  const rotates = { hdd: true, smr: true, ssd: false, zns: false, optical: null, unknown: null }[media.value];
  return fact(rotates, ...media.from);
}

/** A drive without a medium shows the size of the one that the kernel imagines. */
function mediumSize(block: BlockEntry, media: Fact<Media>, { sizeBytes }: CommonFacts): Fact<number | null> {
  if (media.value !== 'optical' || block.udev.kind === 'unknown') return sizeBytes;
  if (udevProperty(block.udev, 'ID_CDROM_MEDIA') === '1') return sizeBytes;
  return fact(0, ...sizeBytes.from, udevEvidence(block.udev, 'ID_CDROM_MEDIA'));
}

function commandsOf(device: Folder): Fact<CommandCounts | null> {
  const [done, failed, timedOut] = ['iodone_cnt', 'ioerr_cnt', 'iotmo_cnt'].map((name) =>
    hexadecimal(textOf(device, name)),
  );
  const from = ['iodone_cnt', 'ioerr_cnt', 'iotmo_cnt'].map((name) => seen(device, name));
  if (typeof done !== 'number' || typeof failed !== 'number') return fact(null, ...from);
  // Older kernels do not count what timed out.
  return fact({ done, failed, timedOut: timedOut ?? 0 }, ...from);
}
