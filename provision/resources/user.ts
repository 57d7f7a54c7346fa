import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { type AccountState, account, type UserEntry } from './accounts.ts';
import { absolute, account as accountName, word } from './check.ts';

export interface UserOptions extends Notify {
  uid?: number;
  /** Takes its number from the system's range and gets no home unless `createHome`. */
  system?: boolean;
  /** Its own group; one of the user's name unless said. */
  group?: string;
  /** Groups it is in besides its own; groups that are not named here are left alone. */
  groups?: readonly string[];
  /** `/home/NAME` unless said. */
  home?: string;
  /** Makes the home from /etc/skel when it is missing: true unless it is a system user. */
  createHome?: boolean;
  /** `/usr/sbin/nologin` for a system user, `/bin/bash` otherwise, unless said. */
  shell?: string;
  comment?: string;
}

/** Options that were not given are left as they are when the user exists already. */
function present(name: string, options: UserOptions = {}): Resource<AccountState> {
  const place = `user ${name}`;
  accountName(place, name);
  for (const group of [options.group ?? name, ...(options.groups ?? [])]) accountName(place, group);
  if (options.home !== undefined) absolute(place, options.home);
  if (options.shell !== undefined) absolute(place, options.shell);
  if (options.comment !== undefined) word(place, options.comment, /^[^:\p{Cc}]*$/u, 'a comment without ":"');
  const groups = [options.group ?? name, ...(options.groups ?? [])];
  const home = homeOf(name, options);
  return {
    kind: 'user',
    name,
    probe: account({ user: name, groups, ...(home === undefined ? {} : { home }) }),
    plan: (state) => (state.user ? mend(name, options, state, state.user) : create(name, options, state)),
    ...notified(options),
  };
}

/** The home that must exist, if one must. */
function homeOf(name: string, { home, system, createHome = !system }: UserOptions): string | undefined {
  return createHome ? (home ?? `/home/${name}`) : undefined;
}

function create(name: string, options: UserOptions, state: AccountState): Change[] {
  const { uid, system, group, groups = [], home, comment } = options;
  const shell = options.shell ?? (system ? '/usr/sbin/nologin' : '/bin/bash');
  const own = group ?? (state.groups.some((found) => found.name === name) ? name : undefined);
  const args = [
    ...(system ? ['--system'] : []),
    ...(uid === undefined ? [] : ['--uid', uid]),
    ...(own === undefined ? ['--user-group'] : ['--gid', own]),
    ...(groups.length === 0 ? [] : ['--groups', groups.join(',')]),
    ...(home === undefined ? [] : ['--home-dir', home]),
    ...(comment === undefined ? [] : ['--comment', comment]),
    ...(homeOf(name, options) === undefined ? ['--no-create-home'] : ['--create-home']),
    '--shell',
    shell,
  ];
  return [
    {
      summary: 'create',
      script: sh`umask 022
useradd ${args} ${name}`,
    },
  ];
}

function mend(name: string, options: UserOptions, state: AccountState, found: UserEntry): Change[] {
  const { uid, group, groups = [], home, shell, comment } = options;
  const drift: string[] = [];
  const args: (string | number)[] = [];
  const differ = (what: string, flag: string, is: string, wanted: string | number | undefined) => {
    if (wanted === undefined || String(wanted) === is) return;
    drift.push(`${what} ${is || '(none)'} → ${wanted}`);
    args.push(flag, wanted);
  };
  const own = state.groups.find((entry) => entry.name === group);
  differ('uid', '--uid', found.uid, uid);
  if (group !== undefined && own?.gid !== found.gid) differ('group', '--gid', found.gid, group);
  differ('home', '--home', found.home, home);
  differ('shell', '--shell', found.shell, shell);
  differ('comment', '--comment', found.comment.replace(/,+$/, ''), comment);
  const missing = groups.filter(
    (wanted) =>
      !state.groups.some(
        (entry) => entry.name === wanted && (entry.gid === found.gid || entry.members.includes(name)),
      ),
  );
  if (missing.length > 0) {
    drift.push(`add to ${missing.join(', ')}`);
    args.push('--append', '--groups', missing.join(','));
  }
  const folder = homeOf(name, options);
  const homeless = folder !== undefined && !state.homeExists ? folder : undefined;
  if (homeless) drift.push(`create ${homeless}`);
  if (drift.length === 0) return [];
  const script = sh`${args.length > 0 ? sh`usermod ${args} ${name}` : sh`:`}
${homeless ? makeHome(name, homeless) : sh`:`}`;
  return [{ summary: drift.join(', '), script }];
}

/** What `useradd` does, for a user that it left without a home. */
const makeHome = (name: string, home: string): Script => sh`umask 077
cp -rT /etc/skel ${home}
chown -R ${`${name}:`} ${home}`;

/** No such user; its home stays unless `home: true`. */
function gone(name: string, options: Notify & { home?: boolean } = {}): Resource<AccountState> {
  accountName('user.absent', name);
  return {
    kind: 'user.absent',
    name,
    probe: account({ user: name, groups: [] }),
    plan: ({ user }) =>
      user ? [{ summary: 'remove', script: sh`userdel ${options.home ? ['--remove'] : []} ${name}` }] : [],
    ...notified(options),
  };
}

/** A user without a password. `user.absent(name)`: none of that name. */
export const user = Object.assign(present, { absent: gone });
