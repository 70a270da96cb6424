// Mail servers: smtp-server in several set-ups, which take the user bot with the password
// s3cret/+pass= or the access token good-token, and a few that behave as no real one does. Prints the
// port of each as JSON once all listen, and of `control`, which tells over HTTP what they took
// (/messages), what was said (/commands) and how many messages were under way at a time (/most).
// Ends when its standard input does. The file TBA_MAIL_CERTIFICATE holds the certificate and its key.
//
// Who is written to decides what happens: refused@ is not taken, later@ not the first time, full@
// only refused after the message.

import {readFileSync} from 'node:fs';
import {createServer as createHttpServer} from 'node:http';
import {createServer} from 'node:net';
import {SMTPServer} from 'smtp-server';
import {simpleParser} from 'mailparser';

const pem = readFileSync(process.env.TBA_MAIL_CERTIFICATE);
const messages = [];
const putOff = new Set();
const commands = [];
let underWay = 0;
let most = 0;

const refusal = (code, text) => Object.assign(new Error(text), {responseCode: code});

function take(stream, session, done) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', async () => {
    const {mailFrom, rcptTo} = session.envelope;
    --underWay;
    const recipients = rcptTo.map(({address}) => address);
    if (recipients.some((each) => each.startsWith('full@')))
      return done(refusal(552, 'Mailbox full'));
    const bytes = Buffer.concat(chunks);
    const mail = bytes.length < 1e6 ? await simpleParser(bytes) : {};
    messages.push({
      sender: mailFrom.address, recipients, user: session.user ?? null, secure: session.secure,
      bytes: bytes.length, message: bytes.length < 1e6 ? bytes.toString('latin1') : '',
      subject: mail.subject ?? null, text: mail.text ?? null, id: mail.messageId ?? null,
      attachments: (mail.attachments ?? []).map(({filename, content}) => ({filename, bytes: content.length})),
    });
    done(null, `queued as ${messages.length}`);
  });
}

function server(options) {
  return new SMTPServer({
    key: pem, cert: pem, logger: false, disableReverseLookup: true, authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'],
    onMailFrom: (address, session, done) => {
      most = Math.max(most, ++underWay);
      done();
    },
    onAuth: ({username, password, accessToken}, session, done) => {
      commands.push('AUTH');
      const fits = username.split('@')[0] === 'bot' && (password === 's3cret/+pass=' || accessToken === 'good-token');
      // As XOAUTH2 has it: the refusal is asked back first.
      if (!fits && accessToken) return done(null, {data: {status: '401', schemes: 'bearer', scope: 'mail'}});
      done(fits ? null : refusal(535, '5.7.8 No such user here'), fits ? {user: username} : undefined);
    },
    onRcptTo: ({address}, session, done) => {
      if (address.startsWith('refused@')) return done(refusal(550, '5.1.1 No such mailbox'));
      if (address.startsWith('later@') && !putOff.has(address)) {
        putOff.add(address);
        return done(refusal(451, '4.7.1 Come again'));
      }
      done();
    },
    onData: take,
    ...options,
  });
}

// A server that answers each line by the first reply whose beginning it has; none: it says nothing.
function scripted(greeting, replies, atEnd) {
  return createServer((socket) => {
    let isData = false;
    let rest = '';
    if (greeting) socket.write(greeting);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      rest += bytes.toString('latin1');
      if (isData) {
        if (!rest.includes('\r\n.\r\n')) return;
        isData = false;
        rest = '';
        return atEnd(socket);
      }
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        commands.push(line.split(' ')[0]);
        isData = line === 'DATA';
        const reply = replies[line.split(' ')[0]];
        if (reply) socket.write(reply);
      }
    });
  });
}

const usual = {EHLO: '250-here\r\n250 8BITMIME\r\n', MAIL: '250 ok\r\n', RCPT: '250 ok\r\n', DATA: '354 go on\r\n', QUIT: '221 bye\r\n'};

const servers = {
  tls: server({secure: true}),
  starttls: server({}),
  domain: server({secure: true, authMethods: ['GSSAPI', 'NTLM', 'LOGIN']}),
  plain: server({authOptional: true, disabledCommands: ['STARTTLS', 'AUTH']}),
  insecure: server({hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true}),
  open: server({secure: true, authOptional: true, disabledCommands: ['AUTH']}),
  busy: scripted('421 4.3.2 too busy\r\n', {}),
  silent: scripted('', {}),
  dying: scripted('220 here\r\n', usual, (socket) => socket.destroy()),
  mute: scripted('220 here\r\n', usual, () => {}),
  odd: scripted('220 here\r\n', usual, (socket) => socket.write('354 what?\r\n')),
  clinging: scripted('220 here\r\n', {...usual, QUIT: ''}, (socket) => socket.write('250 taken\r\n')),
};

const control = createHttpServer((request, response) => {
  if (request.method === 'DELETE') {
    messages.length = commands.length = underWay = most = 0;
    putOff.clear();
  }
  const told = {'/messages': messages, '/commands': commands, '/most': most}[request.url];
  response.setHeader('content-type', 'application/json').end(JSON.stringify(told ?? null));
});

const listening = (it) => new Promise((done) => {
  const listener = it.listen(0, '127.0.0.1', () => done((listener ?? it).address().port));
});
const ports = {control: await listening(control)};
for (const [name, it] of Object.entries(servers)) {
  it.on('error', () => {});
  ports[name] = await listening(it);
}
console.log(JSON.stringify(ports));
process.stdin.on('end', () => process.exit(0)).resume();
