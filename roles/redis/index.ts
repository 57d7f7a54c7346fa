import { absent, apt, file, handler, line, role, service, sh } from '../../provision/index.ts';
import { vars } from './vars.ts';

const restart = handler('restart redis', sh`systemctl restart redis-server`);

/** A Redis server with a password. Our settings are included at the end of the distribution's file and override it. */
export const redis = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ template }) => [
    apt.packages(['redis-server']),
    file('/etc/redis/theapp.conf', {
      content: template('theapp.conf.hbs'),
      owner: 'root',
      group: 'redis',
      mode: '0640',
      notify: restart,
    }),
    line('/etc/redis/redis.conf', { line: 'include /etc/redis/theapp.conf', create: false, notify: restart }),
    service('redis-server'),
  ],
  remove: ({ purge }) => [
    line.absent('/etc/redis/redis.conf', { match: 'include /etc/redis/theapp.conf' }),
    file.absent('/etc/redis/theapp.conf'),
    apt.absent(['redis-server', 'redis-tools']),
    ...(purge ? [absent('/var/lib/redis')] : []),
  ],
});
