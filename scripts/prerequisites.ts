import { exitCodes, explain, ProvisionError } from '../provision/errors.ts';
import { ensurePrograms } from '../provision/machines/qemu/install.ts';

/** What the tests run for real, beside what the lab itself asks for. */
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

/** Nobody can be asked in CI, or where root runs this without a terminal. */
const unattended = Boolean(process.env.CI) || (process.getuid?.() === 0 && !process.stdin.isTTY);
const yes = unattended || process.argv.includes('--yes');

try {
  await ensurePrograms(programs, false, { yes, progress: (line) => process.stderr.write(`${line}\n`) });
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}
