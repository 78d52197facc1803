/** The reference page of one CustomResourceDefinition: every field with its type, default, bounds and meaning. */
import { parse } from 'yaml';

interface Schema {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  pattern?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  'x-kubernetes-validations'?: { rule: string; message?: string }[];
}

interface Crd {
  metadata: { name: string };
  spec: {
    group: string;
    scope: string;
    names: { kind: string; plural: string; shortNames?: string[] };
    versions: {
      name: string;
      additionalPrinterColumns?: {
        name: string;
        type: string;
        jsonPath: string;
        priority?: number;
        description?: string;
      }[];
      schema: { openAPIV3Schema: Schema };
    }[];
  };
}

export function crdPage(yaml: string, source: string): { name: string; text: string } {
  const crd = parse(yaml) as Crd;
  const { kind, plural, shortNames = [] } = crd.spec.names;
  const sections = crd.spec.versions.flatMap((version) => {
    const schema = version.schema.openAPIV3Schema;
    const columns = version.additionalPrinterColumns ?? [];
    return [
      `## ${crd.spec.group}/${version.name}`,
      schema.description ?? '',
      ...(['spec', 'status'] as const).flatMap((part) => {
        const node = schema.properties?.[part];
        return node === undefined
          ? []
          : [
              `### ${part}`,
              node.description ?? '',
              table(['Field', 'Type', 'Default', 'Bounds', 'Meaning'], fieldRows(node, part)),
            ];
      }),
      '### Rules across fields',
      rules(schema, '')
        .map(({ path, text }) => `- \`${path === '' ? 'object' : path}\`: ${text}`)
        .join('\n') || 'None.',
      '### Columns of `kubectl get`',
      table(
        ['Column', 'Field', 'Shown', 'Meaning'],
        columns.map(({ name, jsonPath, priority = 0, description = '' }) => [
          name,
          `\`${jsonPath}\``,
          priority === 0 ? 'always' : '`-o wide`',
          description,
        ]),
      ),
    ];
  });
  const names = [plural, ...shortNames].map((name) => `\`${name}\``).join(', ');
  const text = [
    `<!-- Generated from ${source} by npm run generate. -->`,
    `# ${kind}`,
    `${crd.spec.scope}-scoped. Names for kubectl: ${names}.`,
    ...sections,
  ];
  return { name: kind.toLowerCase(), text: `${text.filter((part) => part !== '').join('\n\n')}\n` };
}

function fieldRows(schema: Schema, path: string): string[][] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const own = `${path}.${name}`;
    const shown =
      child.default === undefined ? (required.has(name) ? '**required**' : '') : `\`${JSON.stringify(child.default)}\``;
    const nested = child.items?.properties === undefined ? fieldRows(child, own) : fieldRows(child.items, `${own}[]`);
    return [[`\`${own}\``, typeOf(child), shown, bounds(child), oneLine(child.description ?? '')], ...nested];
  });
}

function typeOf(schema: Schema): string {
  if (schema.type === 'array') return `[]${typeOf(schema.items ?? {})}`;
  if (typeof schema.additionalProperties === 'object') return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.format ?? schema.type ?? 'any';
}

function bounds(schema: Schema): string {
  const parts: string[] = [];
  if (schema.enum !== undefined) parts.push(schema.enum.map((value) => `\`${String(value)}\``).join(', '));
  if (schema.minimum !== undefined) parts.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) parts.push(`≤ ${schema.maximum}`);
  if (schema.minLength !== undefined || schema.maxLength !== undefined)
    parts.push(`${schema.minLength ?? 0} – ${schema.maxLength ?? '∞'} characters`);
  if (schema.minItems !== undefined || schema.maxItems !== undefined)
    parts.push(`${schema.minItems ?? 0} – ${schema.maxItems ?? '∞'} items`);
  if (schema.maxProperties !== undefined) parts.push(`≤ ${schema.maxProperties} keys`);
  return parts.join('; ');
}

function rules(schema: Schema, path: string): { path: string; text: string }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => ({
    path,
    text: message ?? `\`${oneLine(rule)}\``,
  }));
  const nested = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rules(child, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...nested, ...(schema.items === undefined ? [] : rules(schema.items, `${path}[]`))];
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

export function table(header: string[], rows: string[][]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
