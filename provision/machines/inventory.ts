import { closeSync, openSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { loadPlaced } from '../input/yaml.ts';
import { forward, keys, port } from './machines.ts';

const word = (what: string) => z.string().regex(/^[A-Za-z0-9][\w.-]*$/, what);
const hostKey = z
  .string()
  .regex(
    /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ AAAA[\w+/=]+( .*)?$/,
    'a public host key, such as "ssh-ed25519 AAAA…"',
  );

/** The schema; paths are relative to the folder of the inventory, or to the home folder with `~/`. */
function schemaIn(folder: string) {
  const file = z
    .string()
    .min(1)
    .transform((path) => resolve(folder, path.replace(/^~(?=\/|$)/, homedir())))
    .superRefine((path, context) => {
      const why = unreadable(path);
      if (why) context.addIssue({ code: 'custom', message: `${path} cannot be read: ${why}` });
    });
  const host = z
    .strictObject({
      address: z
        .string()
        .regex(/^[A-Za-z0-9][\w.:-]*$/, 'an address, a DNS name or an alias in ssh_config')
        .optional(),
      port: port.optional(),
      user: z
        .string()
        .regex(/^[a-z_][\w.-]*\$?$/i, 'a user name')
        .optional(),
      key: file.optional(),
      keys: z.array(file).min(1).optional(),
      host_key: z.union([hostKey, z.array(hostKey).min(1)]).optional(),
      groups: z.array(word('a group name')).optional(),
      private_address: z.ipv4().optional(),
      forward,
      vars: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
      sudo_password_file: file.optional(),
    })
    .superRefine((value, context) => {
      if (value.key === undefined || value.keys === undefined) return;
      context.addIssue({
        code: 'custom',
        path: ['keys'],
        message: '"key" is also set; expected only one of them',
      });
    });
  const hosts = z
    .record(z.string(), host)
    .superRefine(
      keys((key) => /^[A-Za-z0-9][\w.-]*$/.test(key), 'a name of letters, digits, dots and hyphens'),
    )
    .refine((all) => Object.keys(all).length > 0, 'expected at least one host');
  return z.strictObject({ hosts });
}

/** A host as written in an inventory. */
export type Entry = z.output<ReturnType<typeof schemaIn>>['hosts'][string];

/** The hosts of an inventory file by name, with the files they refer to checked. @throws ProvisionError (input) */
export const loadInventory = (file: string): Record<string, Entry> => loadPlacedInventory(file).hosts;

/** Like `loadInventory`, and also returns the place of each key. */
export function loadPlacedInventory(file: string): {
  hosts: Record<string, Entry>;
  where(path: readonly PropertyKey[]): string;
} {
  const path = resolve(file);
  const { value, where } = loadPlaced(
    path,
    schemaIn(dirname(path)),
    'see the example of an inventory in docs/inventory.md',
  );
  return { hosts: value.hosts, where };
}

function unreadable(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'it is a directory';
    closeSync(openSync(path, 'r'));
    return undefined;
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    const reasons: Record<string, string> = { ENOENT: 'there is no such file', EACCES: 'permission denied' };
    return reasons[code] ?? code;
  }
}
