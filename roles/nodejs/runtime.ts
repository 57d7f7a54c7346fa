import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Artefact, failure } from '../../provision/index.ts';
import pinned from './pinned.json' with { type: 'json' };

const CACHE = join(import.meta.dirname, '..', '..', '.cache');

/**
 * The pinned Node.js for an architecture (`amd64`, `arm64`). It is downloaded once, from the npm registry that this
 * computer uses, and its pinned integrity (Subresource Integrity, sha512) is checked before it enters the cache.
 *
 * @throws ProvisionError (failed) if there is no build for the architecture, the registry cannot be reached, or the
 * integrity does not match
 */
export async function nodeRuntime(architecture: string): Promise<Artefact> {
  const { version } = pinned;
  const known = pinned.packages[architecture as keyof typeof pinned.packages];
  if (!known) {
    throw failure({
      what: `there is no pinned Node.js for ${architecture}`,
      todo: 'use the distribution’s package: -e nodejs.source=distro',
    });
  }
  const file = join(CACHE, `${known.name}-${version}.tgz`);
  if (!existsSync(`${file}.sha256`)) await fetchInto(file, `${known.name}@${version}`, known.integrity);
  const sha256 = readFileSync(`${file}.sha256`, 'utf8').trim();
  return { version, file, sha256, bytes: statSync(file).size };
}

/** The checksum file is written last: if it exists, the tarball is complete. */
async function fetchInto(file: string, spec: string, integrity: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  try {
    const packed = await execa('npm', ['pack', spec, '--silent', '--pack-destination', draft], {
      reject: false,
    });
    if (packed.exitCode !== 0) {
      throw failure({
        what: `${spec} could not be downloaded from the npm registry`,
        said: packed.stderr,
        todo: `run npm pack ${spec} for details; or use the distribution's Node.js: -e nodejs.source=distro`,
      });
    }
    const tarball = join(draft, packed.stdout.trim().split('\n').at(-1) ?? '');
    const bytes = readFileSync(tarball);
    const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    if (found !== integrity) {
      throw failure({
        what: `${spec} does not match its pinned integrity`,
        why: `expected ${integrity}, found ${found}`,
        todo: 'try again; if it still fails, a proxy or mirror may be modifying the file',
      });
    }
    renameSync(tarball, file);
    writeFileSync(`${file}.sha256`, `${createHash('sha256').update(bytes).digest('hex')}\n`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
