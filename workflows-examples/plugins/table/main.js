#!/usr/bin/env node
// A plugin that reads and writes tables. Each line of its input is a message of JSON-RPC 2.0; see tba-plugin(5).
'use strict';
const readline = require('node:readline');

// What the far side can mend: told as an error of the call.
class BadTable extends Error {}

// The lines of cells of a text (RFC 4180; a line may also end with a line feed only).
function cellsOf(text, separator) {
  const lines = [[]];
  let cell = '';
  let isQuoted = false;
  const endCell = () => { lines.at(-1).push(cell); cell = ''; };
  for (let at = 0; at < text.length; ++at) {
    const letter = text[at];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at];
      else isQuoted = false;
    } else if (letter === '"' && cell === '') {
      isQuoted = true;
    } else if (letter === separator) {
      endCell();
    } else if (letter === '\n' || (letter === '\r' && text[at + 1] === '\n')) {
      if (letter === '\r') ++at;
      endCell();
      lines.push([]);
    } else {
      cell += letter;
    }
  }
  if (isQuoted) throw new BadTable('a quote is not closed');
  endCell();
  const isEmpty = (line) => line.length === 1 && line[0] === '';
  return lines.filter((line) => !isEmpty(line));
}

function parse({ text, separator }) {
  const [columns = [], ...lines] = cellsOf(text.replace(/^\ufeff/, ''), separator);
  const rows = lines.map((cells, index) => {
    if (cells.length > columns.length)
      throw new BadTable(`row ${index + 1} has ${cells.length} cells, but there are ${columns.length} columns`);
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
  });
  return { columns, rows };
}

function cellText(value, separator) {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
}

function format({ rows, columns, separator }) {
  const names = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row ?? {})))];
  const lines = [names, ...rows.map((row) => names.map((name) => row?.[name]))];
  return lines.map((cells) => cells.map((cell) => cellText(cell, separator)).join(separator) + '\r\n').join('');
}

const endpoints = { parse, format };

function answer({ method, params }) {
  if (method === 'initialize')
    return { result: { protocol: 1, endpoints: { parse: {}, format: {} } } };
  try {
    return { result: { body: endpoints[params.endpoint](params.with) } };
  } catch (error) {
    if (!(error instanceof BadTable)) throw error;
    return { error: { code: 1, message: error.message, data: { status: 422, may_have_acted: false } } };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.method === 'shutdown') process.exit(0);
  if ('id' in message)  // `cancel` has none: a call that takes milliseconds is answered anyway
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message) }) + '\n');
});
