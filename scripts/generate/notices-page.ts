/** The third-party packages that an install without dev dependencies brings, from the lock file alone. */
import { table } from './crd-page.ts';

interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
}

export function noticesPage(lockText: string): string {
  const lock = JSON.parse(lockText) as { packages: Record<string, LockedPackage> };
  const rows = new Map<string, string[]>();
  for (const [path, entry] of Object.entries(lock.packages)) {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (!path.includes('node_modules/') || entry.dev === true || entry.link === true) continue;
    rows.set(`${name}@${entry.version}`, [`\`${name}\``, entry.version ?? '', entry.license ?? 'see the package']);
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return `<!-- Generated from package-lock.json by npm run generate. -->

# Third-party notices

CoucheStor is licensed under Apache-2.0 (see LICENSE). It uses the packages below, each under its own licence; the full text
of each licence is in the package's own folder of every install.

${table(['Package', 'Version', 'Licence'], sorted)}
`;
}
