-- A database as the daemon wrote it when its schema had only the change "2026-11-23 inbox, runs, schedules and credentials":
-- runs that have succeeded, failed, were interrupted, wait, and one that was running when the daemon
-- was killed; a webhook's delivery, a rejection, a slot of a schedule, a sealed credential.
-- Texts are packed: x'00' stands before a plain one, x'01' before a zstd frame.

CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE versions (
  hash BLOB PRIMARY KEY,
  workflow TEXT NOT NULL,
  definition_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
  id BLOB PRIMARY KEY,
  received_at INTEGER NOT NULL,
  path TEXT NOT NULL,
  workflow TEXT NOT NULL,
  connector TEXT NOT NULL,
  event TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  query_json BLOB NOT NULL,
  headers_json BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_workflow ON deliveries (workflow, id);
CREATE TABLE delivery_ids (
  path TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  delivery BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (path, sender_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE rejections (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  path TEXT NOT NULL,
  peer TEXT NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE TABLE runs (
  id BLOB PRIMARY KEY,
  workflow TEXT NOT NULL,
  version BLOB NOT NULL,
  status INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  trigger_kind TEXT NOT NULL,
  delivery BLOB,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  wake_at INTEGER,
  deadline INTEGER,
  cancel_requested INTEGER NOT NULL,
  failure_kind TEXT,
  failure_message TEXT,
  failure_step TEXT,
  trigger_json BLOB NOT NULL,
  inputs_json BLOB NOT NULL,
  output_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_workflow ON runs (workflow, id);
CREATE INDEX runs_by_delivery ON runs (delivery, id) WHERE delivery IS NOT NULL;
CREATE INDEX runs_unfinished ON runs (id) WHERE status IN (0, 1, 2, 6);
CREATE TABLE steps (
  run BLOB NOT NULL,
  key TEXT NOT NULL,
  position INTEGER NOT NULL,
  status INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  effect INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  attempt_started_at INTEGER NOT NULL,
  finished_at INTEGER,
  due_at INTEGER,
  failure_kind TEXT,
  failure_message TEXT,
  failure_step TEXT,
  result_json BLOB NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE logs (
  run BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  stream TEXT NOT NULL,
  text BLOB NOT NULL,
  PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE schedule_slots (
  schedule TEXT NOT NULL,
  slot INTEGER NOT NULL,
  PRIMARY KEY (schedule, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE credentials (
  name TEXT PRIMARY KEY,
  id BLOB NOT NULL,
  connector TEXT NOT NULL,
  scheme TEXT NOT NULL,
  base_url TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO migrations VALUES ('2026-11-23 inbox, runs, schedules and credentials', 1795423636906613);

INSERT INTO versions VALUES (x'085ea3dd96c6775e81866ec96fe56cece02a1ff2507dba04c18217bee66c3e97', 'triage',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/triage.yaml","text":"on: { webhook: { connector: github, event: issues.opened, credential: github-webhook } }\nsteps:\n  - id: title\n    set: { title: \"${{ .trigger.body.issue.title }}\" }\noutput: { title: \"${{ .steps.title.body.title }}\" }\n","connectors":{"github":"# yaml-language-server: $schema=../schema/connector.schema.json\n# https://docs.github.com/en/rest and https://docs.github.com/en/webhooks\nconnector: github\ntitle: GitHub REST\nbase_url: https://api.github.com\nauth:\n  token: { type: bearer }\n  webhook: { type: webhook_secret }\nheaders:\n  Accept: application/vnd.github+json\n  X-GitHub-Api-Version: \"2022-11-28\"\ntest: get-authenticated-user\n\nendpoints:\n  get-authenticated-user:\n    title: The user that the credential belongs to\n    method: GET\n    path: /user\n    response: &user\n      login: string\n      id: integer\n      node_id: string\n      type: string\n      user_view_type: string\n      site_admin: boolean\n      name: string\n      company: string\n      blog: string\n      location: string\n      email: string\n      notification_email: string\n      hireable: boolean\n      bio: string\n      twitter_username: string\n      public_repos: integer\n      public_gists: integer\n      followers: integer\n      following: integer\n      created_at: string\n      updated_at: string\n      avatar_url: string\n      gravatar_id: string\n      url: string\n      html_url: string\n      followers_url: string\n      following_url: string\n      gists_url: string\n      starred_url: string\n      subscriptions_url: string\n      organizations_url: string\n      repos_url: string\n      events_url: string\n      received_events_url: string\n      # Only where the user asks about themselves, or an administrator does.\n      private_gists: integer\n      total_private_repos: integer\n      owned_private_repos: integer\n      disk_usage: integer\n      collaborators: integer\n      two_factor_authentication: boolean\n      business_plus: boolean\n      ldap_dn: string\n      suspended_at: string\n      plan: { name: string, space: integer, private_repos: integer, collaborators: integer, ...: any }\n\n  get-user:\n    title: A user''s public profile\n    method: GET\n    path: /users/{username}\n    parameters:\n      username: { in: path, type: string, required: true, description: login name }\n    response: *user\n\n  list-repos:\n    title: Repositories of the credential''s user\n    method: GET\n    path: /user/repos\n    parameters:\n      visibility: { in: query, type: string, description: \"all, public or private\" }\n      sort: { in: query, type: string, description: \"created, updated, pushed or full_name\" }\n      direction: { in: query, type: string, description: asc or desc }\n      per_page: { in: query, type: integer, description: \"how many on a page, at most 100\" }\n      page: { in: query, type: integer, description: counted from 1 }\n    response:\n      - &repository\n        id: integer\n        node_id: string\n        name: string\n        full_name: string\n        private: boolean\n        visibility: string\n        owner: &actor\n          login: string\n          id: integer\n          node_id: string\n          type: string\n          avatar_url: string\n          html_url: string\n          url: string\n          site_admin: boolean\n          ...: any\n        html_url: string\n        description: string\n        homepage: string\n        language: string\n        topics: [string]\n        default_branch: string\n        fork: boolean\n        forks: integer\n        archived: boolean\n        disabled: boolean\n        url: string\n        clone_url: string\n        ssh_url: string\n        svn_url: string\n        blobs_url: string\n        stargazers_url: string\n        size: integer\n        stargazers_count: integer\n        watchers_count: integer\n        forks_count: integer\n        open_issues_count: integer\n        ...: any\n\n  get-issue:\n    title: An issue of a repository\n    method: GET\n    path: /repos/{owner}/{repo}/issues/{issue_number}\n    parameters:\n      owner: { in: path, type: string, required: true, description: login name of the repository''s owner }\n      repo: { in: path, type: string, required: true, description: name of the repository }\n      issue_number: { in: path, type: integer, required: true }\n    response: &issue\n      id: integer\n      node_id: string\n      number: integer\n      title: string\n      body: string\n      state: string\n      state_reason: string\n      user: *actor\n      labels: [&label { id: integer, node_id: string, name: string, color: string, default: boolean, description: string, url: string, ...: any }]\n      assignee: *actor\n      assignees: [*actor]\n      milestone: &milestone\n        id: integer\n        node_id: string\n        number: integer\n        title: string\n        description: string\n        state: string\n        creator: *actor\n        open_issues: integer\n        closed_issues: integer\n        created_at: string\n        updated_at: string\n        closed_at: string\n        due_on: string\n        url: string\n        html_url: string\n        labels_url: string\n        ...: any\n      locked: boolean\n      active_lock_reason: string\n      comments: integer\n      author_association: string\n      created_at: string\n      updated_at: string\n      closed_at: string\n      closed_by: *actor\n      draft: boolean\n      pull_request: object\n      reactions: object\n      url: string\n      html_url: string\n      repository_url: string\n      labels_url: string\n      comments_url: string\n      events_url: string\n      timeline_url: string\n      ...: any\n\n  create-issue:\n    title: Open an issue\n    method: POST\n    path: /repos/{owner}/{repo}/issues\n    parameters:\n      owner: { in: path, type: string, required: true, description: login name of the repository''s owner }\n      repo: { in: path, type: string, required: true, description: name of the repository }\n      title: { in: body, type: string, required: true }\n      body: { in: body, type: string, description: text in Markdown }\n      labels: { in: body, type: array, description: names of labels }\n      assignees: { in: body, type: array, description: login names }\n      milestone: { in: body, type: integer, description: number of a milestone }\n    response: *issue\n\n  create-comment:\n    title: Comment on an issue or a pull request\n    method: POST\n    path: /repos/{owner}/{repo}/issues/{issue_number}/comments\n    parameters:\n      owner: { in: path, type: string, required: true, description: login name of the repository''s owner }\n      repo: { in: path, type: string, required: true, description: name of the repository }\n      issue_number: { in: path, type: integer, required: true }\n      body: { in: body, type: string, required: true, description: text in Markdown }\n    response: &comment\n      id: integer\n      node_id: string\n      body: string\n      user: *actor\n      author_association: string\n      created_at: string\n      updated_at: string\n      reactions: object\n      url: string\n      html_url: string\n      issue_url: string\n      ...: any\n\n  add-labels:\n    title: Add labels to an issue or a pull request\n    method: POST\n    path: /repos/{owner}/{repo}/issues/{issue_number}/labels\n    parameters:\n      owner: { in: path, type: string, required: true, description: login name of the repository''s owner }\n      repo: { in: path, type: string, required: true, description: name of the repository }\n      issue_number: { in: path, type: integer, required: true }\n      labels: { in: body, type: array, required: true, description: names of labels }\n    response: [*label]\n\nwebhook:\n  verify: { scheme: hmac_sha256, header: X-Hub-Signature-256, prefix: \"sha256=\" }\n  event: { header: X-GitHub-Event, action: .action }\n  delivery_id: { header: X-GitHub-Delivery }\n  # The members of a payload are all that GitHub documents for any action of the event; those of the\n  # objects in them are the best known.\n  events:\n    issues:\n      action: string\n      issue: *issue\n      changes: object\n      assignee: *actor\n      label: *label\n      milestone: *milestone\n      type: object\n      repository: *repository\n      organization: &organization\n        login: string\n        id: integer\n        node_id: string\n        description: string\n        avatar_url: string\n        url: string\n        ...: any\n      enterprise: object\n      installation: &installation { id: integer, node_id: string, ...: any }\n      sender: *actor\n    issue_comment:\n      action: string\n      issue: *issue\n      comment: *comment\n      changes: object\n      repository: *repository\n      organization: *organization\n      enterprise: object\n      installation: *installation\n      sender: *actor\n    pull_request:\n      action: string\n      number: integer\n      pull_request:\n        id: integer\n        node_id: string\n        number: integer\n        title: string\n        body: string\n        state: string\n        draft: boolean\n        locked: boolean\n        merged: boolean\n        mergeable: boolean\n        merged_at: string\n        merged_by: *actor\n        merge_commit_sha: string\n        user: *actor\n        head: &branch { label: string, ref: string, sha: string, user: *actor, repo: *repository, ...: any }\n        base: *branch\n        labels: [*label]\n        assignee: *actor\n        assignees: [*actor]\n        requested_reviewers: [*actor]\n        requested_teams: array\n        milestone: *milestone\n        comments: integer\n        review_comments: integer\n        commits: integer\n        additions: integer\n        deletions: integer\n        changed_files: integer\n        author_association: string\n        created_at: string\n        updated_at: string\n        closed_at: string\n        url: string\n        html_url: string\n        diff_url: string\n        patch_url: string\n        issue_url: string\n        commits_url: string\n        comments_url: string\n        review_comments_url: string\n        review_comment_url: string\n        statuses_url: string\n        ...: any\n      changes: object\n      assignee: *actor\n      label: *label\n      milestone: *milestone\n      requested_reviewer: *actor\n      requested_team: object\n      before: string\n      after: string\n      reason: string\n      repository: *repository\n      organization: *organization\n      enterprise: object\n      installation: *installation\n      sender: *actor\n    push:\n      ref: string\n      before: string\n      after: string\n      base_ref: string\n      compare: string\n      created: boolean\n      deleted: boolean\n      forced: boolean\n      commits: [&commit { id: string, tree_id: string, message: string, timestamp: string, url: string, distinct: boolean, author: object, committer: object, added: [string], removed: [string], modified: [string], ...: any }]\n      head_commit: *commit\n      pusher: { name: string, email: string, ...: any }\n      repository: object\n      organization: *organization\n      enterprise: object\n      installation: *installation\n      sender: *actor\n"}}' AS BLOB));

INSERT INTO versions VALUES (x'0fb7213ffdf29db87982c17cc4d138a8570c42c9ac196ada611d1d910d380c1f', 'broken',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/broken.yaml","text":"on: { manual: {} }\nsteps:\n  - id: stop\n    run: [\"false\"]\n","connectors":{}}' AS BLOB));

INSERT INTO versions VALUES (x'602a3947cf2c0cf87b6ffc35d19e08c9c95dc07eeabef91a04c4854ca3bbb73d', 'job',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/job.yaml","text":"on: { manual: {} }\nsteps:\n  - id: work\n    run: [sleep, \"60\"]\n","connectors":{}}' AS BLOB));

INSERT INTO versions VALUES (x'68447b67699f2a69d6acbb48037b3642b2dd8c8df16ba2d6f7fd4ac1b5c0b14d', 'nap',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/nap.yaml","text":"on: { manual: {} }\nsteps:\n  - id: night\n    wait: { for: 30d }\n  - id: morning\n    set: { slept: true }\n","connectors":{}}' AS BLOB));

INSERT INTO versions VALUES (x'7aa344e68b70586b6a13653f87148812d7d05918e34efd29078ed1194da615b3', 'tick',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/tick.yaml","text":"on: { schedule: { every: 15s } }\nsteps:\n  - id: tock\n    set: { done: true }\n","connectors":{}}' AS BLOB));

INSERT INTO versions VALUES (x'afe75d43142208007246b258c7564e505f38b35ca784cdf6745b30ae6d219737', 'poll',
  CAST(x'00' || '{"path":"/home/ada/flows/workflows/poll.yaml","text":"on: { manual: {} }\nsteps:\n  - id: look\n    run: [sleep, \"61\"]\n    effect: repeat\n","connectors":{}}' AS BLOB));

INSERT INTO versions VALUES (x'de237e38031f13f2f0fdac708a98c1c8ea31036c9ae69cdbb7ac8062be3ac2d5', 'greet',
  x'0128b52ffd6439007d0600d24e2b1e6049db060442bbf7af5bec84d9c7e54fd42b50179a36ad058c6406410a0fefb944b6a83696591948e07b6fc3b6392075600c5bdbacad6e8a8fc1b2422714626cc193db821265ef7800defb2acac6dcb980132aa525c0f36cc3f6b2ffe77370f244c905d636e3f3ae68e0d9a96961d1898393a5d973d7a1ef9eab28ff7c92755b9cf0797fee99b4b12a774f5698d8866d2430297a30bdbb1c088b4a2858824a85429116ab28a4c044a475a10b0b00608c3f302a2a2ec016671431b224f6dfc604238eb2a1c16e2a1ceb509c14dc853d');

INSERT INTO deliveries VALUES (x'01a207968e2470278f1631adead029c0', 1795423637028928, 'triage', 'triage', 'github',
  'issues.opened', '72d3162e-cc78-11e3-81ab-4c9367dc0958', CAST(x'00' || '{}' AS BLOB),
  CAST(x'00' || '{"host":"127.0.0.1:18777","user-agent":"curl/7.88.1","accept":"*/*","x-github-event":"issues","x-github-delivery":"72d3162e-cc78-11e3-81ab-4c9367dc0958","content-type":"application/json","content-length":"73"}' AS BLOB),
  CAST(x'00' || '{"action":"opened","issue":{"title":"Spelling error in the README file"}}' AS BLOB));

INSERT INTO delivery_ids VALUES ('triage', '72d3162e-cc78-11e3-81ab-4c9367dc0958', x'01a207968e2470278f1631adead029c0',
  1795423637028928);

INSERT INTO rejections VALUES (1, 1795423637062094, 'triage', '127.0.0.1:50856', 401,
  'the header X-Hub-Signature-256 does not hold 64 hexadecimal digits');

INSERT INTO runs VALUES (x'01a207968e24702893de4065bf803ba1', 'triage',
  x'085ea3dd96c6775e81866ec96fe56cece02a1ff2507dba04c18217bee66c3e97', 3, 0, 'webhook',
  x'01a207968e2470278f1631adead029c0', 1795423637028996, 1795423637028996, 1795423637028996, NULL, NULL, 0, NULL, NULL,
  NULL, x'', CAST(x'00' || '{}' AS BLOB), CAST(x'00' || '{"title":"Spelling error in the README file"}' AS BLOB));

INSERT INTO runs VALUES (x'01a207968e53708ab9bfa4777602bfc7', 'greet',
  x'de237e38031f13f2f0fdac708a98c1c8ea31036c9ae69cdbb7ac8062be3ac2d5', 3, 0, 'manual', NULL, 1795423637075058,
  1795423637075058, 1795423637078929, NULL, NULL, 0, NULL, NULL, NULL,
  CAST(x'00' || '{"kind":"manual","name":null,"at":"2026-11-23T08:47:17.075Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{"name":"Grace"}' AS BLOB), CAST(x'00' || '{"text":"Hello, Grace!"}' AS BLOB));

INSERT INTO runs VALUES (x'01a207968e5e7040a282f504d389e628', 'nap',
  x'68447b67699f2a69d6acbb48037b3642b2dd8c8df16ba2d6f7fd4ac1b5c0b14d', 2, 1, 'manual', NULL, 1795423637086298,
  1795423637086297, NULL, 1798015637086297, NULL, 0, NULL, NULL, NULL,
  CAST(x'00' || '{"kind":"manual","name":null,"at":"2026-11-23T08:47:17.086Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{}' AS BLOB), x'');

INSERT INTO runs VALUES (x'01a207968e6770e38cbba1b7c9969a1d', 'broken',
  x'0fb7213ffdf29db87982c17cc4d138a8570c42c9ac196ada611d1d910d380c1f', 4, 0, 'manual', NULL, 1795423637095134,
  1795423637095134, 1795423637098532, NULL, NULL, 0, 'exit_code', 'false ended with exit code 1', 'stop',
  CAST(x'00' || '{"kind":"manual","name":null,"at":"2026-11-23T08:47:17.095Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{}' AS BLOB), x'');

INSERT INTO runs VALUES (x'01a207968e77702291cb32d582f8b2e1', 'job',
  x'602a3947cf2c0cf87b6ffc35d19e08c9c95dc07eeabef91a04c4854ca3bbb73d', 6, 1, 'manual', NULL, 1795423637111138,
  1795423637111138, NULL, NULL, NULL, 0, 'interrupted',
  'attempt 1 may have acted, and this step must not be repeated unasked', 'work',
  CAST(x'00' || '{"kind":"manual","name":null,"at":"2026-11-23T08:47:17.111Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{}' AS BLOB), x'');

INSERT INTO runs VALUES (x'01a20796979e70a4ba66e7f93dbdf6d2', 'poll',
  x'afe75d43142208007246b258c7564e505f38b35ca784cdf6745b30ae6d219737', 1, 0, 'manual', NULL, 1795423639454086,
  1795423639454086, NULL, NULL, NULL, 0, NULL, NULL, NULL,
  CAST(x'00' || '{"kind":"manual","name":null,"at":"2026-11-23T08:47:19.454Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{}' AS BLOB), x'');

INSERT INTO runs VALUES (x'01a20796c0d07090aa09e4782c4a8798', 'tick',
  x'7aa344e68b70586b6a13653f87148812d7d05918e34efd29078ed1194da615b3', 3, 0, 'schedule', NULL, 1795423650000113,
  1795423650000113, 1795423650000113, NULL, NULL, 0, NULL, NULL, NULL,
  CAST(x'00' || '{"kind":"schedule","name":null,"at":"2026-11-23T08:47:30.000Z","body":null,"headers":null,"query":null,"path":null,"event":null,"delivery_id":null}' AS BLOB),
  CAST(x'00' || '{}' AS BLOB), x'');

INSERT INTO steps VALUES (x'01a207968e24702893de4065bf803ba1', 'title', 0, 3, 1, 0, 1795423637028996, 1795423637028996,
  1795423637028996, NULL, NULL, NULL, NULL,
  CAST(x'00' || '{"body":{"title":"Spelling error in the README file"}}' AS BLOB));

INSERT INTO steps VALUES (x'01a207968e53708ab9bfa4777602bfc7', 'greeting', 0, 3, 1, 0, 1795423637075058,
  1795423637075058, 1795423637075058, NULL, NULL, NULL, NULL,
  CAST(x'00' || '{"body":{"text":"Hello, Grace!"}}' AS BLOB));

INSERT INTO steps VALUES (x'01a207968e53708ab9bfa4777602bfc7', 'said', 1, 3, 1, 2, 1795423637075058, 1795423637075058,
  1795423637078929, NULL, NULL, NULL, NULL,
  CAST(x'00' || '{"exit_code":0,"stdout":"done\n","stderr":"","body":null}' AS BLOB));

INSERT INTO steps VALUES (x'01a207968e5e7040a282f504d389e628', 'night', 0, 2, 1, 0, 1795423637086297, 1795423637086297,
  NULL, 1798015637086297, NULL, NULL, NULL, x'');

INSERT INTO steps VALUES (x'01a207968e6770e38cbba1b7c9969a1d', 'stop', 0, 4, 1, 2, 1795423637095134, 1795423637095134,
  1795423637098532, NULL, 'exit_code', 'false ended with exit code 1', 'stop',
  CAST(x'00' || '{"exit_code":1,"stdout":"","stderr":"","body":null}' AS BLOB));

INSERT INTO steps VALUES (x'01a207968e77702291cb32d582f8b2e1', 'work', 0, 6, 1, 2, 1795423637111138, 1795423637111138,
  1795423639434519, NULL, 'interrupted', 'attempt 1 may have acted, and this step must not be repeated unasked', 'work',
  x'');

INSERT INTO steps VALUES (x'01a20796979e70a4ba66e7f93dbdf6d2', 'look', 0, 1, 1, 0, 1795423639454086, 1795423639454086,
  NULL, NULL, NULL, NULL, NULL, x'');

INSERT INTO steps VALUES (x'01a20796c0d07090aa09e4782c4a8798', 'tock', 0, 3, 1, 0, 1795423650000113, 1795423650000113,
  1795423650000113, NULL, NULL, NULL, NULL, CAST(x'00' || '{"body":{"done":true}}' AS BLOB));

INSERT INTO logs VALUES (x'01a207968e53708ab9bfa4777602bfc7', 1, 1795423637078773, 'said', 'stdout',
  CAST(x'00' || 'done' AS BLOB));

INSERT INTO logs VALUES (x'01a207968e77702291cb32d582f8b2e1', 1, 1795423639434519, 'work', 'engine',
  CAST(x'00' || 'interrupted: attempt 1 may have acted, and this step must not be repeated unasked' AS BLOB));

INSERT INTO schedule_slots VALUES ('tick/0', 1795423650000000);

INSERT INTO credentials VALUES ('github-webhook', x'01a207968df970e79b543e2eec9a8ae8', 'github', 'webhook', '', 1,
  1795423636985981, 1795423636985981,
  x'01fd234939e96bdc3bef729a2eec459f599044dc5bf652b8f3dc1c82b983172ce556250bea33706d31f16f42d839218392c7cec5a5901583351fc24ffab1204ff6fe2d2da2ea7b51e7966846fa02f17d2d0042aeb95dcd31af',
  x'01f6e134d4b20bf1d3319d6264496b36369a499bd4a82c8f6c9fe2049ed1d9d3add6e2fba64b4b940582c6350b5088b09024a7f3469d6656f1357370cae99723fd3f565a448a7c8d0cebb99ef412');
