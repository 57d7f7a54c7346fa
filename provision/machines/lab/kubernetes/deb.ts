import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Entry, tar } from '../images/tar.ts';

/** A Debian package. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly depends?: string;
  readonly recommends?: string;
  readonly files: readonly Entry[];
  /** Absolute paths of files that an administrator may change. */
  readonly settings?: readonly string[];
  /** Maintainer scripts: postinst, prerm, postrm. */
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A package as dpkg reads it (deb(5)), with the fields that describe it in a repository. */
export interface Deb {
  readonly file: string;
  readonly fields: string;
  readonly content: Buffer;
}

/** Writes a package in memory, reproducibly. */
export async function deb(one: Package, architecture: string): Promise<Deb> {
  const fields = fieldsOf(one, architecture);
  const control = [
    { path: 'control', content: fields },
    ...(one.settings ? [{ path: 'conffiles', content: lines(one.settings) }] : []),
    ...Object.entries(one.scripts ?? {}).map(([path, content]) => ({ path, content, mode: 0o755 })),
  ];
  const members: [string, Buffer][] = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', await packed(control)],
    ['data.tar.gz', await packed(withFolders(one.files))],
  ];
  const content = Buffer.concat([Buffer.from('!<arch>\n'), ...members.flatMap(member)]);
  return { file: `${one.name}_${one.version}_${architecture}.deb`, fields, content };
}

function fieldsOf({ name, version, description, depends, recommends, files }: Package, architecture: string) {
  const bytes = files.reduce((sum, { content = '' }) => sum + Buffer.byteLength(content), 0);
  return lines([
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: the lab of TheAPP <lab@localhost>',
    'Section: admin',
    'Priority: optional',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    ...(depends ? [`Depends: ${depends}`] : []),
    ...(recommends ? [`Recommends: ${recommends}`] : []),
    `Description: ${description}`,
  ]);
}

const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('');

/** dpkg needs every parent folder as an entry of its own. */
function withFolders(files: readonly Entry[]): Entry[] {
  const folders = files.flatMap(({ path }) => {
    const parts = path.replace(/\/$/, '').split('/');
    return parts.slice(1).map((_, at) => `${parts.slice(0, at + 1).join('/')}/`);
  });
  const listed = new Set(files.map(({ path }) => path));
  const missing = [...new Set(folders)].filter((path) => !listed.has(path)).sort();
  return [...missing.map((path) => ({ path })), ...files];
}

const zip = promisify(gzip);
const packed = (entries: readonly Entry[]): Promise<Buffer> =>
  zip(tar(entries.map((entry) => ({ ...entry, path: `./${entry.path}` }))), { level: 1 });

/** A member of an archive of ar(1): a header of 60 bytes, then the content, padded to an even length. */
function member([name, content]: [string, Buffer]): Buffer[] {
  const header = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
  const start = `${header.join('')}${String(content.length).padEnd(10)}\`\n`;
  return [Buffer.from(start), content, Buffer.from(content.length % 2 === 1 ? '\n' : '')];
}
