import { type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { word } from './check.ts';
import { type PathState, path as probePath } from './paths.ts';
import { link } from './symlink.ts';

const LOCALTIME = '/etc/localtime';

/** The host's time zone: `Europe/Berlin`, `Etc/UTC`. Needs the package tzdata. */
export function timezone(name: string, options: Notify = {}): Resource<PathState> {
  word(
    `timezone ${name}`,
    name,
    /^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/i,
    'the name of a time zone, such as Europe/Berlin',
  );
  const file = `/usr/share/zoneinfo/${name}`;
  return {
    kind: 'timezone',
    name,
    probe: probePath({ path: LOCALTIME }),
    plan: ({ kind, target = '' }) => {
      if (kind === 'link' && target.replace(/^\.\.\//, '/') === file) return [];
      const before = kind === 'link' ? target.replace(/^.*\/zoneinfo\//, '') : '(none)';
      const script = sh`if [ ! -f ${file} ]; then echo ${`${file} does not exist; check the name of the time zone, or install tzdata`} >&2; exit 1; fi
${link(LOCALTIME, file)}
if [ -f /etc/timezone ]; then printf '%s\n' ${name} >/etc/timezone; fi`;
      return [{ summary: `change ${before} → ${name}`, script }];
    },
    ...notified(options),
  };
}
