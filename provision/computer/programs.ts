import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** A program that the lab runs, or a file that it reads (absolute path), and its package on Debian and Ubuntu. */
export interface Program {
  readonly name: string;
  readonly package: string;
  /** Why the installed version is too old. A newer one is then installed. */
  readonly outdated?: string;
  /** Whether Debian 12 needs the package from backports, because its own is too old. */
  readonly backports?: boolean;
}

/** The operating system of this computer, from os-release. */
export interface Computer {
  readonly platform: string;
  readonly id: string;
  readonly like: readonly string[];
  readonly codename: string;
  readonly pretty: string;
  readonly root: boolean;
}

export function computer(osRelease = '/etc/os-release'): Computer {
  let text = '';
  try {
    text = readFileSync(osRelease, 'utf8');
  } catch {
    // Not Linux, or without os-release.
  }
  const word = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return {
    platform: process.platform,
    id: word('ID'),
    like: word('ID_LIKE').split(' ').filter(Boolean),
    codename: word('VERSION_CODENAME'),
    pretty: word('PRETTY_NAME') || process.platform,
    root: process.getuid?.() === 0,
  };
}

export const missing = (programs: readonly Program[]) =>
  programs.filter(({ name, outdated }) => outdated !== undefined || !locate(name));

/** The path of a program. Also searches the sbin folders, which are missing from the PATH of ordinary users. */
export function locate(name: string): string | undefined {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
