import { posix } from 'node:path';
import { type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { owned, word } from './check.ts';
import { type Content, textOf } from './content.ts';
import { fileLike } from './file.ts';
import type { PathState } from './paths.ts';
import { unitName } from './service.ts';

export interface UnitOptions extends Notify {
  content: Content;
}

/**
 * A unit file in /etc/systemd/system. It is checked with `systemd-analyze verify` before it is put in place, and
 * systemd then reloads its unit files. `service(name)` starts the unit, and also reloads files that changed before a
 * crash.
 */
function unit(name: string, options: UnitOptions): Resource<PathState> {
  const fullName = unitName('systemd.unit', name);
  return unitFile('systemd.unit', name, `/etc/systemd/system/${fullName}`, options, (draft) =>
    verify(draft, fullName),
  );
}

/** A drop-in for a unit: `systemd.dropin('nginx', 'limits', { content })` writes nginx.service.d/limits.conf. */
function dropin(name: string, part: string, options: UnitOptions): Resource<PathState> {
  const fullName = unitName('systemd.dropin', name);
  word(`systemd.dropin ${name}`, part, /^[A-Za-z0-9_-]+$/, 'letters, digits, "_" and "-"');
  return unitFile(
    'systemd.dropin',
    `${name} ${part}`,
    `/etc/systemd/system/${fullName}.d/${part}.conf`,
    options,
  );
}

export const systemd = { unit, dropin };

function unitFile(
  kind: string,
  name: string,
  path: string,
  options: UnitOptions,
  validate?: (draft: string) => Script,
): Resource<PathState> {
  const text = textOf(`${kind} ${name}`, options.content);
  const file = fileLike({
    kind,
    name,
    path,
    text,
    ownership: owned(kind, {}, '0644'),
    sensitive: text.secrets.length > 0,
    force: false,
    before: sh`( umask 022; mkdir -p -- ${posix.dirname(path)} )`,
    after: reload,
    ...(validate ? { validate } : {}),
  });
  return { ...file, ...notified(options) };
}

const reload = sh`if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi`;

/** Checks a copy of the draft with the unit's own name, because the suffix determines the type of the unit. */
const verify = (
  draft: string,
  unit: string,
): Script => sh`if [ -d /run/systemd/system ] && command -v systemd-analyze >/dev/null; then
v=$(mktemp -d)
cp -- ${draft} "$v"/${unit}
r=0
e=$(systemd-analyze verify --man=no --recursive-errors=no "$v"/${unit} 2>&1) || r=$?
rm -rf -- "$v"
case $e in *"unrecognized option"*) r=0;; esac
if [ $r != 0 ]; then printf '%s\n' "$e" >&2; exit 1; fi
fi`;
