import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { type AccountState, account, type UserEntry } from './accounts.ts';
import { absolute, account as accountName, word } from './check.ts';
import { changeOf } from './draft.ts';

export interface UserOptions extends Notify {
  uid?: number;
  /** Whether its uid is from the range for system users; such a user has no home directory unless `createHome` is set. */
  system?: boolean;
  /** The primary group; default: a group with the user's name. */
  group?: string;
  /** Additional groups. Memberships in other groups are not changed. */
  groups?: readonly string[];
  /** Default: `/home/NAME`. */
  home?: string;
  /** Whether a missing home directory is created from /etc/skel; default: true, for system users false. */
  createHome?: boolean;
  /** Default: `/bin/bash`, for system users `/usr/sbin/nologin`. */
  shell?: string;
  comment?: string;
}

/** Properties of an existing user without a corresponding option are not changed. */
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
    plan: (state) => (state.user ? modify(name, options, state, state.user) : create(name, options, state)),
    ...notified(options),
  };
}

/** The home directory that must exist, if any. */
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

function modify(name: string, options: UserOptions, state: AccountState, found: UserEntry): Change[] {
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
  if (missing.length > 0) args.push('--append', '--groups', missing.join(','));
  const directory = homeOf(name, options);
  const newHome = directory !== undefined && !state.homeExists ? directory : undefined;
  const summary = [
    ...(drift.length > 0 ? [changeOf(drift)] : []),
    ...(missing.length > 0 ? [`add to ${missing.join(', ')}`] : []),
    ...(newHome ? [`create ${newHome}`] : []),
  ].join(', ');
  if (summary === '') return [];
  const script = sh`${args.length > 0 ? sh`usermod ${args} ${name}` : sh`:`}
${newHome ? makeHome(name, newHome) : sh`:`}`;
  return [{ summary, script }];
}

/** Creates a home directory as `useradd` does. */
const makeHome = (name: string, home: string): Script => sh`umask 077
cp -rT /etc/skel ${home}
chown -R ${`${name}:`} ${home}`;

/** Removes a user, and its home directory if `home` is true. */
function absent(name: string, options: Notify & { home?: boolean } = {}): Resource<AccountState> {
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

/** A user without a password. `user.absent(name)` removes it. */
export const user = Object.assign(present, { absent });
