// Asks every service of TheAPP through nginx, as a client would, for up to a minute.
const expected = {
  '/': /^Hello world!\n$/,
  '/readyz': /^\{"status":"ready"\}$/,
  '/hello': /^\{"hello":"world"\}$/,
  '/charmander': /"name":"charmander","type":"fuego","count":\d+/,
  '/ping': /^\{"status":"ok"\}$/,
  '/counter/helm-test': /^\{"count":\d+\}$/,
  '/api/todos': /^\{"todos":\[/,
  '/openapi.json': /^\{"openapi":"3\.1\./,
};

const end = Date.now() + 60_000;
for (const [path, pattern] of Object.entries(expected)) {
  let problem = await ask(path, pattern);
  for (; problem && Date.now() < end; problem = await ask(path, pattern))
    await new Promise((resolve) => setTimeout(resolve, 1000));
  console.log(`${problem ? '✗' : '✓'} ${path}${problem}`);
  if (problem) process.exitCode = 1;
}

/** What is wrong with the answer; empty if nothing is. */
async function ask(path, pattern) {
  try {
    const response = await fetch(`http://edge${path}`, { signal: AbortSignal.timeout(10_000) });
    const body = await response.text();
    return response.ok && pattern.test(body) ? '' : `: ${response.status} ${body.slice(0, 200)}`;
  } catch (error) {
    return `: ${error.cause?.message ?? error.message}`;
  }
}
