/** The reference page of one process: its flags, their environment variables and keys of the configuration file. */
import { describeOptions } from '@couchestor/common/base';
import { pathToFileURL } from 'node:url';
import { table } from './crd-page.ts';

type ConfigModule = { options: Parameters<typeof describeOptions>[0]; processName: string };

export async function flagsPage(path: string, source: string): Promise<{ name: string; text: string }> {
  const { options, processName } = (await import(pathToFileURL(path).href)) as ConfigModule;
  const rows = describeOptions(options).map(({ flag, env, key, default: fallback, description }) => [
    `\`${flag}\``,
    env === undefined ? '' : `\`${env}\``,
    `\`${key}\``,
    fallback === undefined ? '' : `\`${String(fallback)}\``,
    description,
  ]);
  const text = [
    `<!-- Generated from ${source} by npm run generate. -->`,
    `# ${processName}`,
    'A flag wins over the environment, the environment over the file given with `--config` (YAML), the file over the default.',
    table(['Flag', 'Environment', 'Key in the file', 'Default', 'Meaning'], rows),
  ];
  return { name: processName, text: `${text.join('\n\n')}\n` };
}
