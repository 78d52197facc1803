/**
 * The mounts of every mount namespace that /proc shows. A node with many containers has hundreds of namespaces that hardly ever change: the
 * own table is read in every pass, a new namespace at once, and the others in turn.
 */
import { valueOf } from './attribute.ts';
import type { Gap, MountTable } from './hardware-snapshot.ts';
import type { TreeReader } from './tree-reader.ts';

const PROCESS = /^\d+$/;
/** Of more processes than this, the rest are not looked at; a node has far fewer mount namespaces. */
const PROCESSES = 20_000;
/** Mount tables of processes that hide their namespace; each may be one more copy of the same. */
const UNNAMED_TABLES = 64;
/** What a process answers that has ended. */
const ENDED = new Set(['ESRCH', 'EINVAL']);
/** Within so many passes the table of every namespace has been read again. */
const REREAD_PASSES = 5;

interface Kept {
  readonly table: MountTable;
  /** The pass in which it is read again. */
  readonly until: number;
}

export class MountTables {
  readonly #tree: TreeReader;
  #kept = new Map<string, Kept>();
  #pass = 0;
  #spread = 0;

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  /**
   * The own table first, then one for each other mount namespace; those that say the same as one before are left out. That there are others,
   * which cannot be read or are too many, is put into `gaps`.
   */
  read(gaps: Gap[] = []): readonly MountTable[] {
    this.#pass += 1;
    const ownNamespace = valueOf(this.#tree.readLinkText('/proc/self/ns/mnt'));
    const tables = [this.#tableOf('self', { namespace: ownNamespace, own: true })];
    const texts = new Set(tables.map(({ text }) => valueOf(text)));
    const namespaces = new Set([ownNamespace]);
    const next = new Map<string, Kept>();
    const closed = new Map<string, string>();
    let unnamed = 0;
    const processes = this.#processes();
    if (processes.length > PROCESSES) closed.set('more processes', 'E2BIG');
    for (const process of processes.slice(0, PROCESSES)) {
      const namespace = valueOf(this.#tree.readLinkText(`/proc/${process}/ns/mnt`));
      if (namespace !== null && namespaces.has(namespace)) continue;
      if (namespace === null && unnamed >= UNNAMED_TABLES) {
        closed.set('more tables', 'E2BIG');
        continue;
      }
      const kept = namespace === null ? this.#readOnce(process, null) : this.#keptOf(process, namespace);
      // A process that has ended, or has no mounts left, tells nothing of its namespace: another one of it may.
      const { text: answer } = kept.table;
      const text = valueOf(answer);
      if (answer.kind === 'unreadable' && !ENDED.has(answer.errno)) closed.set(namespace ?? '', answer.errno);
      if (text === null || text === '') continue;
      if (namespace === null) unnamed += 1;
      else {
        namespaces.add(namespace);
        closed.delete(namespace);
        next.set(namespace, kept);
      }
      if (texts.has(text)) continue;
      texts.add(text);
      tables.push(kept.table);
    }
    this.#kept = next;
    // Under one path, since processes come and go.
    const [errno] = closed.values();
    if (errno !== undefined) gaps.push({ path: '/proc/*/mountinfo', errno, of: 'mounts' });
    return tables;
  }

  #processes(): readonly string[] {
    const names = (valueOf(this.#tree.list('/proc')) ?? []).filter((name) => PROCESS.test(name));
    return names.sort((one, other) => Number(one) - Number(other));
  }

  #keptOf(process: string, namespace: string): Kept {
    const kept = this.#kept.get(namespace);
    return kept !== undefined && kept.until > this.#pass ? kept : this.#readOnce(process, namespace);
  }

  #readOnce(process: string, namespace: string | null): Kept {
    this.#spread = (this.#spread + 1) % REREAD_PASSES;
    const until = this.#pass + REREAD_PASSES - this.#spread;
    return { table: this.#tableOf(process, { namespace, own: false }), until };
  }

  #tableOf(process: string, of: { namespace: string | null; own: boolean }): MountTable {
    const path = `/proc/${process}/mountinfo`;
    return { path, ...of, text: this.#tree.readText(path) };
  }
}
