import { join } from 'node:path';
import t from 'tap';
import { created, hostOf, parseSshConfig, parseStatus } from './vagrant.ts';

// In the format of Vagrant 2.3.4 (see its page "Machine-Readable Output"), with addresses from libvirt.
const status = `1718000000,web,metadata,provider,libvirt
1718000000,web,provider-name,libvirt
1718000001,web,state,running
1718000001,web,state-human-short,running
1718000001,web,state-human-long,The Libvirt domain is running. To stop this machine%!(VAGRANT_COMMA) you can run
1718000001,db,state,shutoff
1718000001,,ui,info,Current machine states:\\n\\nweb   running (libvirt)
`;
const sshConfig = `Host web
  HostName 192.168.121.10
  User vagrant
  Port 22
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/home/a person/.vagrant/machines/web/libvirt/private_key"
  IdentityFile /home/p/.vagrant.d/insecure_private_key
  IdentitiesOnly yes
  LogLevel FATAL

Host db
  HostName 127.0.0.1
  User vagrant
  Port 2200
  IdentityFile /k
`;

t.test('states by machine', async (t) => {
  t.strictSame(parseStatus(status), { web: 'running', db: 'shutoff' });
  t.strictSame(parseStatus(''), {});
});

t.test('sections by host', async (t) => {
  const { web, db } = parseSshConfig(sshConfig);
  t.match(web?.options, { HostName: '192.168.121.10', Port: '22', User: 'vagrant' });
  t.strictSame(web?.keyFiles, [
    '/home/a person/.vagrant/machines/web/libvirt/private_key',
    '/home/p/.vagrant.d/insecure_private_key',
  ]);
  t.match(db, { options: { Port: '2200' }, keyFiles: ['/k'] });
});

t.test('a section and a machine of machines.yml become a host', async (t) => {
  const section = parseSshConfig(sshConfig).db ?? { options: {}, keyFiles: [] };
  const machine = {
    memory: 1024,
    cpus: 2,
    disk: 10,
    groups: ['app'],
    address: '10.77.0.10',
    forward: { 8080: 80 },
  };
  t.strictSame(hostOf('db', section, machine, { by: 'virtualbox', acceptNewIn: '/kept' }), {
    name: 'db',
    address: '127.0.0.1',
    port: 2200,
    user: 'vagrant',
    keyFiles: ['/k'],
    acceptNewIn: '/kept',
    groups: ['app'],
    privateAddress: '10.77.0.10',
    forwarded: { 80: { address: '127.0.0.1', port: 8080 } },
    vars: {},
  });
});

t.test('a Hyper-V machine is reached only at its own address', async (t) => {
  const section = parseSshConfig(sshConfig).web ?? { options: {}, keyFiles: [] };
  const machine = { memory: 1, cpus: 1, disk: 4, groups: [], address: '10.77.0.10', forward: { 8080: 80 } };
  t.match(hostOf('web', section, machine, { by: 'hyperv', acceptNewIn: '/kept' }), {
    address: '192.168.121.10',
    privateAddress: '192.168.121.10',
    forwarded: { 80: undefined },
  });
});

t.test('machines created by Vagrant are found by their files', async (t) => {
  t.strictSame(created(t.testdir({})), {}, 'none');
  const machine = (id: string) => ({ libvirt: { id } });
  const folder = t.testdir({
    '.vagrant': { machines: { web: machine('0d-1'), db: machine('a/b\n'), old: { libvirt: {} } } },
  });
  const at = (name: string, file: string) => ({
    by: 'libvirt',
    acceptNewIn: join(folder, '.vagrant/machines', name, 'libvirt', file),
  });
  t.strictSame(created(folder), { db: at('db', 'known_hosts-a-b'), web: at('web', 'known_hosts-0d-1') });
});
