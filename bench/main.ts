/** `npm run bench -- AREA… [--json] [--smoke]`: measures whole areas, each beside the peer a user would pick instead. */
import { parseArgs } from 'node:util';
import { areas } from './areas/index.ts';
import { formatRows, type Row } from './row.ts';

function usage(): string {
  const width = Math.max(...areas.map(({ name }) => name.length));
  const list = areas.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
  return `Usage: npm run bench -- AREA... [--json] [--smoke]

Areas ('all' runs every one):
${list}

  --json   print an array of {area, shape, subject, value, unit, peers}
  --smoke  small sizes: shows that the bench runs, not how fast it is
`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage());
    return 0;
  }
  const unknown = positionals.filter((name) => name !== 'all' && !areas.some((area) => area.name === name));
  if (positionals.length === 0 || unknown.length > 0) {
    const problem = unknown.length > 0 ? `unknown area: ${unknown.join(', ')}` : 'which area?';
    process.stderr.write(`bench: ${problem}\n\n${usage()}`);
    return 2;
  }
  const chosen = areas.filter((area) => positionals.includes('all') || positionals.includes(area.name));
  const rows: Row[] = [];
  for (const area of chosen) {
    process.stderr.write(`measuring ${area.name}\n`);
    rows.push(...(await area.run({ smoke: values.smoke })));
  }
  process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : formatRows(rows));
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    `bench: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${usage()}` : ''}`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
