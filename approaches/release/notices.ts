import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of the bundled packages, which must be part of every copy. */
export function notices(root: string, sources: string[]): string {
  const folders = new Set(sources.flatMap((source) => packageFolder.exec(source)?.[1] ?? []));
  const parts = [...folders].sort().map((folder) => notice(join(root, folder)));
  return [`theapp.mjs contains these packages.\n`, ...new Set(parts)].join(`\n${'-'.repeat(78)}\n\n`);
}

const packageFolder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n').concat('\n');
}
