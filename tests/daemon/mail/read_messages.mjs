// Reads messages with mailparser: a JSON array of them, in base64, on standard input; what it finds in
// each, as a JSON array, on standard output.

import {simpleParser} from 'mailparser';

const people = (header) =>
  (header?.value ?? []).map(({name, address}) => ({name, address}));

async function read(bytes) {
  const mail = await simpleParser(bytes, {skipTextToHtml: true, skipHtmlToText: true, skipTextLinks: true});
  const defects = bytes.toString('latin1').split('\r\n').filter((line) => line.length > 998 || /[\r\n\x80-\xff]/.test(line) || line.startsWith('.'));
  return {
    from: people(mail.from),
    to: people(mail.to),
    cc: people(mail.cc),
    reply_to: people(mail.replyTo),
    subject: mail.subject ?? '',
    text: mail.text ?? null,
    html: mail.html || null,
    id: mail.messageId,
    in_reply_to: mail.inReplyTo ?? '',
    references: [mail.references ?? []].flat(),
    date: mail.date.toISOString(),
    attachments: mail.attachments.map(({filename, contentType, content}) => ({
      filename, content_type: contentType, content: content.toString('base64'),
    })),
    defects,
  };
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const messages = JSON.parse(Buffer.concat(chunks).toString());
const found = [];
for (const message of messages) found.push(await read(Buffer.from(message, 'base64')));
process.stdout.write(JSON.stringify(found));
