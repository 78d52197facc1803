/**
 * What a program of the last release would no longer understand. Within a version of a package everything that was released stays:
 * its number, its name, its type, and whether it repeats; what is not used any more stays and says so. Another meaning is another
 * field, and another contract another version.
 */

/** The parts of protobufjs' JSON descriptors that matter here. */
export interface Descriptor {
  readonly nested?: Readonly<Record<string, Descriptor>>;
  readonly fields?: Readonly<Record<string, Member>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, Member>>;
}

type Member = Readonly<Record<string, unknown>>;

/** Each as `where: what`; empty when the current contracts understand the released ones, and the other way round. */
export function incompatibilities(released: Descriptor, current: Descriptor, where = ''): string[] {
  const name = (member: string): string => (where === '' ? member : `${where}.${member}`);
  return [
    ...compare(released.fields, current.fields, (member, was, is) =>
      changes(name(member), { ...was, oneof: oneofOf(released, member) }, { ...is, oneof: oneofOf(current, member) }),
    ),
    ...compare(released.values, current.values, (member, was, is) =>
      was === is ? [] : [`${name(member)}: was ${was}, and is ${is}`],
    ),
    ...compare(released.methods, current.methods, (member, was, is) => changes(name(member), was, is)),
    ...compare(released.nested, current.nested, (member, was, is) => incompatibilities(was, is, name(member))),
  ];

  function compare<One>(
    was: Readonly<Record<string, One>> = {},
    is: Readonly<Record<string, One>> = {},
    differences: (member: string, was: One, is: One) => string[],
  ): string[] {
    return Object.entries(was).flatMap(([member, one]) => {
      const other = is[member];
      return other === undefined ? [`${name(member)}: is gone`] : differences(member, one, other);
    });
  }
}

/** Of fields and methods alone. */
function changes(where: string, was: Member, is: Member): string[] {
  const [before, after] = [meaningOf(was), meaningOf(is)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .map((key) => `${where}: ${key} was ${before[key]}, and is ${after[key]}`);
}

/** Comments say nothing on the wire, and what is deprecated is understood as before. */
function meaningOf({ options, ...member }: Member): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries({ ...member, ...(options as Member | undefined) });
  const meant = entries.filter(([key, value]) => !['comment', 'deprecated'].includes(key) && value !== undefined);
  return Object.fromEntries(meant.map(([key, value]) => [key, JSON.stringify(value)]));
}

function oneofOf(message: Descriptor, field: string): string | undefined {
  return Object.entries(message.oneofs ?? {}).find(([, { oneof }]) => oneof.includes(field))?.[0];
}
