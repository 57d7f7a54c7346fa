import { type Batch, batched, type Probe } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { type Script, sh } from '../shell/sh.ts';

/** The user and groups to probe; `home` also probes whether that directory exists. */
export interface AccountQuery {
  readonly user?: string;
  readonly groups: readonly string[];
  readonly home?: string;
}

export interface UserEntry {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: string;
  readonly members: readonly string[];
}

export interface AccountState {
  readonly user?: UserEntry;
  /** The probed groups that exist. */
  readonly groups: readonly GroupEntry[];
  readonly homeExists: boolean;
}

export function account(query: AccountQuery): Probe<AccountState> {
  return batched(accounts, query);
}

/** Probes all users and groups of one exchange with two processes. */
export const accounts: Batch<AccountQuery, AccountState> = { name: 'accounts', script, read };

function script(queries: readonly AccountQuery[]): Script {
  const users = unique(queries.flatMap(({ user }) => user ?? []));
  const groups = unique(queries.flatMap(({ groups }) => groups));
  const homes = unique(queries.flatMap(({ home }) => home ?? []));
  return sh`${users.length > 0 ? sh`getent passwd ${users} || :` : sh`:`}
echo groups
${groups.length > 0 ? sh`getent group ${groups} || :` : sh`:`}
echo homes
${homes.length > 0 ? sh`for h in ${homes}; do if [ -d "$h" ]; then printf '%s\n' "$h"; fi; done` : sh`:`}`;
}

function read({ stdout }: Seen, queries: readonly AccountQuery[]): AccountState[] {
  const all = stdout.split('\n');
  const [g, h] = [all.indexOf('groups'), all.indexOf('homes')];
  const users = new Map(all.slice(0, Math.max(g, 0)).map((line) => [line.split(':')[0], userEntry(line)]));
  const groups = new Map(
    all.slice(g + 1, Math.max(h, 0)).map((line) => [line.split(':')[0], groupEntry(line)]),
  );
  const homes = new Set(all.slice(h + 1));
  return queries.map((query) => {
    const user = query.user === undefined ? undefined : users.get(query.user);
    return {
      ...(user ? { user } : {}),
      groups: query.groups.flatMap((name) => groups.get(name) ?? []),
      homeExists: query.home !== undefined && homes.has(query.home),
    };
  });
}

/** passwd(5): `name:password:UID:GID:comment:home:shell`. */
function userEntry(line: string): UserEntry {
  const [name = '', , uid = '', gid = '', comment = '', home = '', shell = ''] = line.split(':');
  return { name, uid, gid, comment, home, shell };
}

/** group(5): `name:password:GID:member,member`. */
function groupEntry(line: string): GroupEntry {
  const [name = '', , gid = '', members = ''] = line.split(':');
  return { name, gid, members: members.split(',').filter(Boolean) };
}

const unique = (names: readonly string[]) => [...new Set(names)];
