import { prerequisites } from './ensure.ts';

/** The programs that the tests run, in addition to those that the lab needs. */
const programs = [
  { name: 'mariadbd', package: 'mariadb-server' },
  { name: 'redis-server', package: 'redis-server' },
  { name: 'redis-sentinel', package: 'redis-sentinel' },
  { name: 'memcached', package: 'memcached' },
  { name: 'nginx', package: 'nginx' },
  { name: 'chromium', package: 'chromium' },
  { name: 'docker', package: 'docker.io' },
  { name: 'nft', package: 'nftables' },
  { name: 'ip', package: 'iproute2' },
  { name: 'sshd', package: 'openssh-server' },
  { name: 'ssh-agent', package: 'openssh-client' },
  { name: 'sudo', package: 'sudo' },
  { name: 'visudo', package: 'sudo' },
  { name: 'vagrant', package: 'vagrant' },
];

await prerequisites(programs);
