// Somebody with a browser: opens the URL that it is given on standard input, follows where it leads,
// keeps cookies, and sends off each form it meets as it stands. Prints where it ended up, and how.

import {readFileSync} from 'node:fs';

/// Where nobody answers the browser stays, with the URL in its address bar.
async function load(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    console.log(JSON.stringify({url: address, status: 0}));
    process.exit(0);
  }
}

const cookies = new Map();
let url = readFileSync(0, 'utf8').trim();
let form = null;

for (let pages = 0; pages < 20; ++pages) {
  const answer = await load(url, {
    method: form ? 'POST' : 'GET',
    body: form ?? undefined,
    redirect: 'manual',
    headers: {cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')}
  });
  for (const cookie of answer.headers.getSetCookie()) {
    const [name, value] = cookie.split(';')[0].split(/=(.*)/s);
    cookies.set(name, value);
  }
  form = null;
  const location = answer.headers.get('location');
  if (location) {
    url = new URL(location, url).href;
    continue;
  }
  const page = await answer.text();
  const action = page.match(/<form[^>]*action="([^"]+)"/);
  if (!action) {
    console.log(JSON.stringify({url, status: answer.status, page}));
    process.exit(0);
  }
  form = new URLSearchParams();
  for (const [tag] of page.matchAll(/<(?:input|button)[^>]*>/g)) {
    const name = tag.match(/name="([^"]+)"/);
    if (name && name[1] !== 'abort') form.append(name[1], (tag.match(/value="([^"]*)"/) ?? [])[1] ?? '');
  }
  url = new URL(action[1], url).href;
}
throw new Error(`still under way at ${url}`);
