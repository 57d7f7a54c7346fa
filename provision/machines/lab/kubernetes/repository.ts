import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Deb } from './deb.ts';
import { clearsigned } from './key.ts';

/**
 * Writes a package repository with the layout of pkgs.k8s.io: a flat one with `InRelease` and `Release.key`. Returns the
 * fingerprint of its key.
 */
export async function writeRepository(
  folder: string,
  debs: readonly Deb[],
  architecture: string,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const { file, content } of debs) writeFileSync(join(folder, file), content);
  const packages = Buffer.from(debs.map(stanza).join('\n'));
  const indices = { Packages: packages, 'Packages.gz': gzipSync(packages) };
  for (const [name, content] of Object.entries(indices)) writeFileSync(join(folder, name), content);
  const release = releaseOf(indices, architecture);
  const { text, key, fingerprint } = await clearsigned(release);
  writeFileSync(join(folder, 'Release'), release);
  writeFileSync(join(folder, 'InRelease'), text);
  writeFileSync(join(folder, 'Release.key'), key);
  return fingerprint;
}

const stanza = ({ file, fields, content }: Deb) =>
  `${fields}Filename: ${file}\nSize: ${content.length}\nSHA256: ${sha256(content)}\n`;

function releaseOf(indices: Readonly<Record<string, Buffer>>, architecture: string): string {
  const sums = Object.entries(indices).map(
    ([name, content]) => ` ${sha256(content)} ${content.length} ${name}\n`,
  );
  return `Origin: the lab of TheAPP
Label: Kubernetes built from Go modules
Architectures: ${architecture}
Date: ${new Date().toUTCString()}
SHA256:
${sums.join('')}`;
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
