import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** A program that the lab runs, or a file it reads, by its whole path, and the package of Debian and Ubuntu that has it. */
export interface Program {
  readonly name: string;
  readonly package: string;
  /** Why the installed version will not do: it is installed again, from where a newer one is. */
  readonly outdated?: string;
  /** The distribution's own package is too old on Debian 12: it comes from the backports there. */
  readonly backports?: boolean;
}

/** What this computer is: its distribution by os-release's words. */
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
    // not a Linux that says what it is
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

/** Where a program is, also in the folders of root that a user's PATH leaves out. */
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
