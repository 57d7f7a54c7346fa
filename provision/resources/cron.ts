import { type Notify, notified, type Resource } from '../language/resource.ts';
import { removed } from './absent.ts';
import { account, owned, word } from './check.ts';
import { fileLike } from './file.ts';
import type { PathState } from './paths.ts';

export interface CronOptions extends Notify {
  /** Five fields as in crontab(5), or `@daily` and similar. */
  schedule: string;
  /** Default: root. */
  user?: string;
  /** One line for `sh`; `%` is a literal per cent sign, not a newline as in crontab. */
  command: string;
}

/** A job in /etc/cron.d, which cron reads automatically. */
function present(name: string, options: CronOptions): Resource<PathState> {
  const place = `cron ${fileName('cron', name)}`;
  const schedule = word(place, options.schedule.trim(), SCHEDULE, 'five fields, or @hourly, @daily, …');
  const user = account(place, options.user ?? 'root');
  const command = word(place, options.command, /^[^\n\r\0]+$/, 'a command on one line').replace(
    /(?<!\\)%/g,
    '\\%',
  );
  const job = fileLike({
    kind: 'cron',
    name,
    path: `/etc/cron.d/${name}`,
    text: { text: `${schedule} ${user} ${command}\n`, secrets: [] },
    ownership: owned(place, {}, '0644'),
    sensitive: false,
    force: false,
  });
  return { ...job, ...notified(options) };
}

const FIELD = String.raw`[\d*/,A-Za-z-]+`;
const SCHEDULE = new RegExp(
  String.raw`^(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|${FIELD}([ \t]+${FIELD}){4})$`,
);

function absent(name: string, options: Notify = {}): Resource<PathState> {
  const job = removed('cron.absent', `/etc/cron.d/${fileName('cron.absent', name)}`, false, options);
  return { ...job, name };
}

/** cron ignores files with any other character in their name, such as a dot. */
const fileName = (kind: string, name: string) =>
  word(`${kind} ${name}`, name, /^[A-Za-z0-9_-]+$/, 'letters, digits, "_" and "-"');

export const cron = Object.assign(present, { absent });
