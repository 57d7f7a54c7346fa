import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { layerOf, writeArchive } from './archive.ts';
import { blobsOf } from './blobs.ts';
import { endMirror, lastingMirror, mirrorProcess } from './lasting.ts';
import { tar } from './tar.ts';

const lab = 'test';

/** A separate lab whose mirror has one small image. Counts how often the registry was checked. */
async function newLab(t: Test, why: string | undefined) {
  const folder = t.testdir({ archive: {}, lab: { [lab]: {} } });
  process.env.THEAPP_LAB = join(folder, 'lab');
  writeFileSync(join(folder, 'layer'), tar([{ path: 'a', content: 'a' }]));
  const file = join(folder, 'images.tar.gz');
  const images = [{ name: 'one:1', layers: [await layerOf(join(folder, 'layer'))], config: {} }];
  await writeArchive(images, 'amd64', join(folder, 'archive'), file);
  let checks = 0;
  const start = (more: readonly string[] = []) =>
    lastingMirror({
      lab,
      place: { listen: '127.0.0.1', seen: '127.0.0.1' },
      whyUnreachable: async () => {
        checks++;
        return why;
      },
      progress: () => undefined,
      folders: async () => [await blobsOf(file, () => undefined), ...more],
    });
  t.teardown(() => endMirror(lab));
  return { start, checks: () => checks, folder: join(folder, 'lab', lab) };
}

const answers = async (url: string | undefined) =>
  (await fetch(`${url}/v2/library/one/manifests/1`).catch(() => undefined))?.ok ?? false;

async function gone(url: string | undefined): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (!(await answers(url))) return true;
    await sleep(50);
  }
  return false;
}

t.test('a mirror outlives its command, keeps its address, and can be stopped', async (t) => {
  const { start, checks } = await newLab(t, 'no route');
  const url = await start();
  t.ok(await answers(url));
  const first = mirrorProcess(lab);
  t.match(first, { pid: Number, url });
  t.not(first?.pid, process.pid, 'it is a separate process');
  t.equal(await start(), url, 'the next command finds it');
  t.equal(mirrorProcess(lab)?.pid, first?.pid);
  process.kill(first?.pid ?? 0, 'SIGKILL');
  t.ok(await gone(url));
  t.equal(await start(), url, 'after a crash it starts again at the same address');
  t.ok(await answers(url));
  t.equal(checks(), 1, 'the registry is checked once');
  endMirror(lab);
  t.ok(await gone(url));
  t.equal(mirrorProcess(lab), undefined);
});

t.test('a mirror that has to serve more is replaced, at the same address', async (t) => {
  const { start, checks, folder } = await newLab(t, 'no route');
  const url = await start();
  mkdirSync(join(folder, 'more/files/apt'), { recursive: true });
  writeFileSync(join(folder, 'more/files/apt/a'), 'a');
  t.equal(await start([join(folder, 'more')]), url);
  t.ok(await answers(url));
  t.equal(await (await fetch(`${url}/apt/a`)).text(), 'a');
  t.equal(checks(), 1);
});

t.test('machines that can reach a registry have no mirror, and are not checked again', async (t) => {
  const { start, checks } = await newLab(t, undefined);
  t.equal(await start(), undefined);
  t.equal(await start(), undefined);
  t.equal(checks(), 1);
});

t.test('a mirror exits after its lab is removed', async (t) => {
  const { start, folder } = await newLab(t, 'no route');
  const url = await start();
  t.ok(existsSync(join(folder, 'mirror.json')));
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  t.ok(await gone(url));
});
