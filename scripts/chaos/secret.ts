import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { failure } from '../../provision/errors.ts';
import type { Host } from '../../provision/machines/provider.ts';

/** The secret that is made anew while everything runs, and the variable that says what it was before. */
const [NAME, ROLE, BEFORE] = ['mysql', 'theapp', 'mysql_password_before'];

export interface Rotation {
  /** An inventory of the same hosts, which also says what the password was: no secret stands in a command line. */
  readonly inventory: string;
  /** Removes the inventory. */
  end(): void;
  /** Puts the old secret back. */
  undo(): void;
}

/** Gives an approach another secret, in the file where they are kept; the next run of the provisioner takes it out. */
export function rotate(file: string, hosts: readonly Host[]): Rotation {
  const before = readFileSync(file, 'utf8');
  const values = JSON.parse(before) as Record<string, string>;
  const old = values[NAME];
  if (old === undefined) throw failure({ place: file, what: `has no "${NAME}"` });
  const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
  write(`${JSON.stringify({ ...values, [NAME]: randomBytes(24).toString('base64url') }, null, 2)}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'theapp-rotate-'));
  const inventory = join(folder, 'hosts.yml');
  const entries = hosts.map((host) => [host.name, entryOf(host, { [ROLE]: { [BEFORE]: old } })]);
  writeFileSync(inventory, stringify({ hosts: Object.fromEntries(entries) }), { mode: 0o600 });
  return {
    inventory,
    end: () => rmSync(folder, { recursive: true, force: true }),
    undo: () => write(before),
  };
}

/** A host as an inventory has it. */
function entryOf(host: Host, more: Host['vars']) {
  const { address, port, user, keyFiles, hostKeys, groups, privateAddress, forwarded, vars } = host;
  return {
    address,
    groups: [...groups],
    forward: Object.fromEntries(Object.entries(forwarded).map(([guest, to]) => [to.port, Number(guest)])),
    vars: { ...vars, ...more },
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(keyFiles === undefined ? {} : { keys: [...keyFiles] }),
    ...(hostKeys === undefined ? {} : { host_key: [...hostKeys] }),
    ...(privateAddress === undefined ? {} : { private_address: privateAddress }),
    ...(host.sudoPasswordFile === undefined ? {} : { sudo_password_file: host.sudoPasswordFile }),
  };
}
