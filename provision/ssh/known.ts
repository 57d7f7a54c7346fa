import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A line of a known_hosts file that matches a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface Known {
  readonly file: string;
  /** The line number, starting at 1. */
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly type: string;
  /** The key in its wire format. */
  readonly key: Buffer;
}

/** The entries for the host `name` (`host` or `[host]:port`). Missing files are ignored. */
export function knownKeys(files: readonly string[], name: string): Known[] {
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return [];
    }
    return text.split('\n').flatMap((line, i) => {
      const known = entry(line, name);
      return known ? [{ file, line: i + 1, ...known }] : [];
    });
  });
}

/** Adds a key to a file that only its owner can read, unless it is already there. */
export function addKey(file: string, name: string, key: Buffer): void {
  if (knownKeys([file], name).some((known) => known.key.equals(key))) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${name} ${typeOf(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
}

/** A fingerprint as printed by `ssh`: the SHA-256 digest in base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type of a key, which is its first string (RFC 4253, 6.6). */
export function typeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.toString('latin1', 4, 4 + length);
}

function entry(line: string, name: string): Omit<Known, 'file' | 'line'> | undefined {
  const words = line.trim().split(/\s+/);
  if (words[0]?.startsWith('#')) return undefined;
  const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
  const [hosts = '', type = '', encoded = ''] = words;
  if (encoded === '' || !matches(hosts, name)) return undefined;
  const known = { type, key: Buffer.from(encoded, 'base64') };
  if (marker === undefined) return known;
  return marker === 'revoked' || marker === 'cert-authority' ? { ...known, marker } : undefined;
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt = '', digest = ''] = hosts.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === digest;
  }
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && wild(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => wild(pattern, name));
}

/** Matches the wildcards `*` and `?` of ssh_config(5). */
function wild(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}
