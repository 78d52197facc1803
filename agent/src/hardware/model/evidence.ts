/**
 * Where an answer comes from: the file that was read and what it held, or why it could not be read. Every conclusion about a device
 * carries its own, so that `--explain` shows what was concluded from what.
 */
import type { Attribute } from '../snapshot/attribute.ts';

export interface Evidence {
  /** Inside the tree, such as /sys/block/sda/queue/rotational. */
  readonly path: string;
  /** What it held, shortened; null where it could not be read or is not there. */
  readonly value: string | null;
  /** Why there is no value, or what is to be known of it. */
  readonly note?: string;
}

const VALUE_LENGTH = 200;

export function evidenceOf(path: string, attribute: Attribute, note?: string): Evidence {
  const because =
    attribute.kind === 'unreadable' ? attribute.errno : attribute.kind === 'absent' ? 'absent' : undefined;
  const said = [because, note].filter((text) => text !== undefined).join('; ');
  const value = attribute.kind === 'value' ? attribute.value.slice(0, VALUE_LENGTH) : null;
  return said === '' ? { path, value } : { path, value, note: said };
}
