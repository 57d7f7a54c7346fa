import { createHmac } from 'node:crypto';
import { reveal, type Secret } from '../shell/secret.ts';

/**
 * A text that changes when one of the secrets changes, and that tells nothing about them without the key: it may be an
 * annotation of a pod, so that pods are replaced when a secret is. HMAC with SHA-256 (RFC 2104), 128 bits of it.
 *
 * @param key a secret of the same environment
 */
export function keyedHash(key: Secret, secrets: Readonly<Record<string, Secret>>): string {
  const entries = Object.entries(secrets).map(([name, value]) => [name, reveal(value)]);
  const hmac = createHmac('sha256', reveal(key));
  return hmac.update(JSON.stringify(entries.sort())).digest('hex').slice(0, 32);
}
