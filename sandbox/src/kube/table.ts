/**
 * Lists in the form of a `meta.k8s.io/v1` Table, which is what `kubectl get` prints: the server decides on columns and
 * cells, from the printer columns of a custom resource or the list of built-in ones.
 */
import { AGE_COLUMN, BUILT_IN_COLUMNS, NAME_COLUMN, type Cell, type Column } from './table-columns.ts';
import { ageOf, findByPath } from './table-values.ts';
import type { JsonObject, KubeObject, PrinterColumn, ResourceType } from './types.ts';

export interface TableOptions {
  includeObject: 'None' | 'Metadata' | 'Object';
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
  now: Date;
}

export function toTable(type: ResourceType, objects: readonly KubeObject[], options: TableOptions): JsonObject {
  const columns = columnsOf(type);
  const { resourceVersion, continue: token, remainingItemCount } = options;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(token === undefined ? {} : { continue: token }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    columnDefinitions: columns.map(({ name, type: columnType, format = '', description = '', priority = 0 }) => ({
      name,
      type: columnType,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.now)),
      ...rowObject(object, options.includeObject),
    })),
  };
}

function rowObject(object: KubeObject, include: TableOptions['includeObject']): JsonObject {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
  };
}

function columnsOf(type: ResourceType): readonly Column[] {
  const builtIn = type.builtIn ? BUILT_IN_COLUMNS.get(`${type.group}/${type.kind}`) : undefined;
  if (builtIn !== undefined) return builtIn;
  if (type.printerColumns.length === 0) return [NAME_COLUMN, AGE_COLUMN];
  return [NAME_COLUMN, ...type.printerColumns.map(columnOf)];
}

function columnOf(column: PrinterColumn): Column {
  return {
    ...column,
    cell: (object, now) => cellOf(column.type, findByPath(object, column.jsonPath)[0], now),
  };
}

/** A value that does not fit the type of its column shows nothing, as on a real server. */
function cellOf(type: PrinterColumn['type'], value: unknown, now: Date): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return ageOf(value, now);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
