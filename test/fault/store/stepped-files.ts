/** The files of a real pool, with somebody told before each call that changes them; and some calls left out. */
import type { PoolFiles } from '@couchestor/agent/pools';

export interface Stepping {
  readonly beforeStep?: () => void;
  /** Says that it is done, and does nothing. */
  readonly skips?: (operation: string) => boolean;
}

const STEPS: ReadonlySet<string> = new Set([
  ...['create', 'rename', 'unlink', 'makeFolder', 'removeFolder', 'syncFolder', 'write', 'sync'],
]);

const OPENING: ReadonlySet<string> = new Set(['create', 'open', 'openDirect']);

type Method = (...args: readonly unknown[]) => Promise<unknown>;

export function steppedFiles(files: PoolFiles, stepping: Stepping): PoolFiles {
  return stepped(files, stepping);
}

function stepped<Target extends object>(target: Target, stepping: Stepping): Target {
  return new Proxy(target, {
    get(_, key): unknown {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof key !== 'string' || typeof member !== 'function') return member;
      const method = member.bind(target) as Method;
      if (!STEPS.has(key) && !OPENING.has(key)) return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (STEPS.has(key)) stepping.beforeStep?.();
        if (stepping.skips?.(key) === true) return undefined;
        const result = await method(...args);
        return OPENING.has(key) && typeof result === 'object' && result !== null ? stepped(result, stepping) : result;
      };
    },
  });
}
