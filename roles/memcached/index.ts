import { apt, file, handler, role, service, sh } from '../../provision/index.ts';
import { vars } from './vars.ts';

const restart = handler('restart memcached', sh`systemctl restart memcached`);

/** A Memcached server. */
export const memcached = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ template }) => [
    apt.packages(['memcached']),
    file('/etc/memcached.conf', { content: template('memcached.conf.hbs'), notify: restart }),
    service('memcached'),
  ],
  remove: () => [apt.absent(['memcached'])],
});
