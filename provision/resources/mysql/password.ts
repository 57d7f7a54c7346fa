import { createHash } from 'node:crypto';

/**
 * Whether a password matches the hash stored by the server. It does not log in, so it works for users that may not
 * connect from this host, and no failed login is counted.
 *
 * @param kept `authentication_string` of mysql.user
 */
export function isPassword(plugin: string, kept: Buffer, password: string): boolean {
  if (plugin === 'mysql_native_password') return kept.toString('latin1').toUpperCase() === native(password);
  if (plugin !== 'caching_sha2_password') return false;
  const [, rounds, salt, digest] =
    /^\$A\$([0-9A-F]{3})\$(.{20})(.{43})$/s.exec(kept.toString('latin1')) ?? [];
  if (rounds === undefined || salt === undefined || digest === undefined) return false;
  return sha256crypt(password, Buffer.from(salt, 'latin1'), Number.parseInt(rounds, 16) * 1000) === digest;
}

/** `mysql_native_password`: `*` and SHA1(SHA1(password)) in upper-case hex. */
function native(password: string): string {
  const once = createHash('sha1').update(password).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}

const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * `caching_sha2_password`: SHA-256 crypt (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", 0.6) with a salt of
 * 20 bytes, as MySQL 8.0 stores it: `$A$005$`, salt, 43 characters.
 */
function sha256crypt(password: string, salt: Buffer, rounds: number): string {
  const key = Buffer.from(password);
  const b = sha256(key, salt, key);
  const a: Uint8Array[] = [key, salt, repeat(b, key.length)];
  for (let left = key.length; left > 0; left >>= 1) a.push(left & 1 ? b : key);
  let digest = sha256(...a);
  const p = repeat(sha256(...new Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeat(sha256(...new Array<Buffer>(16 + (digest[0] ?? 0)).fill(salt)), salt.length);
  for (let i = 0; i < rounds; i++) {
    const odd = i % 2 === 1;
    digest = sha256(
      odd ? p : digest,
      i % 3 ? s : Buffer.alloc(0),
      i % 7 ? p : Buffer.alloc(0),
      odd ? digest : p,
    );
  }
  return encoded(digest);
}

const repeat = (bytes: Buffer, length: number) => Buffer.alloc(length, length === 0 ? undefined : bytes);

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Encodes three bytes as four characters, low bits first, in the byte order defined by the algorithm. */
function encoded(digest: Buffer): string {
  const byte = (i: number) => digest[i] ?? 0;
  const characters = (value: number, count: number) =>
    Array.from({ length: count }, (_, i) => ALPHABET[(value >> (6 * i)) & 63]).join('');
  let text = '';
  for (let i = 0, [x, y, z] = [0, 10, 20]; i < 10; i++, [x, y, z] = [z + 1, x + 1, y + 1]) {
    text += characters((byte(x) << 16) | (byte(y) << 8) | byte(z), 4);
  }
  return text + characters((byte(31) << 8) | byte(30), 3);
}
