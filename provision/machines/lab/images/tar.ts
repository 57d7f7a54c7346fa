export type Content = string | Uint8Array;

/** One entry of an archive. A path ends with "/" for a folder; one with `link` is a symbolic link. */
export interface Entry {
  readonly path: string;
  readonly content?: Content;
  readonly link?: string;
  /** Default: 0755 for a folder, 0777 for a link, otherwise 0644. */
  readonly mode?: number;
  /** The id of the user and of the group; default: root. */
  readonly owner?: number;
}

/** 1980-01-01, in seconds since 1970: a fixed time makes archives reproducible. */
const time = 315_532_800;
const block = 512;

/** Creates a tar archive in the ustar format (POSIX.1-1988), as for a layer of an image. Paths: at most 100 bytes. */
export function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header({ path, link, mode, owner = 0 }: Entry, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path}: too long for this archive`);
  const folder = path.endsWith('/');
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, digits: number) =>
    bytes.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  bytes.write(path, 0);
  octal(mode ?? (link !== undefined ? 0o777 : folder ? 0o755 : 0o644), 100, 7);
  octal(owner, 108, 7);
  octal(owner, 116, 7);
  octal(size, 124, 11);
  octal(time, 136, 11);
  bytes.write(folder ? '5' : link === undefined ? '0' : '2', 156);
  bytes.write(link ?? '', 157);
  bytes.write('ustar\0', 257);
  bytes.write('00', 263);
  // the checksum is calculated with spaces in its own field
  bytes.fill(' ', 148, 156);
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  bytes[154] = 0;
  return bytes;
}
