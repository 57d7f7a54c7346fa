import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { tar } from '../images/tar.ts';
import { versions } from './versions.ts';

/** A file on the mirror, and its checksum in hexadecimal. */
export interface Archive {
  readonly path: string;
  readonly sha256: string;
}

/** Writes Helm's archive with the name and the contents of the one on get.helm.sh. */
export async function writeHelm(folder: string, program: string, architecture: string): Promise<Archive> {
  mkdirSync(folder, { recursive: true });
  const file = `helm-v${versions.helm}-linux-${architecture}.tar.gz`;
  const entry = { path: `linux-${architecture}/helm`, content: readFileSync(program), mode: 0o755 };
  const content = await promisify(gzip)(tar([entry]), { level: 1 });
  writeFileSync(join(folder, file), content);
  return { path: `/helm/${file}`, sha256: createHash('sha256').update(content).digest('hex') };
}
