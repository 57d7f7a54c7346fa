import type { ServerHostKeyAlgorithm } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import { addKey, fingerprint, knownKeys, typeOf } from './known.ts';
import { endpoint, type Target, typed } from './target.ts';

/** Verifies the host key of one connection. */
export interface Verifier {
  /** All supported algorithms; those of known keys come first, so that the server presents a key that can be compared. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** Returns undefined if the key is accepted. */
  refuse(key: Buffer): ProvisionError | undefined;
  /** Called once the connection is established: stores a key that was accepted for the first time. */
  accepted(): void;
}

const SUPPORTED: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

export function verifier(target: Target): Verifier {
  return target.trust.kind === 'exactly'
    ? exactly(target, target.trust.keys)
    : fromFiles(target, target.trust);
}

function exactly(target: Target, lines: readonly string[]): Verifier {
  const keys = lines.flatMap((line) => {
    const encoded = /(?:^|\s)(AAAA\S+)/.exec(line)?.[1];
    return encoded ? [Buffer.from(encoded, 'base64')] : [];
  });
  return {
    algorithms: inOrder(keys.map(typeOf)),
    accepted: () => undefined,
    refuse(key) {
      if (keys.some((known) => known.equals(key))) return undefined;
      return unreachable({
        place: target.place,
        what: `the host key of ${endpoint(target)} is not the expected one`,
        why: `expected ${keys.map(show).join(' or ') || 'a valid key'}, found ${show(key)}`,
        todo: 'if the machine was recreated, update host_key in the inventory; otherwise the connection may have been intercepted',
      });
    },
  };
}

function fromFiles(target: Target, trust: Extract<Target['trust'], { kind: 'files' }>): Verifier {
  const { files, name, acceptNew } = trust;
  const all = knownKeys(files, name);
  const known = all.filter(({ marker }) => marker === undefined);
  let fresh: Buffer | undefined;
  return {
    algorithms: inOrder(known.map(({ type }) => type)),
    accepted() {
      if (fresh && files[0]) addKey(files[0], name, fresh);
    },
    refuse(key) {
      const revoked = all.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
      if (revoked) {
        return unreachable({
          place: target.place,
          what: `the host key of ${endpoint(target)} is revoked`,
          why: `${show(key)}, ${revoked.file}:${revoked.line}`,
          todo: 'give the host a new host key; if it already has one, the connection may have been intercepted',
        });
      }
      // Read again: another connection may have stored a key since this one began.
      const now = knownKeys(files, name).filter(({ marker }) => marker === undefined);
      if (now.some((entry) => entry.key.equals(key))) return undefined;
      const other = now.find(({ type }) => type === typeOf(key)) ?? now[0];
      if (other) return changed(target, name, other, key);
      if (acceptNew) {
        fresh = key;
        return undefined;
      }
      return unknown(
        target,
        files,
        all.some(({ marker }) => marker === 'cert-authority'),
        key,
      );
    },
  };
}

function changed(
  target: Target,
  name: string,
  other: { file: string; line: number; key: Buffer },
  key: Buffer,
) {
  return unreachable({
    place: target.place,
    what: `the host key of ${endpoint(target)} has changed`,
    why: `expected ${show(other.key)} (${other.file}:${other.line}), found ${show(key)}`,
    todo: `if the machine was recreated, remove its old key, then connect once with ssh: ssh-keygen -f ${other.file} -R '${name}'`,
  });
}

function unknown(target: Target, files: readonly string[], authority: boolean, key: Buffer) {
  const file = files[0] ?? '~/.ssh/known_hosts';
  const port = target.port === 22 ? '' : `-p ${target.port} `;
  return unreachable({
    place: target.place,
    what: `the host key of ${endpoint(target)} is unknown`,
    why: `${show(key)} is not in ${files.join(', ') || file}${authority ? '; there is a @cert-authority line, but certificates are not supported' : ''}`,
    todo: `connect once and compare the fingerprint: ssh ${typed(target)}; or trust the key as it is: ssh-keyscan ${port}${target.address} >> ${file}`,
  });
}

/** `ED25519 key SHA256:…` */
function show(key: Buffer): string {
  const kind = typeOf(key).replace(/^ssh-|^ecdsa-sha2-.*$/, (start) => (start === 'ssh-' ? '' : 'ecdsa'));
  return `${kind.toUpperCase()} key ${fingerprint(key)}`;
}

/** Keys of type ssh-rsa are used with the algorithms rsa-sha2-* (RFC 8332). */
function inOrder(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = (algorithm: string) => types.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...SUPPORTED.filter(known), ...SUPPORTED.filter((algorithm) => !known(algorithm))];
}
