/**
 * What reading one attribute of the kernel gives. An attribute that cannot be read is a value too: drivers answer EINVAL, ENXIO
 * or ENOTSUP for what a device lacks, and one such answer must not cost the rest of the machine.
 */
export type Attribute<T = string> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly errno: string };

export const ABSENT: { readonly kind: 'absent' } = { kind: 'absent' };

export function valueOf<T>(attribute: Attribute<T> | undefined): T | null {
  return attribute?.kind === 'value' ? attribute.value : null;
}
