/**
 * Vital product data of SCSI disks, the binary pages that the kernel keeps of a disk. What is cut off or not there in the text attributes is
 * whole in them: serials, ATA models longer than the 16 characters of an INQUIRY, the speed of rotation. Pages are untrusted bytes;
 * one that is too short says nothing. Sources: SPC-4 7.8, SBC-4 6.6, SAT-3 12.4.2.
 */

const HEADER_BYTES = 4;

/** Page 80h: the serial of the unit. Null when it is empty. */
export function unitSerial(page: Uint8Array): string | null {
  if (page[1] !== 0x80 || page.length < HEADER_BYTES) return null;
  const length = uint16(page, 2);
  return printable(page.subarray(HEADER_BYTES, HEADER_BYTES + length));
}

/** Page 83h: the designator that names the vendor; of an ATA disk it holds the whole model and the serial. */
export function ataDesignator(page: Uint8Array): { readonly model: string; readonly serial: string } | null {
  if (page[1] !== 0x83) return null;
  const end = Math.min(page.length, HEADER_BYTES + uint16(page, 2));
  for (let at = HEADER_BYTES; at + HEADER_BYTES <= end;) {
    const length = page[at + 3] ?? 0;
    const text = page.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    // Type 1, of the logical unit: 8 characters of vendor, then for ATA 40 of model and 20 of serial.
    if (((page[at + 1] ?? 0) & 0x3f) === 0x01 && text.length >= 68 && printable(text.subarray(0, 8)) === 'ATA') {
      const model = printable(text.subarray(8, 48));
      const serial = printable(text.subarray(48, 68));
      if (model !== null && serial !== null) return { model, serial };
    }
    at += HEADER_BYTES + length;
  }
  return null;
}

export interface AtaIdentity {
  readonly serial: string | null;
  readonly firmware: string | null;
  readonly model: string | null;
  readonly rotationRate: number;
}

const IDENTIFY_AT = 60;

/** Page 89h: what the disk itself answered to IDENTIFY DEVICE, in words of which each holds two characters swapped. */
export function ataIdentity(page: Uint8Array): AtaIdentity | null {
  if (page[1] !== 0x89 || page.length < IDENTIFY_AT + 512) return null;
  const words = (from: number, to: number): string | null => {
    // A copy, whatever kind of array it is.
    const text = Uint8Array.from(page.subarray(IDENTIFY_AT + 2 * from, IDENTIFY_AT + 2 * to + 2));
    for (let at = 0; at + 1 < text.length; at += 2) text.set([text[at + 1] ?? 0, text[at] ?? 0], at);
    return printable(text);
  };
  return {
    serial: words(10, 19),
    firmware: words(23, 26),
    model: words(27, 46),
    rotationRate: (page[IDENTIFY_AT + 434] ?? 0) | ((page[IDENTIFY_AT + 435] ?? 0) << 8),
  };
}

/** Page B1h: revolutions a minute; 1 of what does not rotate, 0 of what does not say. Null without the page. */
export function rotationRate(page: Uint8Array): number | null {
  return page[1] === 0xb1 && page.length >= 6 ? uint16(page, 4) : null;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** ASCII without padding; null when nothing is left, or when it is no text at all. */
function printable(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes).toString('latin1').replace(/\0/g, ' ').trim();
  return text === '' || /[^\x20-\x7e]/.test(text) ? null : text;
}
