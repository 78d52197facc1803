/** The reference page of one process: its flags, their environment variables and keys of the configuration file. */
import { describeOptions, type ConfigSpec } from '@couchestor/common/base';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table } from './crd-page.ts';

/** `path` is the config module of a workspace; the page is named after the workspace's command. */
export async function flagsPage(path: string, source: string): Promise<{ name: string; text: string }> {
  const { options } = (await import(pathToFileURL(path).href)) as { options: ConfigSpec };
  const manifest = JSON.parse(readFileSync(join(dirname(path), '..', 'package.json'), 'utf8')) as {
    bin?: Record<string, string>;
  };
  const name = Object.keys(manifest.bin ?? {})[0];
  if (name === undefined) throw new Error(`${source} has options, but its package.json names no command in "bin"`);
  const rows = describeOptions(options).map(({ flag, env, key, default: fallback, description }) => [
    `\`--${flag}\``,
    env === undefined ? '' : `\`${env}\``,
    `\`${key}\``,
    fallback === undefined ? '' : `\`${fallback}\``,
    description,
  ]);
  const text = [
    `<!-- Generated from ${source} by npm run generate. -->`,
    `# ${name}`,
    'A flag wins over the environment, the environment over the file given with `--config` (YAML), the file over the default.',
    table(['Flag', 'Environment', 'Key in the file', 'Default', 'Meaning'], rows),
  ];
  return { name, text: `${text.join('\n\n')}\n` };
}
