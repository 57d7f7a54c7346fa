import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artefact } from '../../provision/index.ts';
import { archive, type Files } from './archive.ts';
import { bundle } from './bundle.ts';
import { carriedFiles, hashInputs, hashInstalled } from './inputs.ts';
import { notices } from './notices.ts';
import { readVersion, type Version } from './version.ts';

/** A tarball with TheAPP: `theapp-VERSION/` with theapp.mjs, migrations/, pages/ and release.json. */
export interface Release {
  /** The absolute path of the tarball. */
  file: string;
  version: string;
  sha256: string;
  bytes: number;
  /** True if nothing has changed, so the tarball of the last build was used. */
  reused: boolean;
}

const checkout = join(import.meta.dirname, '../..');

/**
 * Builds the release of a checkout in its `dist/`. The same commit always gives the same bytes, wherever the checkout is.
 * It takes about a second, or a few milliseconds when nothing has changed.
 */
export async function buildRelease(root: string = checkout): Promise<Release> {
  const inputsHash = hashInputs(root);
  const version = await readVersion(root, inputsHash);
  const key = sha256Of(
    `${inputsHash} ${hashInstalled(root)} ${JSON.stringify(version)} ${process.versions.zlib}`,
  );
  const file = join(root, 'dist', `theapp-${version.version}.tar.gz`);
  const kept = await reuse(file, key);
  if (kept) return { file, version: version.version, ...kept, reused: true };
  const content = await archive(`theapp-${version.version}`, await contents(root, version), version.time);
  const made = { sha256: sha256Of(content), bytes: content.length };
  await mkdir(join(root, 'dist'), { recursive: true });
  await write(file, content);
  await write(`${file}.built`, JSON.stringify({ key, ...made }));
  return { file, version: version.version, ...made, reused: false };
}

/** The release of this checkout, as roles expect it. */
export async function theRelease(): Promise<Artefact> {
  const { version, file, sha256, bytes } = await buildRelease();
  return { version, file, sha256, bytes };
}

/** The result of the last build of this version, if its inputs were the same and the file is undamaged. */
async function reuse(file: string, key: string): Promise<{ sha256: string; bytes: number } | undefined> {
  if (!existsSync(file) || !existsSync(`${file}.built`)) return undefined;
  const [content, record] = [await readFile(file), await readFile(`${file}.built`, 'utf8')];
  const { key: builtOf, sha256, bytes } = JSON.parse(record);
  return builtOf === key && sha256 === sha256Of(content) ? { sha256, bytes } : undefined;
}

async function contents(root: string, { version, commit }: Version): Promise<Files> {
  const { code, sources } = await bundle(root);
  const files = new Map<string, string | Uint8Array>([
    ['LICENSE', await readFile(join(root, 'LICENSE'))],
    ['NOTICE', notices(root, sources)],
    ['VERSION', `${version}\n`],
    ['theapp.mjs', code],
  ]);
  for (const path of carriedFiles(root)) files.set(path, await readFile(join(root, 'app', path)));
  const checksums = Object.fromEntries([...files].map(([path, content]) => [path, sha256Of(content)]));
  const record = { name: 'theapp', version, commit, node: '>=24', files: checksums };
  return files.set('release.json', `${JSON.stringify(record, null, 2)}\n`);
}

/** Writes a file atomically, even when two builds run at the same time. */
async function write(file: string, content: string | Uint8Array) {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, file);
}

const sha256Of = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
