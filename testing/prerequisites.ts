import { prerequisites } from './ensure.ts';

/** The programs that the tests run, in addition to those that the lab needs. */
const required = [
  { name: 'mariadbd', package: 'mariadb-server' },
  { name: 'redis-server', package: 'redis-server' },
  { name: 'redis-sentinel', package: 'redis-sentinel' },
  { name: 'memcached', package: 'memcached' },
  { name: 'nginx', package: 'nginx' },
  { name: 'chromium', package: 'chromium' },
  { name: 'nft', package: 'nftables' },
  { name: 'ip', package: 'iproute2' },
  { name: 'sshd', package: 'openssh-server' },
  { name: 'ssh-agent', package: 'openssh-client' },
];

/** The programs that only some tests need; without them these tests are skipped. */
const optional = [
  { name: 'docker', package: 'docker.io' },
  { name: 'sudo', package: 'sudo' },
  { name: 'vagrant', package: 'vagrant' },
  { name: 'age', package: 'age' },
  { name: 'docker-registry', package: 'docker-registry' },
  // Users other than root run some tests as root of a user namespace.
  { name: 'newuidmap', package: 'uidmap' },
];

await prerequisites(required, optional);
