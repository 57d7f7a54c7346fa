import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { type AccountState, account } from './accounts.ts';
import { account as accountName } from './check.ts';

export interface GroupOptions extends Notify {
  gid?: number;
  /** Whether its gid is from the range for system groups. */
  system?: boolean;
}

function present(name: string, options: GroupOptions = {}): Resource<AccountState> {
  accountName('group', name);
  return {
    kind: 'group',
    name,
    probe: account({ groups: [name] }),
    plan: ({ groups: [found] }) => plan(name, options, found?.gid),
    ...notified(options),
  };
}

function plan(name: string, { gid, system }: GroupOptions, found: string | undefined): Change[] {
  const number = gid === undefined ? [] : ['--gid', gid];
  if (found === undefined) {
    return [{ summary: 'create', script: sh`groupadd ${system ? ['--system'] : []} ${number} ${name}` }];
  }
  if (gid === undefined || String(gid) === found) return [];
  return [{ summary: `change gid ${found} → ${gid}`, script: sh`groupmod ${number} ${name}` }];
}

function absent(name: string, options: Notify = {}): Resource<AccountState> {
  accountName('group.absent', name);
  return {
    kind: 'group.absent',
    name,
    probe: account({ groups: [name] }),
    plan: ({ groups }) => (groups.length === 0 ? [] : [{ summary: 'remove', script: sh`groupdel ${name}` }]),
    ...notified(options),
  };
}

/** A group. `group.absent(name)` removes it. */
export const group = Object.assign(present, { absent });
